package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// newPlannedCmds are the commands of easel's interface that come with later
// versions. Each says so whatever follows it, since its flags are not known
// yet either.
func newPlannedCmds() []*cobra.Command {
	var all []*cobra.Command
	for _, name := range []string{
		"jobs",
	} {
		all = append(all, &cobra.Command{
			Use: name, Hidden: true, DisableFlagParsing: true,
			RunE: func(c *cobra.Command, _ []string) error { return problem.NotBuilt(c.CommandPath()) },
		})
	}
	return all
}

// isPlannedFlag reports whether a flag is of the interface and comes with a
// later version.
func isPlannedFlag(name string) bool {
	switch name {
	case "server":
		return true
	}
	return false
}
