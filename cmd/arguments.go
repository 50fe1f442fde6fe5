package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// firstWord completes the first argument and nothing behind it.
func firstWord(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, word)
	}
}

// atMostOne is exactArgs for an argument that may be left out.
func atMostOne(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return exactArgs(name)(c, args)
	}
}

// someArgs is one argument or several of a kind.
func someArgs(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return usagef(c.CommandPath()+" --help shows an example", "%s takes at least one %s", c.CommandPath(), name)
	}
}

// exactArgs is cobra.ExactArgs in our words.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		given := fmt.Sprintf("%d were given", len(args))
		if len(args) == 1 {
			given = "1 was given"
		}
		return usagef(c.CommandPath()+" --help shows an example", "%s takes %s, but %s", c.CommandPath(), countOf(names), given)
	}
}

func countOf(names []string) string {
	if len(names) == 0 {
		return "no arguments"
	}
	return strings.Join(names, " and ")
}
