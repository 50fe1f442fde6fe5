package cmd

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newCompletionCmd(a *app, root *cobra.Command) *cobra.Command {
	shells := map[string]func() error{
		"bash":       func() error { return root.GenBashCompletionV2(a.streams.Out, true) },
		"zsh":        func() error { return root.GenZshCompletion(a.streams.Out) },
		"fish":       func() error { return root.GenFishCompletion(a.streams.Out, true) },
		"powershell": func() error { return root.GenPowerShellCompletionWithDesc(a.streams.Out) },
	}
	names := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for a shell",
		Long: `Print a completion script for bash, zsh, fish or powershell. It completes
workflow ids, parameter names and their choices. bash needs its package
bash-completion.`,
		Example: `  source <(easel completion bash)
  easel completion zsh > "${fpath[1]}/_easel"
  easel completion fish > ~/.config/fish/completions/easel.fish`,
		Args:      exactArgs("a shell"),
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			gen, ok := shells[args[0]]
			if !ok {
				return usagef("it is bash, zsh, fish or powershell", "no completion for shell %q", args[0])
			}
			return gen()
		},
	}
}

// completeWorkflows lists workflow ids and presets for the shell.
func (a *app) completeWorkflows(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	reg, err := a.registry()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, wf := range reg.Workflows() {
		words = append(words, cobra.CompletionWithDesc(wf.ID, wf.Name))
	}
	if cfg, err := a.config(); err == nil {
		for _, name := range slices.Sorted(maps.Keys(cfg.Presets)) {
			words = append(words, cobra.CompletionWithDesc("@"+name, "preset of "+cfg.Presets[name].Workflow))
		}
	}
	return words, cobra.ShellCompDirectiveDefault // files are workflows too
}

func (a *app) completeBackends(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if cfg, err := a.config(); err == nil {
		words = slices.Sorted(maps.Keys(cfg.Backends))
	}
	words = append(words, cobra.CompletionWithDesc("emulator", "embedded, needs no ComfyUI"))
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeCharacters(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	reg, err := a.registry()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, c := range reg.Characters() {
		words = append(words, cobra.CompletionWithDesc(c.ID, c.Name))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeIDs is completeWorkflows where a file is none.
func (a *app) completeIDs(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	words, _ := a.completeWorkflows(c, args, word)
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return a.lastRuns(), cobra.ShellCompDirectiveNoFileComp
}

// describePlainly takes the backticks, which name a flag's value in help, out of
// what shells show beside a flag.
func describePlainly(c *cobra.Command) {
	plain := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	c.Flags().VisitAll(plain)
	c.PersistentFlags().VisitAll(plain)
	for _, sub := range c.Commands() {
		describePlainly(sub)
	}
}
