package cmd

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/plan"
)

// generateOptions are what `generate` was asked to do.
type generateOptions struct {
	app    *app
	target *target // the workflow; nil when none was named

	words     []string     // prompt words after WORKFLOW
	flags     []plan.Value // parameter flags, coerced later
	picture   []plan.File  // the one that inpaint names
	images    []string     // --image, before they are given to parameters
	mask      maskOptions
	sets      []string
	params    string
	request   string
	dynamic   bool
	character string

	backend   string
	server    string // --server: an easel serve as the backend
	pod       podOptions
	reconnect time.Duration
	timeout   time.Duration
	output    outputOptions
	count     int
	seedMode  string
	dryRun    bool
	detach    bool
	events    bool
	show      showOptions
	open      bool
	preset    string // --save-preset
	costs     costs  // --max-cost

	given *pflag.FlagSet // the flags of the command; nil without one
}

// newGenerateCmd builds `generate` with the flags of the workflow that the
// command line names, so that help, completion and errors know its parameters.
// An unknown workflow is refused here, before any flag is parsed.
func newGenerateCmd(a *app, args []string) (*cobra.Command, error) {
	opts := &generateOptions{app: a}
	c := &cobra.Command{
		Use:   "generate WORKFLOW [PROMPT...]",
		Short: "Run a workflow and store what it makes",
		Long: `Run a workflow once, or --count times, and print the path of each stored
output, a line each. Words after WORKFLOW are the prompt.

WORKFLOW is an id (easel workflows list), @PRESET, a file that holds a graph (one
saved by ComfyUI's editor, an API-format .json, or a picture, video or sound made
by ComfyUI), its web address, - for stdin, or server:NAME for a workflow saved on
the backend. With the setting workflow, a first word with a space in it is the
prompt already.`,
		Example: `  easel generate flux_single "a lighthouse at dusk" --backend emulator
  easel generate flux_single "a lighthouse" --seed 7 --steps 30 --count 4
  easel generate qwen_single "in autumn" --image photo.jpg --denoise 0.6 --out art/
  easel generate ./portrait.json "a fox" --backend studio
  easel generate flux_single --help          # the parameters of one workflow`,
		ValidArgsFunction: firstWord(a.completeWorkflows),
		RunE: func(c *cobra.Command, args []string) error {
			if opts.target == nil {
				return opts.noWorkflow()
			}
			if len(args) > 0 && opts.target.word == args[0] {
				args = args[1:]
			}
			opts.words = args
			return runGenerate(c.Context(), opts)
		},
	}
	opts.addFlags(c)
	return c, opts.aim(c, args, func(word string) (*target, error) {
		preferred, err := a.defaultWorkflow(word)
		if err != nil {
			return nil, err
		}
		return a.resolveTarget(cmp.Or(preferred, word))
	})
}

// aim gives the command the parameter flags of what its first word names.
func (o *generateOptions) aim(c *cobra.Command, args []string, resolve func(string) (*target, error)) error {
	word, found := workflowWord(o.app, args, c.Name())
	if !found {
		return nil
	}
	return o.aimAt(c, args, word, resolve)
}

// aimAt is aim for a workflow that is known.
func (o *generateOptions) aimAt(c *cobra.Command, args []string, word string, resolve func(string) (*target, error)) error {
	t, err := resolve(word)
	if err != nil {
		if isCompletion(args) {
			return nil
		}
		return err
	}
	o.target, o.app.target = t, t
	return o.addParameterFlags(c)
}

// noWorkflow says why the command line names none.
func (o *generateOptions) noWorkflow() error {
	if o.request != "" {
		if _, err := o.app.readRequest(o.request); err != nil {
			return err
		}
		return usagef("write easel generate WORKFLOW --request "+o.request, "%s has no workflow_id", o.request)
	}
	return usagef("easel workflows list shows them", "generate needs a workflow")
}

// changed reports whether a flag was given.
func (o *generateOptions) changed(flag string) bool { return o.given != nil && o.given.Changed(flag) }

func (o *generateOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.SetNormalizeFunc(dashes)
	o.given = f
	o.addRunFlags(f)
	completeWords(c, "seed-mode", "increment", "random", "fixed")
	completeWords(c, "preview", "auto", "always", "never")
	completeWords(c, "format", "png", "jpg", "jpg:90")
	completeWords(c, "provenance", "sidecar", "embedded", "both", "none")
	_ = c.RegisterFlagCompletionFunc("backend", o.app.completeBackends)
	_ = c.RegisterFlagCompletionFunc("character", o.app.completeCharacters)
}

// addRunFlags declares the flags that every workflow takes.
func (o *generateOptions) addRunFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.backend, "backend", "b", "", "where to run: a `NAME`, http://HOST:PORT, pod://ID, runpod://ID, comfy-cloud, emulator; with commas the first that can")
	f.StringVar(&o.server, "server", "", "run as a job of "+serverUsage)
	o.pod.addFlags(f)
	o.output.addFlags(f)
	f.IntVarP(&o.count, "count", "n", 1, "run `N` times, with seeds by --seed-mode")
	f.StringVar(&o.seedMode, "seed-mode", "increment", "how --count goes on with the seed: `increment|random|fixed`")
	f.StringArrayVar(&o.sets, "set", nil, "set a parameter or any graph input, `NAME=VALUE`: steps=30, 'KSampler.steps=30', '12.steps=30' (repeatable)")
	f.StringVar(&o.params, "params", "", "read parameters from a JSON or YAML `FILE`, or JSON from - for stdin")
	f.StringVar(&o.request, "request", "", "read a request of the HTTP API from a JSON `FILE`, or - for stdin; easel help request shows its form")
	f.BoolVar(&o.dynamic, "dynamic", false, "draw {a|b} and __wildcard__ in prompts from the seed; easel help dynamic explains")
	f.StringVar(&o.character, "character", "", "take LoRA, words and defaults of the character `ID`")
	f.DurationVar(&o.timeout, "timeout", 0, "cancel a run that takes longer than `DURATION` on the backend")
	f.DurationVar(&o.reconnect, "reconnect", 30*time.Second, "wait up to `DURATION` for a backend lost during a run")
	f.Float64Var(&o.costs.limit, "max-cost", 0, "submit nothing that may cost more than `USD` with the runs before it")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the bound graph and touch nothing")
	f.BoolVar(&o.detach, "detach", false, "submit, print the run id and leave; easel resume collects it")
	f.BoolVar(&o.events, "events", false, "print a JSON line per event (implies --json)")
	f.StringVar(&o.show.pictures, "preview", "auto", "pictures in the terminal: `auto|always|never`")
	f.BoolVar(&o.open, "open", false, "open what was made with the system's viewer")
	f.StringVar(&o.preset, "save-preset", "", "keep the values of the run as the preset `NAME`: easel generate @NAME")
}

// useServer makes --server the backend.
func (o *generateOptions) useServer() error {
	if o.server == "" {
		return nil
	}
	if o.backend != "" {
		return usagef("give one of them", "--server and --backend both say where to run")
	}
	if err := checkServer(o.server); err != nil {
		return err
	}
	o.backend = backends.OfServer(o.server)
	return nil
}

// check refuses combinations that make no sense, before anything is opened.
func (o *generateOptions) check() error {
	if o.events {
		o.app.global.json = true
	}
	if o.costs.limit < 0 || o.costs.limit == 0 && o.given != nil && o.given.Changed("max-cost") {
		return usagef("it is an amount of US dollars like 0.50; --dry-run submits nothing", "--max-cost must be above 0, not %g", o.costs.limit)
	}
	switch {
	case o.count < 1:
		return usagef("leave it out for one run", "--count must be at least 1, not %d", o.count)
	case !plan.SeedMode(o.seedMode).Valid():
		return usagef("it is increment, random or fixed", "unknown --seed-mode %q", o.seedMode)
	case o.show.pictures != "auto" && o.show.pictures != "always" && o.show.pictures != "never":
		return usagef("it is auto, always or never", "unknown --preview %q", o.show.pictures)
	case o.detach && o.output.stdout():
		return usagef("give a folder as --out", "--detach leaves before there is anything for --out -")
	case o.changed("format") && !o.output.pictures().Fits(o.output.fixed()):
		return usagef("leave --format out, or give its kind a name of its own", "--format %s does not fit the name %s", o.output.format, o.output.fixed())
	}
	return o.output.check()
}

// configure takes from the settings what no flag says.
func (o *generateOptions) configure() error {
	if err := o.useServer(); err != nil {
		return err
	}
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	if !o.changed("out") {
		if o.output.out, err = usualOut(cfg); err != nil {
			return err
		}
	}
	o.output.out = cfg.ExpandHome(o.output.out)
	if !o.changed("name") && o.output.fixed() == "" {
		o.output.name = cfg.Name
	}
	if !o.changed("provenance") {
		o.output.provenance = o.output.usualRecord(cfg.Provenance)
	}
	if !o.changed("format") {
		o.output.format = cfg.Format
	}
	if !o.changed("preview") {
		o.show.pictures = cfg.Preview
	}
	if !o.changed("reconnect") {
		o.reconnect = cfg.Reconnect
	}
	if !o.changed("timeout") {
		o.timeout = cfg.Timeout
	}
	return nil
}
