package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// help prints the help of a command: what it does, usage, examples, then what
// can be said. It goes to stdout, since it is what the user asked for.
func (a *app) help(c *cobra.Command, _ []string) {
	w, st := a.streams.Out, a.streams.OutStyle()
	long := c.Long
	if long == "" {
		long = c.Short
	}
	if t := a.helpTarget(c); t != nil {
		long = describeWorkflow(t.workflow)
	}
	fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(long))
	fmt.Fprintf(w, "%s\n  %s\n", st.Bold("Usage"), a.useLine(c))
	if c.Example != "" && a.helpTarget(c) == nil {
		fmt.Fprintf(w, "\n%s\n%s\n", st.Bold("Examples"), strings.TrimRight(c.Example, "\n"))
	}
	a.helpCommands(w, st, c)
	if t := a.helpTarget(c); t != nil {
		if example := exampleCommand(t.word, t.workflow); example != "" {
			fmt.Fprintf(w, "\n%s\n  %s\n", st.Bold("Example"), example)
		}
		a.helpParameters(w, st, c, t.workflow)
	} else if (c.Name() == "inpaint" || c.Name() == "rerun") && a.target != nil {
		a.helpParameters(w, st, c, a.target.workflow)
	}
	var own, global, mask []*pflag.Flag
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden || f.Annotations[paramAnnotation] != nil:
		case f.Annotations[maskAnnotation] != nil:
			mask = append(mask, f)
		case c.HasParent() && c.InheritedFlags().Lookup(f.Name) != nil, !c.HasParent():
			global = append(global, f)
		default:
			own = append(own, f)
		}
	})
	if c.HasParent() {
		global = nil
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { global = append(global, f) })
	}
	helpFlags(w, st, "Mask", mask)
	helpFlags(w, st, "Flags", own)
	helpFlags(w, st, "Global flags", global)
	if !c.HasParent() {
		fmt.Fprintf(w, "\n%s\n  config-file  settings, backends and presets in YAML\n  dynamic      choices and wildcards in prompts\n  exit-codes   what the exit codes mean\n  environment  the variables that easel reads\n  names        placeholders of --name\n",
			st.Bold("Help topics (easel help TOPIC)"))
	}
}

func (a *app) useLine(c *cobra.Command) string {
	if t := a.helpTarget(c); t != nil {
		if params, err := t.workflow.Parameters(); err == nil && byRole(params, registry.RolePrompt) == nil {
			return "easel generate " + t.word + " [flags]"
		}
		return "easel generate " + t.word + " [PROMPT...] [flags]"
	}
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " COMMAND"
	}
	return line
}

func (a *app) helpCommands(w io.Writer, st term.Style, c *cobra.Command) {
	width := 0
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			width = max(width, len(sub.Name()))
		}
	}
	if width == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", st.Bold("Commands"))
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(w, "  %-*s  %s\n", width, sub.Name(), sub.Short)
		}
	}
}

// helpParameters lists the parameters of a workflow by group, in the order of
// the registry file, the advanced ones last.
func (a *app) helpParameters(w io.Writer, st term.Style, c *cobra.Command, wf *registry.Workflow) {
	params, err := wf.Parameters()
	if err != nil {
		fmt.Fprintf(w, "\n%s\n", err)
		return
	}
	flags := map[string]*pflag.Flag{}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if names := f.Annotations[paramAnnotation]; names != nil {
			flags[names[0]] = f
		}
	})
	groups := []string{}
	byGroup := map[string][]*pflag.Flag{}
	for _, p := range params {
		f := flags[p.Name]
		if f == nil {
			continue
		}
		name := p.Group
		switch {
		case p.Advanced:
			name = "Advanced"
		case name == "":
			name = "Parameters"
		}
		if byGroup[name] == nil && name != "Advanced" {
			groups = append(groups, name)
		}
		byGroup[name] = append(byGroup[name], f)
	}
	for _, name := range append(groups, "Advanced") {
		helpFlags(w, st, name, byGroup[name])
	}
}

func helpFlags(w io.Writer, st term.Style, title string, flags []*pflag.Flag) {
	if len(flags) == 0 {
		return
	}
	rows := make([][2]string, 0, len(flags))
	width := 0
	for _, f := range flags {
		word, usage := pflag.UnquoteUsage(f)
		if strings.Contains(word, "|") {
			usage = strings.TrimSuffix(usage, ": "+word) // the choices stand on the left already
		}
		left := "    --" + f.Name
		if f.Shorthand != "" {
			left = "-" + f.Shorthand + ", --" + f.Name
		}
		if word != "" && f.Value.Type() != "bool" {
			left += " " + word
		}
		switch d := f.DefValue; {
		case d == "" || d == "false" || d == "0" || d == "0s" || strings.HasPrefix(d, "["):
		case f.Annotations[paramAnnotation] != nil:
		default:
			usage += " (default " + d + ")"
		}
		rows = append(rows, [2]string{left, usage})
		if len(left) <= 34 {
			width = max(width, len(left))
		}
	}
	fmt.Fprintf(w, "\n%s\n", st.Bold(title))
	for _, r := range rows {
		if len(r[0]) > width {
			fmt.Fprintf(w, "  %s\n  %-*s  %s\n", r[0], width, "", r[1])
			continue
		}
		fmt.Fprintf(w, "  %-*s  %s\n", width, r[0], r[1])
	}
}

func newHelpCmd(a *app, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Help about a command or topic",
		Example: "  easel help generate\n  easel help exit-codes",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			words := slices.Sorted(maps.Keys(helpTopics))
			for _, sub := range root.Commands() {
				if sub.IsAvailableCommand() {
					words = append(words, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				if topic, ok := helpTopics[args[0]]; ok {
					_, err := io.WriteString(a.streams.Out, topic())
					return err
				}
			}
			c, rest, err := root.Find(args)
			if err != nil || c == nil || (c == root && len(rest) > 0) {
				return unknownCommand(root, strings.Join(args, " "))
			}
			if c.Hidden {
				return c.RunE(c, nil) // not built yet: there is nothing to explain
			}
			return c.Help()
		},
	}
}

// helpTarget is the workflow that a command's flags belong to, or nil.
func (a *app) helpTarget(c *cobra.Command) *target {
	if c.Name() == "generate" {
		return a.target
	}
	return nil
}
