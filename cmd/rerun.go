package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/provenance"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// newRerunCmd builds `rerun` with the flags of the workflow that made what the
// command line names, so that a variation is the same command with more flags.
func newRerunCmd(a *app, args []string) (*cobra.Command, error) {
	opts := &generateOptions{app: a}
	c := &cobra.Command{
		Use:   "rerun FILE|URL|RUN [PROMPT...]",
		Short: "Run the same again, exactly or with changed parameters",
		Long: `Run again what made a file, or a run of this machine (an id, a unique prefix, or
last), or an object of a bucket. Flags change parameters; words after FILE are a
new prompt.

When the registry still has the workflow as it was, the recorded parameters run
on it. When it has changed or is gone, the recorded graph runs as it is. Of a
picture without a record of easel, the graph that ComfyUI wrote into it runs; if
that is only the editor's, it is converted first.
Input files are looked for where they were, and must have their old content.`,
		Example: `  easel rerun outputs/fox.png
  easel rerun last --seed -1 --steps 30
  easel rerun outputs/fox.png "a fox in the snow" --count 4`,
		ValidArgsFunction: firstWord(func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.lastRuns(), cobra.ShellCompDirectiveDefault
		}),
		RunE: func(c *cobra.Command, args []string) error {
			if opts.target == nil {
				return usagef("easel history list shows what ran here", "rerun needs a file or a run")
			}
			opts.words = args[1:]
			return runGenerate(c.Context(), opts)
		},
	}
	opts.addFlags(c)
	return c, opts.aim(c, args, a.resolveRepetition)
}

// lastRuns lists the last runs for the shell.
func (a *app) lastRuns() []string {
	words := []string{cobra.CompletionWithDesc("last", "the newest run")}
	h, err := a.history()
	if err != nil {
		return words
	}
	for rec, err := range h.List() {
		if len(words) > 10 {
			break
		}
		if err != nil {
			continue
		}
		p := a.pastRunOf(rec)
		words = append(words, cobra.CompletionWithDesc(rec.ID, strings.Trim(p.Workflow+": "+shortened(p.prompt(), 50), ": ")))
	}
	return words
}

// resolveRepetition finds what made a file, or a run of the history, and how to
// make it again.
func (a *app) resolveRepetition(word string) (*target, error) {
	rep, err := a.finder().Find(a.ctx, word, a.registry)
	if err != nil {
		return nil, err
	}
	wf, err := a.catalog.Workflow(rep.Order())
	return &target{word: word, workflow: wf, order: rep.Order(), again: rep}, err
}

// finder looks for what made files.
func (a *app) finder() *provenance.Finder {
	return &provenance.Finder{
		Dir: a.dir, History: a.history,
		Stored: func(address string) (storage.Store, string, error) {
			if err := stores.Check(address); err != nil {
				return nil, "", err
			}
			at, name := stores.Within(address)
			st, err := a.openDirect(at)
			return st, name, err
		},
		Convert: func(ctx context.Context, found *graphfile.Found) (*graphfile.File, error) {
			return (&graphReader{app: a, backend: a.wanted.backend, keptOnly: a.wanted.completion}).convert(ctx, found)
		},
	}
}

// prepareAgain prepares the runs of a repetition. Inputs must have the content
// that is recorded. When nothing was changed and the workflow still makes
// another graph than it did, the recorded graph runs.
func (o *generateOptions) prepareAgain(ctx context.Context, runner *run.Runner, requests []run.Request) ([]*run.Ticket, error) {
	rep := o.target.again
	runner.OpenInput = rep.OpenInput(o.app.inputs.Open)
	tickets, err := runner.PrepareAll(ctx, requests)
	if err != nil {
		return nil, rep.Explain(err)
	}
	for _, t := range tickets {
		if err := rep.CheckInputs(t); err != nil {
			return nil, err
		}
	}
	asked, err := o.asked()
	if err != nil {
		return nil, err
	}
	changed, err := rep.UseRecordedGraph(asked, tickets)
	if err != nil {
		return nil, err
	}
	if !changed {
		if rep.Note != "" {
			o.app.note("%s", rep.Note)
		}
		return tickets, nil
	}
	orders, err := rep.Runs(o.app.catalog, asked)
	if err != nil {
		return nil, err
	}
	if requests, err = o.requests(orders); err != nil {
		return nil, err
	}
	return o.prepareAgain(ctx, runner, requests)
}

// noteBackend says where a repeated run was made when it is not where it runs
// now, unless somebody chose that.
func (o *generateOptions) noteBackend(here string) {
	if o.target == nil { // of easel mcp: each call has its own
		return
	}
	again := o.target.again
	if again == nil || again.Record == nil || o.changed("backend") {
		return
	}
	if there := again.Record.Backend; there != "" && there != here {
		o.app.note("it was made on %s; --backend %s runs it there", there, problem.ShellQuote(there))
	}
}
