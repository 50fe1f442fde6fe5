package cmd

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A batchPlan is what PLAN|WORKFLOW on a command line stands for: a workflow has a
// target, a plan file has what it says, a table of rows neither.
type batchPlan struct {
	word   string
	target *target
	file   *plan.PlanFile
	source string // a table whose rows name their workflows
}

// batchVerbs are the commands below batch; none of them is a plan.
func batchVerbs() []string { return []string{"status", "retry", "report", "repair", "help"} }

// aim finds out what the first word stands for, and gives the command the flags
// of the workflow's parameters.
func (o *batchOptions) aim(c *cobra.Command, args []string) error {
	var scanned batchOptions
	scanned.generateOptions = &generateOptions{}
	words, _ := scanWords(o.app, args, func(f *pflag.FlagSet) {
		scanned.addSourceFlags(f)
		for _, own := range []string{"check", "update", "new", "wait"} {
			f.Bool(own, false, "")
		}
	})
	if len(words) < 2 || words[0] != c.Name() || slices.Contains(batchVerbs(), words[1]) {
		return nil
	}
	found, err := o.app.findPlan(words[1])
	if err != nil {
		if isCompletion(args) {
			return nil
		}
		return err
	}
	o.plan = found
	if found.target == nil {
		return nil
	}
	o.target, o.app.target = found.target, found.target
	return o.addParameterFlags(c)
}

// findPlan finds a plan file, a workflow or a table. A .json may be either of the
// first two: what holds a graph, and is no plan, is a workflow.
func (a *app) findPlan(word string) (*batchPlan, error) {
	p := &batchPlan{word: word}
	format, isTable := rows.FormatOf(word)
	switch {
	case !plan.LooksLikeFile(word), !isTable, a.isWorkflow(word):
		t, err := a.resolveTarget(word)
		p.target = t
		return p, err
	case format != rows.YAML && format != rows.JSON:
		p.source = word
		return p, nil
	}
	data, err := a.readFile("PLAN", word)
	if bad, ok := errors.AsType[*invalidError](err); ok {
		return nil, &invalidError{bad.message, problem.NearestFile(a.path(word), "PLAN is a file in YAML or JSON; easel workflows list shows what else can be run")}
	}
	if err != nil {
		return nil, err
	}
	if p.file, err = plan.DecodePlan(word, data); err != nil {
		if _, none := graphfile.Find(bytes.NewReader(data), int64(len(data)), word); format == rows.JSON && none == nil {
			p.target, err = a.resolveTarget(word)
			return p, err
		}
		return nil, err
	}
	if id := p.file.Draft.Workflow; id != "" && len(p.file.Draft.Parts) == 0 {
		if plan.LooksLikeFile(id) && !a.isWorkflow(id) && !filepath.IsAbs(id) {
			id = filepath.Join(p.file.Draft.Dir, id)
		}
		if p.target, err = a.resolveTarget(id); err != nil {
			err = &plan.RowError{At: plan.Position{File: word}, Err: err}
		}
	}
	return p, err
}

// isWorkflow reports whether a word that looks like a file is an id.
func (a *app) isWorkflow(word string) bool {
	order, err := a.catalog.Find(word)
	return err == nil && order.Workflow == word
}

// draft is what flags and plan file ask for together.
func (o *batchOptions) draft() (plan.Draft, error) {
	files, prompt, err := o.sortWords()
	if err != nil {
		return plan.Draft{}, err
	}
	d, err := o.ownDraft(prompt)
	if err != nil {
		return plan.Draft{}, err
	}
	if len(files) > 0 {
		d.Sources = append(d.Sources, plan.Source{Files: files})
	}
	if p := o.plan; p != nil {
		switch {
		case p.file != nil:
			below := p.file.Draft
			if len(d.Sweeps) > 0 && len(below.Zip) > 0 || len(d.Zip) > 0 && len(below.Sweeps) > 0 {
				return d, usagef("write them into the plan", "%s has sweeps of the other kind", p.word)
			}
			d = d.Over(below)
		case p.source != "":
			d.Sources = append([]plan.Source{{Name: p.source, Format: rows.Format(o.formatIn)}}, d.Sources...)
		default:
			d.Order = d.Order.Over(p.target.order)
		}
	}
	cfg, err := o.app.config()
	if err != nil {
		return d, err
	}
	if d.Order.Naming.Template == "" {
		d.Order.Naming.Template = cfg.Name
	}
	if d.Order.Provenance == "" {
		d.Order.Provenance = plan.Provenance(cfg.Provenance)
	}
	if d.Order.Timeout == 0 {
		d.Order.Timeout = cfg.Timeout
	}
	if d.Order.Format == "" {
		format, err := run.ParseFormat(cfg.Format)
		if cfg.Format != "" && err == nil { // the settings are checked when they are read
			d.Order.Format = format
		}
	}
	return d, nil
}

// ownDraft is what the flags ask for by themselves.
func (o *batchOptions) ownDraft(prompt []string) (plan.Draft, error) {
	var d plan.Draft
	o.words = prompt
	if o.target != nil {
		asked, err := o.asked()
		if err != nil {
			return d, err
		}
		d.Order = asked
	} else {
		if len(prompt) > 0 {
			return d, usagef("name a workflow before it", "the prompt %q has no workflow", strings.Join(prompt, " "))
		}
		values, err := o.values(nil)
		if err != nil {
			return d, err
		}
		d.Order = plan.Order{
			Character: o.character, Dynamic: o.dynamic, Values: values, Naming: o.output.naming(), Provenance: o.output.record(),
			Format: o.output.pictures(), Strip: o.output.public || o.output.strip, Timeout: o.timeout, Count: o.count, SeedMode: plan.SeedMode(o.seedMode),
		}
	}
	o.leaveToPlan(&d.Order)
	for _, name := range o.from {
		d.Sources = append(d.Sources, plan.Source{Name: name, Format: rows.Format(o.formatIn)})
	}
	for _, text := range o.sweeps {
		name, values, ok := strings.Cut(text, "=")
		if !ok || name == "" || values == "" {
			return d, usagef("write --sweep steps=10,20,30 or --sweep seed=1..8", "--sweep %q has no NAME=VALUES", text)
		}
		sweep := plan.Sweep{Name: name, Text: values}
		if o.zip {
			d.Zip = append(d.Zip, sweep)
		} else {
			d.Sweeps = append(d.Sweeps, sweep)
		}
	}
	for _, text := range o.mapping {
		column, as, ok := strings.Cut(text, "=")
		if !ok || column == "" || as == "" {
			return d, usagef("write --map sku=name", "--map %q has no COLUMN=NAME", text)
		}
		d.Map = append(d.Map, plan.Mapping{Column: column, As: as})
	}
	d.Ignore = o.ignore
	return d, nil
}

// leaveToPlan takes out what no flag said, so that a plan or the settings can.
func (o *batchOptions) leaveToPlan(order *plan.Order) {
	if !o.changed("count") {
		order.Count = 0
	}
	if !o.changed("seed-mode") {
		order.SeedMode = ""
	}
	if !o.changed("provenance") {
		order.Provenance = ""
	}
	if !o.changed("name") {
		order.Naming.Template = ""
	}
	if !o.changed("timeout") {
		order.Timeout = 0
	}
	if !o.changed("format") {
		order.Format = ""
	}
}

// sortWords tells the files among the words behind PLAN|WORKFLOW from the prompt.
// A word that can only be meant as a file must be one.
func (o *batchOptions) sortWords() (files, prompt []string, err error) {
	for _, word := range o.words {
		switch {
		case inputs.IsFile(o.app.path(word)) && rows.IsMedia(word), inputs.IsURL(word) && rows.IsMedia(word):
			files = append(files, word)
		case inputs.IsFile(o.app.path(word)):
			return nil, nil, usagef("--from "+word+" reads rows from it", "%s is no picture, video or sound by its name", word)
		case rows.IsMedia(word) && !strings.ContainsAny(word, " \t\n"):
			return nil, nil, &invalidError{"there is no file " + word, "a pattern in quotes is for --from"}
		default:
			prompt = append(prompt, word)
		}
	}
	return files, prompt, nil
}

// completePlans offers workflows, and files are plans too.
func (a *app) completePlans(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return a.completeWorkflows(c, args, word)
}

// planOf reads and validates what was asked for.
func (o *batchOptions) planOf(ctx context.Context, d plan.Draft) (*plan.Batch, error) {
	name := ""
	if p := o.plan; p != nil && p.file != nil {
		name = p.file.Name
	}
	if p := o.plan; name == "" && p != nil && (p.file != nil || p.source != "") {
		name = strings.TrimSuffix(filepath.Base(p.word), filepath.Ext(p.word))
	}
	return o.app.catalog.Plan(ctx, d, plan.PlanOptions{Name: name, Open: o.app.inputs.Open, SkipInvalid: o.skipInvalid})
}
