package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newCharactersListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the characters",
		Example: "  easel characters list\n  easel characters list --json",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			reg, err := a.registry()
			if err != nil {
				return err
			}
			all := reg.Characters()
			if a.global.json {
				return a.printJSON(append([]*registry.Character{}, all...))
			}
			t := term.NewTable(a.streams, "ID", "NAME", "LORA", "PROMPT", "SOURCE")
			for _, c := range all {
				t.Row(c.ID, c.Name, loraNames(c), characterPrompt(c), c.Source.Layer)
			}
			return t.Flush()
		},
	}
}

func loraNames(c *registry.Character) string {
	var names []string
	for _, l := range c.Loras {
		names = append(names, l.File)
	}
	return strings.Join(names, ", ")
}

func characterPrompt(c *registry.Character) string {
	switch {
	case c.Prompt != "":
		return c.Prompt
	case c.Trigger == "":
		return "{prompt}"
	case c.TriggerPosition == "end":
		return "{prompt}, " + c.Trigger
	}
	return c.Trigger + ", {prompt}"
}
