package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newCharactersShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show CHARACTER",
		Short:             "Show a character",
		Example:           "  easel characters show milan\n  easel characters show milan --json",
		Args:              exactArgs("a character"),
		ValidArgsFunction: firstWord(a.completeCharacters),
		RunE: func(_ *cobra.Command, args []string) error {
			reg, err := a.registry()
			if err != nil {
				return err
			}
			c, err := reg.Character(args[0])
			if err != nil {
				return err
			}
			if a.global.json {
				return a.printJSON(c)
			}
			return printCharacter(a, c)
		},
	}
}

func printCharacter(a *app, c *registry.Character) error {
	t := term.NewPairs(a.streams)
	t.Row("id", c.ID)
	t.Row("name", c.Name)
	if c.Description != "" {
		t.Row("description", term.Escape(c.Description))
	}
	for _, l := range c.Loras {
		text := l.File
		if l.Strength != "" {
			text += " at " + l.Strength.String()
		}
		t.Row("lora", text)
	}
	t.Row("prompt", term.Escape(characterPrompt(c)))
	if c.Negative != "" {
		t.Row("negative", term.Escape(c.Negative))
	}
	for _, d := range c.Defaults {
		t.Row(d.Name, term.Escape(jsonText(d.JSON)))
	}
	if c.ReferenceImage != "" {
		t.Row("reference image", c.ReferenceImage)
	}
	t.Row("from", c.Source.Layer)
	return t.Flush()
}
