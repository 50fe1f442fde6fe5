package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/sources"
)

func newCharactersRemoveCmd(a *app) *cobra.Command {
	project := false
	c := &cobra.Command{
		Use:   "remove CHARACTER",
		Short: "Remove a character from the user's files, or the project's",
		Long: `Remove a character from the user's files, or from the project's with --project,
and the copy of its reference picture that characters add made.`,
		Example:           "  easel characters remove anna\n  easel characters remove anna --project",
		Args:              exactArgs("a character"),
		ValidArgsFunction: firstWord(a.completeCharacters),
		RunE:              func(_ *cobra.Command, args []string) error { return runCharactersRemove(a, args[0], project) },
	}
	c.Flags().BoolVar(&project, "project", false, "remove it from the project instead of the user's settings")
	return c
}

func runCharactersRemove(a *app, id string, project bool) error {
	file, err := a.removeEntry(sources.Characters, id, project)
	if err != nil {
		return err
	}
	for _, picture := range sources.RemoveReferences(file, id) {
		a.note("removed %s", picture)
	}
	return a.printRemoved(id, file)
}
