package cmd

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
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
	p.Streams.Out, p.Streams.In = out, inputs.Interruptible(ctx, p.Streams.In)
	a := newApp(ctx, p.Streams, p.Build, p.Dir, p.Environ)
	a.args = p.Args
	defer a.inputs.Close()
	a.scanGlobals(p.Args)
	root, err := newRootCmd(a, p.Args)
	if err == nil {
		root.SetArgs(p.Args)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		err = cmp.Or(a.helpErr, out.err)
	}
	if err == nil {
		return problem.ExitOK
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.Join(context.Cause(ctx), err)
	}
	return a.report(err)
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
		if name := c.Name(); name != "version" && name != "completion" && !strings.HasPrefix(name, "__") {
			a.noteLeftPods(c.Context())
		}
		return errors.Join(a.checkLogLevel(), a.checkQuery(), checkDurations(c.Flags()), checkSwitches(c, args))
	}
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	root.SetIn(a.streams.In)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(a.flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.helpErr = a.help(c) })
	root.SetHelpCommand(newHelpCmd(a, root))
	a.addGlobals(root.PersistentFlags())
	completeWords(root, "log-level", "debug", "info", "warn", "error")
	root.Flags().BoolVarP(&version, "version", "v", false, "print the version")
	if err := addCommands(root, a, args); err != nil {
		return nil, err
	}
	if isCompletion(args) {
		describePlainly(root)
	}
	return root, nil
}

// addCommands builds the commands. Those that run a workflow have its flags,
// and fail when the command line names none that there is.
func addCommands(root *cobra.Command, a *app, args []string) error {
	generate, err := newGenerateCmd(a, args)
	if err != nil {
		return err
	}
	inpaint, err := newInpaintCmd(a, args)
	if err != nil {
		return err
	}
	rerun, err := newRerunCmd(a, args)
	if err != nil {
		return err
	}
	many, err := newBatchCmd(a, args)
	if err != nil {
		return err
	}
	root.AddCommand(
		generate,
		many,
		inpaint,
		rerun,
		newWorkflowsCmd(a),
		newModelsCmd(a),
		newBackendsCmd(a),
		newRunPodCmd(a),
		newAuthCmd(a),
		newCharactersCmd(a),
		newPresetsCmd(a),
		newHistoryCmd(a),
		newResumeCmd(a),
		newCancelCmd(a),
		newQueueCmd(a),
		newInspectCmd(a),
		newConvertCmd(a),
		newVerifyCmd(a),
		newServeCmd(a),
		newJobsCmd(a),
		newMCPCmd(a),
		newDBCmd(a),
		newEmulateCmd(a),
		newSpoolCmd(a),
		newOutputsCmd(a),
		newSupabaseCmd(a),
		newConfigCmd(a),
		newDoctorCmd(a),
		newCompletionCmd(a, root),
		newVersionCmd(a),
	)
	return nil
}

// unknownCommand names the nearest one, or the nearest of other names that fit.
func unknownCommand(c *cobra.Command, name string, others ...string) error {
	names := others
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	hint := c.CommandPath() + " --help lists the commands"
	if near := nearest.To(name, names, 2); len(near) > 0 {
		hint = problem.DidYouMean(near)
	}
	return usagef(hint, "unknown command %q for %s", name, c.CommandPath())
}

// listOf is the list of a group, nil where there is none.
func listOf(c *cobra.Command) *cobra.Command {
	i := slices.IndexFunc(c.Commands(), func(sub *cobra.Command) bool { return sub.Name() == "list" })
	if i < 0 {
		return nil
	}
	return c.Commands()[i]
}

// group is a command that only holds others. By itself it lists, where it has
// a list, and explains itself elsewhere.
func group(use, short, example string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			if list := listOf(c); list != nil {
				list.SetContext(c.Context())
				return list.RunE(list, nil)
			}
			return c.Help()
		},
	}
	for _, sub := range subs {
		switch sub.Name() {
		case "list":
			sub.Aliases = []string{"ls"}
		case "remove":
			sub.Aliases = []string{"rm"}
		}
	}
	c.AddCommand(subs...)
	return c
}
