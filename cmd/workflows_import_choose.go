package cmd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// asks reports whether somebody is there who can say which parameters are
// wanted, and has not said so by flags.
func (o *importOptions) asks() bool {
	s := o.app.streams
	return s.InTTY && s.ErrTTY && !o.app.global.json && !o.app.global.quiet && !o.update && !o.dryRun && len(o.params)+len(o.drop) == 0
}

// choose shows the parameters and lets the user take out and add some. It
// returns nil when he leaves.
func (o *importOptions) choose(ctx context.Context, in *importing, res *importedWorkflow) (*importedWorkflow, error) {
	a := o.app
	answers := bufio.NewReader(io.LimitReader(a.streams.In, 1<<20)) // nobody types more
	for {
		if err := o.parameterTable(res, true); err != nil {
			return nil, err
		}
		fmt.Fprint(a.streams.Err, "\nEnter imports these. Or type: numbers to take out (3 5-7), NAME=PLACE to add one,\n? for all values of the graph, q to leave: ")
		text, err := answers.ReadString('\n')
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		answer := strings.TrimSpace(text)
		if err != nil && answer == "" {
			answer = "q" // nobody is there any more
			a.note("")
		}
		switch answer {
		case "":
			return res, nil
		case "q", "quit":
			a.note("nothing is imported")
			return nil, nil
		case "?":
			inputs, err := res.Entry.Inputs()
			if err != nil {
				return nil, err
			}
			for _, input := range inputs {
				a.note("  %s", input)
			}
			continue
		}
		if next, err := o.changed(in, res, answer); err != nil {
			a.note("%s", explain(err).Message)
		} else {
			res = next
		}
	}
}

// changed is the workflow after an answer. A wrong one changes nothing.
func (o *importOptions) changed(in *importing, res *importedWorkflow, answer string) (*importedWorkflow, error) {
	before := in.options
	err := in.take(res, answer)
	if err == nil {
		var next *importedWorkflow
		if next, err = o.draft(in); err == nil {
			return next, nil
		}
	}
	in.options = before
	return nil, err
}

// take reads an answer: numbers and ranges of parameters that are not wanted,
// and NAME=PLACE for further ones.
func (in *importing) take(res *importedWorkflow, answer string) error {
	params, err := res.Entry.Parameters()
	if err != nil {
		return err
	}
	named, drop := slices.Clone(in.options.Named), slices.Clone(in.options.Drop)
	for _, word := range strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		if strings.Contains(word, "=") {
			more, err := namedParams([]string{word})
			if err != nil {
				return err
			}
			named = append(named, more...)
			continue
		}
		from, to, err := numbers(word)
		if err != nil || from < 1 || to > len(params) || from > to {
			return &invalidError{fmt.Sprintf("%q is no number from 1 to %d, and no NAME=PLACE", term.Escape(word), len(params)), ""}
		}
		for _, p := range params[from-1 : to] {
			if p.Standard {
				return &invalidError{p.Name + " is there whenever the graph has it", ""}
			}
			if i := slices.IndexFunc(named, func(n registry.Named) bool { return n.Name == p.Name }); i >= 0 {
				named = slices.Delete(named, i, i+1)
			} else {
				drop = append(drop, p.Name)
			}
		}
	}
	in.options.Named, in.options.Drop = named, drop
	return nil
}

// numbers reads 3 or 5-7.
func numbers(word string) (from, to int, err error) {
	first, last, ranged := strings.Cut(word, "-")
	if from, err = strconv.Atoi(first); err != nil || !ranged {
		return from, from, err
	}
	to, err = strconv.Atoi(last)
	return from, to, err
}
