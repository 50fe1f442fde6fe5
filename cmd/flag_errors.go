package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// flagError turns cobra's words about a flag into ours.
func (a *app) flagError(c *cobra.Command, err error) error {
	hint := c.CommandPath() + " --help lists the flags"
	var notExist *pflag.NotExistError
	if errors.As(err, &notExist) {
		name := notExist.GetSpecifiedName()
		short := notExist.GetSpecifiedShortnames() != ""
		if short && name == "i" {
			name = "image" // its short form, where there is one
		}
		if runsWorkflow(c) && a.target != nil {
			if err := noSuchInput(a.target.workflow, name); err != nil {
				return err
			}
		}
		if short {
			return usagef("a word that begins with a dash stands behind --", "unknown flag -%s", notExist.GetSpecifiedName())
		}
		if list := listOf(c); list != nil && list.Flags().Lookup(name) != nil {
			return usagef("write "+list.CommandPath()+" --"+name, "unknown flag --%s", name)
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := nearest.To(name, names, 2); len(near) > 0 {
			hint = "did you mean --" + strings.Join(near, " or --") + "?"
		}
		if t := a.target; runsWorkflow(c) && t != nil {
			return usagef(t.flagsHint(c, hint), "unknown flag --%s", name)
		}
		return usagef(hint, "unknown flag --%s", name)
	}
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		return badValue(value, hint)
	}
	return usagef(hint, "%s", err)
}

// flagsHint names the parameters of the workflow, when they are few, or else
// the command that lists them; a hint that names a near flag stays.
func (t *target) flagsHint(c *cobra.Command, hint string) string {
	if strings.HasPrefix(hint, "did you mean") {
		return hint
	}
	hint = c.CommandPath() + " " + problem.ShellQuote(t.word) + " --help lists the flags"
	params, err := t.workflow.Parameters()
	const few = 8
	if err != nil || len(params) == 0 || len(params) > few {
		return hint
	}
	var names []string
	for _, p := range params {
		names = append(names, "--"+flagName(reservedFlags(), p.Name))
	}
	return "its parameters are " + strings.Join(names, ", ") + "; " + hint
}

// badValue says what a flag takes. Errors of our own, about a file that the flag
// names, say it all.
func badValue(err *pflag.InvalidValueError, hint string) error {
	f := err.GetFlag()
	var want string
	switch f.Value.Type() {
	case "int":
		want = "a whole number"
	case "uint8":
		want = "a whole number from 0 to 255"
	case "float64":
		want = "a number like 0.5"
	case "duration":
		want = "a duration like 30s or 5m"
	case "bool":
		want = "true or false"
	default:
		return err.Unwrap()
	}
	return usagef(hint, "--%s takes %s, not %q", f.Name, want, err.GetValue())
}

// checkDurations refuses negative durations, which pflag takes.
func checkDurations(f *pflag.FlagSet) error {
	var err error
	f.Visit(func(flag *pflag.Flag) {
		if text := flag.Value.String(); flag.Value.Type() == "duration" && strings.HasPrefix(text, "-") {
			err = usagef("write a duration like 30s or 5m", "--%s must not be negative, but is %s", flag.Name, text)
		}
	})
	return err
}

// checkSwitches refuses --turbo false: a switch takes its value behind =, and
// the word would be one of the prompt.
func checkSwitches(c *cobra.Command, args []string) error {
	for i, arg := range args {
		if arg == "--" || i+1 == len(args) || !runsWorkflow(c) {
			break
		}
		name, long := strings.CutPrefix(arg, "--")
		f, value := c.Flags().Lookup(name), args[i+1]
		if long && f != nil && f.NoOptDefVal != "" && (value == "true" || value == "false") {
			return usagef("write "+arg+"="+value, "%s is a switch, and %s would be a word of the prompt", arg, value)
		}
	}
	return nil
}

// noSuchInput refuses the flag of an input that the workflow lacks, and the ways
// to draw a mask where there is none; nil for any other flag.
func noSuchInput(wf *registry.Workflow, flag string) error {
	if isMaskFlag(flag) {
		return &invalidError{
			"--" + flag + ": the workflow takes no mask",
			"those that do are among: easel workflows list --category editing",
		}
	}
	p, lacks := wf.Lacks(flag)
	if flag == "video" || flag == "audio" {
		p, lacks = registry.Problem{
			Parameter: flag, Message: "Parameter '" + flag + "' not supported", Hint: "workflow " + wf.ID + " loads no " + flag,
		}, true
	}
	if !lacks {
		return nil
	}
	return &registry.ValuesError{Workflow: wf.ID, Problems: []registry.Problem{p}}
}

// runsWorkflow reports whether a command takes the flags of a workflow.
func runsWorkflow(c *cobra.Command) bool {
	switch c.Name() {
	case "generate", "inpaint", "rerun", "batch":
		return true
	}
	return false
}

// isGroup reports whether a command only holds others: what follows its name is one of them.
func isGroup(c *cobra.Command) bool {
	return c.HasSubCommands() && !strings.Contains(c.Use, " ")
}
