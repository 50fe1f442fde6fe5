package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// report says what was imported, and what of it is worth knowing.
func (o *importOptions) report(in *importing, res *importedWorkflow) error {
	a := o.app
	if a.global.json {
		return a.printJSON(res)
	}
	fmt.Fprintf(a.streams.Out, "%s\n", res.ID)
	if a.global.quiet {
		return nil
	}
	switch {
	case !res.Written:
		a.note("would be imported into %s; nothing is written", res.File)
	case o.update:
		a.note("brought up to date in %s", res.File)
	default:
		a.note("imported into %s", res.File)
	}
	if err := o.parameterTable(res, false); err != nil {
		return err
	}
	if err := o.needsTable(in, res); err != nil {
		return err
	}
	for _, n := range res.Notes {
		a.note("note: %s", n)
	}
	for _, c := range res.Conflicts {
		a.note("conflict: %s: you have %s, the file now has %s; yours is kept", c.Path, short(c.Mine), short(c.File))
	}
	for _, p := range res.Problems {
		a.note("note: %s", p.Message)
	}
	switch {
	case res.Command == "":
	case res.Written:
		a.note("run it: %s", res.Command)
	}
	return nil
}

// short is a JSON value that fits into a line.
func short(raw []byte) string {
	if string(raw) == "null" {
		return "nothing"
	}
	return shortened(string(raw), 40)
}

// parameterTable shows the parameters with where each lands; numbered, to be
// chosen from.
func (o *importOptions) parameterTable(res *importedWorkflow, numbered bool) error {
	params, err := res.Entry.Parameters()
	if err != nil {
		return err
	}
	headers := []string{"PARAMETER", "TYPE", "RANGE", "DEFAULT", "LANDS AT"}
	if numbered {
		headers = append([]string{""}, headers...)
	}
	t := term.NewTable(o.app.streams, headers...).Talk().Whole(0, len(headers)-5, len(headers)-1)
	for i, p := range params {
		row := []string{p.Name, typeWord(p), rangeOrChoices(p), shortDefault(p), strings.Join(placesOf(p), ", ")}
		if numbered {
			number := ""
			if !p.Standard {
				number = strconv.Itoa(i + 1)
			}
			row = append([]string{number}, row...)
		}
		t.Row(row...)
	}
	return t.Flush()
}

// shortDefault is the beginning of a default, in quotes when it is a longer text.
func shortDefault(p *registry.Parameter) string {
	if s := jsonText(p.Default); p.Type == registry.TypeText && s != "" {
		return problem.ShellQuote(shortened(strings.Join(strings.Fields(s), " "), 28))
	}
	return defaultOrRequired(p)
}

// rangeOrChoices is what a parameter takes, short.
func rangeOrChoices(p *registry.Parameter) string {
	if len(p.Choices) > fewNames {
		return excerpt(p.Choices)
	}
	return valuesOf(p)
}

// placesOf says where a parameter lands, by the names that it is bound by.
func placesOf(p *registry.Parameter) []string {
	var places []string
	for _, b := range p.Bind {
		places = append(places, b.Target)
	}
	if len(places) > 0 {
		return places
	}
	for _, t := range p.Targets {
		places = append(places, strings.TrimSuffix(t.String(), "."))
	}
	switch {
	case p.ViaAlpha:
		places = append(places, "alpha of the image")
	case len(places) == 0:
		places = append(places, "a loader put behind the model's")
	}
	return places
}

// needsTable shows the models that the workflow needs, and the nodes that the
// server lacks.
func (o *importOptions) needsTable(in *importing, res *importedWorkflow) error {
	asked := len(in.defs.Classes) > 0
	if len(res.Entry.Models) > 0 {
		fmt.Fprintln(o.app.streams.Err)
	}
	t := term.NewTable(o.app.streams, "NEEDS", "STATE", "FROM").Talk().Whole(0, 1, 2)
	survey := preflight.SurveyOf(in.defs.Classes, in.aliases)
	for _, m := range res.Entry.Models {
		state := "not checked"
		if asked {
			state = survey.Model(res.Entry, m)
		}
		t.Row(m.Folder+"/"+m.File, state, cmp.Or(m.URL, m.Page))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(res.Missing) > 0 {
		fmt.Fprintln(o.app.streams.Err)
	}
	t = term.NewTable(o.app.streams, "MISSING CLASS", "COMES WITH", "NODES").Talk()
	for i, n := range res.Missing {
		same := func(o importer.MissingNode) bool { return o.Class == n.Class }
		if slices.IndexFunc(res.Missing, same) < i {
			continue
		}
		var ids []string
		for _, other := range res.Missing {
			if same(other) {
				ids = append(ids, other.Node)
			}
		}
		pack := n.Pack
		if n.Page != "" {
			pack += " (" + n.Page + ")"
		}
		if n.Pack == "comfy-core" {
			pack = "another version of ComfyUI"
		}
		t.Row(n.Class, cmp.Or(pack, "an unknown package"), strings.Join(ids, ", "))
	}
	return t.Flush()
}

// verdict is the error of an import that is not whole: values that nobody
// knows, or changes that did not go together.
func (o *importOptions) verdict(in *importing, res *importedWorkflow) error {
	unsure := 0
	for _, n := range res.Missing {
		if n.Unsure {
			unsure++
		}
	}
	switch {
	case unsure > 0:
		hint := "when the server has them: easel workflows import --update " + problem.ShellQuote(res.ID)
		if !res.Written {
			hint = "name a server that has them: --backend NAME"
		}
		return &problem.OutOfDateError{
			Message: fmt.Sprintf("%d of the graph's nodes %s unknown to %s, and their values are not all known", unsure, isAre(unsure), in.defs.From), Hint: hint,
		}
	case len(res.Conflicts) > 0:
		return &problem.OutOfDateError{
			Message: fmt.Sprintf("%d %s changed in the file and by you; yours %s kept", len(res.Conflicts), plural(len(res.Conflicts), "place"), isAre(len(res.Conflicts))),
			Hint:    fmt.Sprintf("easel workflows import FILE --id %s --force takes the file's", problem.ShellQuote(res.ID)),
		}
	}
	return nil
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
