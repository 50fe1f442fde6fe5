package cmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// help prints the help of a command: what it does, usage, examples, then what
// can be said. A word that is none of its commands is an error.
func (a *app) help(c *cobra.Command) error {
	if words := c.Flags().Args(); isGroup(c) && len(words) > 0 {
		return unknownCommand(c, words[0])
	}
	p, t := a.helpPage(), a.helpTarget(c)
	if t != nil {
		p.lines(describeWorkflow(t.workflow))
		p.lines(a.describeDefaults(t.workflow))
		if t.order.Character != "" && t.again == nil {
			p.text(t.word + " has the character " + t.order.Character + ".")
		}
	} else {
		p.text(cmp.Or(c.Long, c.Short))
	}
	p.title("Usage")
	fmt.Fprintf(p.w, "  %s\n", a.useLine(c))
	for _, alias := range c.Aliases {
		fmt.Fprintf(p.w, "  %s %s\n", c.Parent().CommandPath(), alias)
	}
	if t == nil && c.Example != "" {
		p.title("Examples")
		fmt.Fprintln(p.w, strings.TrimRight(c.Example, "\n"))
	}
	p.commands(c)
	if t != nil {
		if example := exampleCommand(t.word, t.workflow); example != "" {
			p.title("Example")
			fmt.Fprintf(p.w, "  %s\n", example)
		}
	}
	if a.target != nil && runsWorkflow(c) {
		p.parameters(a, c)
	}
	p.flags(c)
	if !c.HasParent() {
		var rows [][2]string
		for _, topic := range helpTopics() {
			rows = append(rows, [2]string{topic.name, topic.short})
		}
		p.rows("Help topics (easel help TOPIC)", rows)
	}
	return nil
}

func (a *app) useLine(c *cobra.Command) string {
	switch t := a.helpTarget(c); {
	case t != nil:
		if params, err := t.workflow.Parameters(); err == nil && plan.WithRole(params, registry.RolePrompt) == nil {
			return "easel generate " + t.word + " [flags]"
		}
		return "easel generate " + t.word + " [PROMPT...] [flags]"
	case listOf(c) != nil:
		return c.CommandPath() + " [COMMAND]   (list, when none is named)"
	case c.HasAvailableSubCommands() && c.Flags().Lookup("listen") != nil:
		return c.CommandPath() + " [flags]"
	case isGroup(c):
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

func (p helpPage) commands(c *cobra.Command) {
	var rows [][2]string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			rows = append(rows, [2]string{sub.Name(), sub.Short})
		}
	}
	p.rows("Commands", rows)
}

// parameters lists the parameters of the workflow by group, in the order of the
// registry file, the advanced ones last.
func (p helpPage) parameters(a *app, c *cobra.Command) {
	wf := a.target.workflow
	params, err := wf.Parameters()
	if err != nil {
		fmt.Fprintf(p.w, "\n%s\n", err)
		return
	}
	flags := map[string]*pflag.Flag{}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if names := f.Annotations[paramAnnotation]; names != nil {
			flags[names[0]] = f
		}
	})
	offered := a.keptOffer(c.Context(), backendOf(c), wf)
	const advanced = "Advanced"
	var groups []string
	byGroup := map[string][]*pflag.Flag{}
	for _, param := range params {
		f := flags[param.Name]
		if f == nil {
			continue
		}
		name := cmp.Or(param.Group, "Parameters")
		if param.Advanced {
			name = advanced
		}
		if byGroup[name] == nil && name != advanced {
			groups = append(groups, name)
		}
		shown := *f
		if names := offered.choices[param.Name]; len(names) > 0 {
			shown.Usage += "; " + offered.backend + " has " + excerpt(names)
		}
		if value, ok := a.target.presetValue(param); ok {
			shown.Usage += "; " + a.target.word + " sets " + value
		}
		byGroup[name] = append(byGroup[name], &shown)
	}
	for _, name := range append(groups, advanced) {
		p.rows(name, flagRows(byGroup[name]))
	}
}

// flags lists the flags that are no parameters: those for masks, the command's
// own, and those of every command.
func (p helpPage) flags(c *cobra.Command) {
	var mask, own, global []*pflag.Flag
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden || f.Annotations[paramAnnotation] != nil:
		case f.Annotations[maskAnnotation] != nil:
			mask = append(mask, f)
		case c.HasParent():
			own = append(own, f)
		default:
			global = append(global, f)
		}
	})
	c.InheritedFlags().VisitAll(func(f *pflag.Flag) { global = append(global, f) })
	p.rows("Mask", flagRows(mask))
	p.rows("Flags", flagRows(own))
	p.rows("Global flags", flagRows(global))
}

// flagRows says how each flag is written and what it does.
func flagRows(flags []*pflag.Flag) [][2]string {
	rows := make([][2]string, 0, len(flags))
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
	}
	return rows
}

func newHelpCmd(a *app, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "Help about a command or topic",
		Example: "  easel help generate\n  easel help exit-codes",
		ValidArgsFunction: firstWord(func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, topic := range helpTopics() {
				words = append(words, cobra.CompletionWithDesc(topic.name, topic.short))
			}
			for _, sub := range root.Commands() {
				if sub.IsAvailableCommand() {
					words = append(words, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		}),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				i := slices.IndexFunc(helpTopics(), func(t helpTopic) bool { return t.name == args[0] })
				if i >= 0 {
					if a.global.json && args[0] == "request" {
						return a.printJSON(json.RawMessage(requestSchema))
					}
					a.helpPage().text(helpTopics()[i].text)
					return nil
				}
			}
			c, rest, err := root.Find(args)
			switch {
			case err != nil:
				return unknownCommand(root, strings.Join(args, " "))
			case c == root && len(rest) > 0:
				var topics []string
				for _, topic := range helpTopics() {
					topics = append(topics, topic.name)
				}
				return unknownCommand(root, rest[0], topics...)
			case isGroup(c) && len(rest) > 0:
				return unknownCommand(c, rest[0])
			}
			return a.help(c)
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
