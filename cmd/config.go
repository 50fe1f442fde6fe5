package cmd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newConfigCmd(a *app) *cobra.Command {
	return group("config", "Settings: list, get, set, where they are",
		"  easel config list --origin\n  easel config set out ~/art",
		newConfigListCmd(a),
		newConfigGetCmd(a),
		newConfigSetCmd(a),
		newConfigPathCmd(a),
	)
}

// A setting is one entry of `config list --json`.
type setting struct {
	Key         string        `json:"key"`
	Value       string        `json:"value"`
	Origin      config.Origin `json:"origin"`
	Default     string        `json:"default"`
	Type        string        `json:"type"`
	Choices     []string      `json:"choices,omitempty"`
	Description string        `json:"description"`
}

func settingOf(cfg *config.Config, key string) (setting, error) {
	value, from, err := cfg.Get(key)
	if err != nil {
		return setting{}, err
	}
	k, known := config.KeyOf(key)
	if !known {
		k = config.Key{Type: "string", Description: "address of a backend"} // backends.NAME.url
	}
	return setting{key, value, from, k.Default, k.Type, k.Choices, k.Description}, nil
}

func newConfigListCmd(a *app) *cobra.Command {
	origin := false
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the settings and their values",
		Example: "  easel config list\n  easel config list --origin",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return runConfigList(a, origin) },
	}
	c.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	return c
}

func runConfigList(a *app, origin bool) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	all := []setting{}
	names := []string{}
	for _, k := range config.Keys() {
		names = append(names, k.Name)
	}
	for _, folder := range slices.Sorted(maps.Keys(cfg.Models)) {
		names = append(names, "models."+folder)
	}
	for _, name := range names {
		s, err := settingOf(cfg, name)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if a.global.json {
		return a.printJSON(all)
	}
	headers := []string{"KEY", "VALUE"}
	if origin {
		headers = append(headers, "FROM")
	}
	t := term.NewTable(a.streams, append(headers, "WHAT IT IS")...)
	for _, s := range all {
		row := []string{s.Key, s.Value}
		if origin {
			row = append(row, s.Origin.String())
		}
		t.Row(append(row, s.Description)...)
	}
	return t.Flush()
}

func newConfigGetCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "get KEY",
		Short:             "Print one setting",
		Example:           "  easel config get out",
		Args:              exactArgs("a key"),
		ValidArgsFunction: firstWord(completeKeys),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := settingOf(cfg, args[0])
			if err != nil {
				return err
			}
			if a.global.json {
				return a.printJSON(s)
			}
			_, err = fmt.Fprintln(a.streams.Out, s.Value)
			return err
		},
	}
}

func newConfigSetCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "set KEY VALUE",
		Short:             "Change one setting in the user's config file",
		Example:           "  easel config set out ~/art\n  easel config set reconnect 2m",
		Args:              exactArgs("a key", "a value"),
		ValidArgsFunction: completeSetting,
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if args[0] == "backend" {
				members, _, err := a.openerFor(cfg).Pool(args[1])
				if err == nil && members == nil {
					err = backends.CheckForm(args[1])
				}
				if err != nil {
					return err
				}
			}
			if namesWorkflow(args[0]) && args[1] != "" {
				if _, err := a.resolveTarget(args[1]); err != nil {
					return err
				}
			}
			if err := config.Set(cfg.UserFile, args[0], args[1]); err != nil || !a.global.json {
				return err
			}
			return a.printJSON(map[string]string{"file": cfg.UserFile, "key": args[0], "value": args[1]})
		},
	}
}

func newConfigPathCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "Print where settings, history and caches are",
		Example: "  easel config path\n  $EDITOR \"$(easel config path --jq .config)\"",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if a.global.json {
				return a.printJSON(struct {
					Config  string `json:"config"`
					Project string `json:"project,omitempty"`
					Data    string `json:"data"`
					Cache   string `json:"cache"`
				}{cfg.UserFile, cfg.ProjectFile, cfg.DataDir, cfg.CacheDir})
			}
			t := term.NewPairs(a.streams)
			t.Copied("config", cfg.UserFile)
			t.Copied("project config", cfg.ProjectFile)
			t.Copied("data", cfg.DataDir)
			t.Copied("cache", cfg.CacheDir)
			return t.Flush()
		},
	}
}

func completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, k := range config.Keys() {
		words = append(words, cobra.CompletionWithDesc(k.Name, k.Description))
	}
	for _, folder := range inventory.Folders() {
		k, _ := config.KeyOf("models." + folder)
		words = append(words, cobra.CompletionWithDesc(k.Name, k.Description))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeSetting completes a key, then what it takes; paths are files.
func completeSetting(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return completeKeys(c, args, word)
	case 1:
		i := slices.IndexFunc(config.Keys(), func(k config.Key) bool { return k.Name == args[0] })
		if i < 0 || len(config.Keys()[i].Choices) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return config.Keys()[i].Choices, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
