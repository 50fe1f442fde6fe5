package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Process is everything a command takes from its surroundings.
type Process struct {
	Args    []string
	Environ []string
	Dir     string // working directory
	Streams *term.Streams
	Build   Build
}

// Execute runs one command line and returns the exit code. ctx ends the
// command; a cause that is a signal decides the exit code.
func Execute(ctx context.Context, p Process) int {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &checkedOut{to: p.Streams.Out, gone: stop}
	p.Streams.Out, p.Streams.In = out, interruptible{ctx, p.Streams.In}
	a := newApp(p.Streams, p.Build, p.Dir, p.Environ)
	a.scanGlobals(p.Args)
	root, err := newRootCmd(a, p.Args)
	if err == nil {
		root.SetArgs(p.Args)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		err = out.err
	}
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.Join(context.Cause(ctx), err)
	}
	return a.report(err)
}

// report prints an error once, for people and with --json for programs.
func (a *app) report(err error) int {
	var reported *reportedError
	if errors.As(err, &reported) {
		return reported.exit
	}
	f := explain(err)
	if f.Message != "" {
		a.printFailure(f)
	}
	return f.Exit
}

// printFailure writes an error to stderr, and with --json to stdout too.
func (a *app) printFailure(f failure) {
	if a.global.json {
		defer a.printJSONError(f)
	}
	st := a.streams.ErrStyle()
	w := a.streams.Err
	message, problems := f.Message, f.Problems
	if len(problems) == 1 && strings.HasSuffix(message, problems[0].Message) {
		message, problems = message+allowed(problems[0]), nil
	}
	fmt.Fprintf(w, "%s %s\n", st.Bad("error:"), term.EscapeMultiline(message))
	for _, p := range problems {
		fmt.Fprintln(w, term.Escape("  "+p.Message+allowed(p)+advice(p)))
	}
	if f.Hint != "" {
		fmt.Fprintf(w, "%s %s\n", st.Faint("hint:"), term.Escape(f.Hint))
	}
}

func allowed(p registry.Problem) string {
	if p.Allowed == "" {
		return ""
	}
	return " (allowed: " + p.Allowed + ")"
}

// advice is what helps against one problem of several.
func advice(p registry.Problem) string {
	switch {
	case p.Hint != "":
		return "; " + p.Hint
	case len(p.Nearest) > 0:
		return "; " + didYouMean(p.Nearest)
	}
	return ""
}

func didYouMean(nearest []string) string {
	return "did you mean " + strings.Join(nearest, " or ") + "?"
}

// scanGlobals reads the flags that must be known before the command tree
// exists: they decide which registry a workflow's flags come from.
func (a *app) scanGlobals(args []string) {
	fs := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	fs.ParseErrorsAllowlist.UnknownFlags = true
	fs.Usage = func() {}
	fs.BoolP("help", "h", false, "")
	a.addGlobals(fs)
	_ = fs.Parse(args) // cobra parses again and reports what is wrong
	a.global.levelGiven = fs.Changed("log-level")
	if a.global.jq != "" {
		a.global.json = true
	}
	a.streams.SetQuiet(a.global.quiet)
	if a.global.noColor {
		a.streams.SetColor(false)
	}
}

func (a *app) addGlobals(fs *pflag.FlagSet) {
	g := &a.global
	fs.BoolVar(&g.json, "json", g.json, "print JSON: one object per result, integers exact")
	fs.StringVar(&g.jq, "jq", g.jq, "filter the JSON with a jq `EXPR` (implies --json)")
	fs.BoolVarP(&g.quiet, "quiet", "q", g.quiet, "print results and errors only")
	fs.BoolVar(&g.noColor, "no-color", g.noColor, "no colours (NO_COLOR is honoured too)")
	fs.StringVar(&g.configFile, "config", g.configFile, "read settings from `FILE` instead of the user's")
	fs.StringArrayVar(&g.registries, "registry", g.registries, "a further registry `FILE|DIR`; the last one wins (repeatable)")
	fs.StringVar(&g.logLevel, "log-level", "warn", "how much is logged to stderr: `debug|info|warn|error`")
}

func newRootCmd(a *app, args []string) (*cobra.Command, error) {
	version := false
	root := &cobra.Command{
		Use:   "easel",
		Short: "ComfyUI workflows as typed commands",
		Long: `easel turns ComfyUI workflows into typed commands. Each workflow has named
parameters with types, ranges and defaults; easel checks them, runs the
workflow on a ComfyUI and leaves verified files.`,
		Example: `  easel generate flux_single "a lighthouse at dusk" --backend emulator
  easel workflows list
  easel backends add studio http://192.168.1.20:8188`,
		Args:              cobra.ArbitraryArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		RunE: func(c *cobra.Command, rest []string) error {
			switch {
			case len(rest) > 0:
				return unknownCommand(c, rest[0])
			case version:
				return runVersion(a)
			}
			return runOverview(c.Context(), a)
		},
	}
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		return errors.Join(a.checkLogLevel(), a.checkQuery(), checkDurations(c.Flags()))
	}
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	root.SetIn(a.streams.In)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(a.flagError)
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(newHelpCmd(a, root))
	a.addGlobals(root.PersistentFlags())
	completeWords(root, "log-level", "debug", "info", "warn", "error")
	root.Flags().BoolVar(&version, "version", false, "print the version")

	generate, err := newGenerateCmd(a, args)
	if err != nil {
		return nil, err
	}
	inpaint, err := newInpaintCmd(a, args)
	if err != nil {
		return nil, err
	}
	rerun, err := newRerunCmd(a, args)
	if err != nil {
		return nil, err
	}
	root.AddCommand(
		generate,
		inpaint,
		rerun,
		newWorkflowsCmd(a),
		newBackendsCmd(a),
		newCharactersCmd(a),
		newHistoryCmd(a),
		newResumeCmd(a),
		newInspectCmd(a),
		newEmulateCmd(a),
		newConfigCmd(a),
		newDoctorCmd(a),
		newCompletionCmd(a, root),
		newVersionCmd(a),
	)
	root.AddCommand(newPlannedCmds()...)
	if isCompletion(args) {
		describePlainly(root)
	}
	return root, nil
}

// unknownCommand names the nearest one.
func unknownCommand(c *cobra.Command, name string) error {
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	hint := c.CommandPath() + " --help lists the commands"
	if near := comfy.Nearest(name, names, 2); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef(hint, "unknown command %q for %s", name, c.CommandPath())
}

// group is a command that only holds others.
func group(use, short, example string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(subs...)
	return c
}

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
		if isPlannedFlag(name) {
			return notBuilt("--" + name)
		}
		if runsWorkflow(c) && a.target != nil {
			if err := noSuchInput(a.target.workflow, name); err != nil {
				return err
			}
		}
		if short {
			return usagef("a word that begins with a dash stands behind --", "unknown flag -%s", notExist.GetSpecifiedName())
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := comfy.Nearest(name, names, 2); len(near) > 0 {
			hint = "did you mean --" + strings.Join(near, " or --") + "?"
		}
		return usagef(hint, "unknown flag --%s", name)
	}
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		return badValue(value, hint)
	}
	return usagef(hint, "%s", err)
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
