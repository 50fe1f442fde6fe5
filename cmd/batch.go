package cmd

import (
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
)

// batchOptions are what `batch` was asked to do, besides what each of its runs is.
type batchOptions struct {
	*generateOptions
	plan *batchPlan // what the first word stands for; nil without one

	from        []string
	formatIn    string
	sweeps      []string
	zip         bool
	mapping     []string
	ignore      []string
	skipInvalid bool

	check  bool
	update bool
	fresh  bool // --new
	wait   bool
	state  string

	depth       int
	order       string
	maxFailures int
	failFast    bool
	maxCost     float64
	grace       time.Duration
}

// newBatchCmd builds `batch` with the flags of the workflow that the command
// line, or the plan that it names, runs.
func newBatchCmd(a *app, args []string) (*cobra.Command, error) {
	opts := &batchOptions{generateOptions: &generateOptions{app: a}}
	c := &cobra.Command{
		Use:   "batch PLAN|WORKFLOW [FILE|PROMPT...]",
		Short: "Run a workflow for each row of a table, or a whole plan",
		Long: `Run a workflow many times: for each row of a table or list, for each picture of
a folder, for each point of a sweep, or all that a plan file asks for. Columns
are parameters. Everything is checked before the first run.

The same command again goes on where it ended, however it ended: what is done
stays done. docs/batch.md teaches plans, sweeps and what CI does with them.

FILE is a picture, video or sound, each of them one item; other words are the
prompt, in which {row.COLUMN} stands for a cell of the row. Behind WORKFLOW each
of its parameters is a flag, as with generate; with PLAN, those of its workflow.`,
		Example: `  easel batch flux_single --from prompts.txt --backend emulator
  easel batch flux_single "studio photo of {row.title}" --from products.csv --name '{row.sku}'
  easel batch qwen_single "in autumn" photos/*.jpg --name '{row.stem}'
  easel batch flux_single "a fox" --seed 7 --sweep guidance=2:5:0.5 --sweep steps=10,20,30
  easel batch plan.yaml --dry-run
  easel batch plan.yaml --check`,
		ValidArgsFunction: firstWord(a.completePlans),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && opts.plan != nil && opts.plan.word == args[0] {
				args = args[1:]
			}
			opts.words = args
			return runBatch(c.Context(), opts)
		},
	}
	opts.addFlags(c)
	c.AddCommand(newBatchStatusCmd(a), newBatchRetryCmd(a), newBatchReportCmd(a), newBatchRepairCmd(a))
	return c, opts.aim(c, args)
}

func (o *batchOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.SetNormalizeFunc(dashes)
	o.given = f
	o.addSourceFlags(f)
	o.addItemFlags(f)
	o.addBatchFlags(f)
	completeWords(c, "format-in", "csv", "tsv", "jsonl", "json", "yaml", "txt")
	completeWords(c, "seed-mode", "increment", "random", "fixed")
	completeWords(c, "provenance", "sidecar", "embedded", "both", "none")
	completeWords(c, "format", "png", "jpg", "jpg:90")
	completeWords(c, "preview", "auto", "always", "never")
	completeWords(c, "order", string(batch.Grouped), string(batch.AsGiven))
	_ = c.RegisterFlagCompletionFunc("backend", o.app.completeBackends)
	_ = c.RegisterFlagCompletionFunc("character", o.app.completeCharacters)
}

// addSourceFlags declares what items are made from.
func (o *batchOptions) addSourceFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.from, "from", nil, "read rows from `FILE|DIR|GLOB`, or - for stdin (repeatable)")
	f.StringVar(&o.formatIn, "format-in", "", "what rows are written in: `csv|tsv|jsonl|json|yaml|txt` (default by the name)")
	f.StringArrayVar(&o.sweeps, "sweep", nil, "try several values, `NAME=VALUES`: steps=10,20,30 seed=1..8 guidance=2:5:0.5 (repeatable: each with each)")
	f.BoolVar(&o.zip, "zip", false, "pair the values of sweeps, instead of each with each")
	f.StringArrayVar(&o.mapping, "map", nil, "read a column as another one, `COLUMN=NAME` (repeatable)")
	f.StringArrayVar(&o.ignore, "ignore-columns", nil, "leave out the columns that match `GLOB` (repeatable)")
	f.BoolVar(&o.skipInvalid, "skip-invalid", false, "leave out rows with mistakes; they are told, and the exit code is 3")
}

// addItemFlags declares what generate has too, for each item.
func (o *batchOptions) addItemFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.backend, "backend", "b", "", "where to run: a `NAME`, http://HOST:PORT, emulator, or several with commas")
	f.StringVar(&o.server, "server", "", "run as jobs of "+serverUsage)
	o.pod.addFlags(f)
	o.output.addFlags(f)
	f.Lookup("out").Usage = "store in a folder `DIR`, or a bucket such as s3://BUCKET/PREFIX (default ./outputs)"
	f.IntVarP(&o.count, "count", "n", 1, "make each item `N` times, with seeds by --seed-mode")
	f.StringVar(&o.seedMode, "seed-mode", "increment", "seeds that nobody gave follow from the item; `increment|random|fixed`: random draws them once, fixed has one for each row")
	f.StringArrayVar(&o.sets, "set", nil, "set a parameter or any graph input of all items, `NAME=VALUE` (repeatable)")
	f.StringVar(&o.params, "params", "", "read parameters of all items from a JSON or YAML `FILE`")
	f.BoolVar(&o.dynamic, "dynamic", false, "draw {a|b} and __wildcard__ in prompts from the seed; easel help dynamic explains")
	f.StringVar(&o.character, "character", "", "take LoRA, words and defaults of the character `ID`")
	f.DurationVar(&o.timeout, "timeout", 0, "cancel a run that takes longer than `DURATION` on the backend")
	f.DurationVar(&o.reconnect, "reconnect", 30*time.Second, "wait up to `DURATION` for backends when none answers")
}

// addBatchFlags declares how the batch is run. They are no flags of generate.
func (o *batchOptions) addBatchFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.dryRun, "dry-run", false, "check everything and print the items, the time and the cost")
	f.BoolVar(&o.check, "check", false, "compare the plan with assets.lock and the files, run nothing; exit 3 if anything differs")
	f.BoolVar(&o.update, "update", false, "the plan has changed: make what is new or changed")
	f.BoolVar(&o.fresh, "new", false, "make everything again")
	f.BoolVar(&o.wait, "wait", false, "wait for another easel that runs this batch")
	f.StringVar(&o.state, "state", "", "keep the ledger in the folder `DIR` (default OUT/.easel)")
	f.IntVar(&o.depth, "depth", 0, "keep `N` runs on each backend (default 2, more where the way is long)")
	f.StringVar(&o.order, "order", string(batch.Grouped), "run items `grouped|as-given`: grouped by models, then texts")
	f.IntVar(&o.maxFailures, "max-failures", -1, "stop when more than `N` items have failed")
	f.Lookup("max-failures").DefValue = "" // without it a batch ends for no number of failures
	f.BoolVar(&o.failFast, "fail-fast", false, "stop at the first failure: --max-failures 0")
	f.Float64Var(&o.maxCost, "max-cost", 0, "stop when `USD` are spent; backends need usd_per_hour")
	f.StringVar(&o.show.pictures, "preview", "auto", "pictures in the terminal: `auto|always|never`")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "after Ctrl-C, collect for `DURATION` what is running")
}

// checkFlags refuses combinations that make no sense, before anything is read.
func (o *batchOptions) checkFlags() error {
	switch {
	case o.count < 1:
		return usagef("leave it out for one run each", "--count must be at least 1, not %d", o.count)
	case !plan.SeedMode(o.seedMode).Valid():
		return usagef("it is increment, random or fixed", "unknown --seed-mode %q", o.seedMode)
	case !batch.Ordering(o.order).Valid():
		return usagef("it is grouped or as-given", "unknown --order %q", o.order)
	case o.zip && len(o.sweeps) < 2:
		return usagef("--sweep a=1,2 --sweep b=3,4 --zip makes two items", "--zip pairs sweeps, and there are not two")
	case slices.Contains(o.from, "-") && o.formatIn == "":
		return usagef("--format-in csv is one; or tsv, jsonl, json, yaml, txt", "--from - does not say what its rows are written in")
	case o.formatIn != "" && !rows.Format(o.formatIn).Valid():
		return usagef("it is csv, tsv, jsonl, json, yaml or txt", "unknown --format-in %q", o.formatIn)
	case o.update && o.fresh:
		return usagef("--new makes all again, --update what has changed", "--update and --new are different things")
	case o.check && (o.dryRun || o.update || o.fresh):
		return usagef("it changes nothing", "--check goes with neither --dry-run nor --update nor --new")
	case o.failFast && o.changed("max-failures"):
		return usagef("--fail-fast is --max-failures 0", "--fail-fast and --max-failures say the same")
	case o.changed("max-cost") && o.maxCost == 0:
		return usagef("--dry-run runs nothing", "--max-cost 0 would run nothing")
	case o.changed("max-cost") && !(o.maxCost > 0): // NaN is neither
		return usagef("it is an amount of US dollars", "--max-cost must be above 0, not %g", o.maxCost)
	case o.depth < 0:
		return usagef("leave it out and easel chooses", "--depth must be at least 1, not %d", o.depth)
	case o.output.stdout():
		return usagef("give a folder as --out", "a batch has more outputs than stdout can take")
	case o.output.fixed() != "":
		return usagef("give a folder as --out, and --name for the names in it", "%s is one file, and a batch makes many", o.output.out)
	}
	return nil
}
