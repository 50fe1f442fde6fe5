package cmd

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRerunCmd builds `rerun` with the flags of the workflow that made what the
// command line names, so that a variation is the same command with more flags.
func newRerunCmd(a *app, args []string) (*cobra.Command, error) {
	opts := &generateOptions{app: a}
	c := &cobra.Command{
		Use:   "rerun FILE|RUN [PROMPT...]",
		Short: "Run the same again, exactly or with changed parameters",
		Long: `Run again what made a file, or a run of this machine (an id, a unique prefix, or
last). Flags change parameters; words after FILE are a new prompt.

When the registry still has the workflow as it was, the recorded parameters run
on it. When it has changed or is gone, the recorded graph runs as it is. Of a
picture without a record of easel, the graph that ComfyUI wrote into it runs.
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
