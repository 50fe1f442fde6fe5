package cmd

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/mcp"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/registry"
)

// mcpOptions are what agents may do.
type mcpOptions struct {
	runs      generateOptions // how a call is run: backend, places, times
	workflows []string
	category  string
	picture   int
	limits    mcp.Limits
	inputs    []string
}

func newMCPCmd(a *app) *cobra.Command {
	o := &mcpOptions{runs: generateOptions{app: a}}
	g := &o.runs
	c := &cobra.Command{
		Use:   "mcp",
		Short: "Offer workflows to agents as tools (Model Context Protocol)",
		Long: `Offer each workflow as a tool to the agent that starts this command: it speaks the
Model Context Protocol on stdin and stdout. A call runs as easel generate does,
with the same checks, and stores its files in --out and nowhere else.

Input pictures are read from folders that the client opens (its roots) and from
--inputs; from nowhere else. easel serve offers the same at /mcp, as jobs.`,
		Example: `  easel mcp --backend studio --out ~/Pictures/agent
  easel mcp --category generation --max-runs 50 --max-cost 2
  easel mcp --workflows flux_single,qwen_inpaint --inputs ~/Pictures
  claude mcp add easel -- easel mcp --out ~/Pictures/agent`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			g.given = c.Flags()
			return runMCP(c.Context(), o)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVarP(&g.backend, "backend", "b", "", "where to run: a `NAME`, http://HOST:PORT, pod://ID, runpod://ID, comfy-cloud, emulator; with commas the first that can")
	f.StringSliceVar(&o.workflows, "workflows", nil, "offer only these workflows, `ID,ID,...`")
	f.StringVar(&o.category, "category", "", "offer only workflows of a `CATEGORY`")
	f.StringArrayVar(&o.inputs, "inputs", nil, "let calls read input files below `DIR` (repeatable)")
	g.output.addFlags(f)
	f.IntVar(&o.picture, "max-image", 1024, "show pictures in answers scaled to `PX` pixels at most; 0 = only say where they are")
	f.IntVar(&o.limits.Runs, "max-runs", 0, "make `N` runs at most, then refuse; 0 = no limit")
	f.Float64Var(&g.costs.limit, "max-cost", 0, "refuse calls that may cost more than `USD` with those before them")
	f.IntVar(&o.limits.Parallel, "parallel", 1, "make `N` runs at once; others wait")
	f.DurationVar(&g.timeout, "timeout", 0, "cancel a run that takes longer than `DURATION` on the backend")
	f.DurationVar(&g.reconnect, "reconnect", 30*time.Second, "wait up to `DURATION` for a backend lost during a run")
	_ = c.RegisterFlagCompletionFunc("backend", a.completeBackends)
	_ = c.RegisterFlagCompletionFunc("workflows", a.completeIDs)
	a.completeFacts(c, "category", func(wf *registry.Workflow) string { return wf.Category })
	return c
}

func (o *mcpOptions) check() error {
	switch {
	case o.runs.output.stdout():
		return usagef("give a folder as --out", "--out - is stdout, which the protocol needs")
	case o.runs.output.fixed() != "":
		return usagef("give a folder as --out", "--out %s is one file, and each call makes new ones", o.runs.output.out)
	case o.picture < 0:
		return usagef("it is a number of pixels", "--max-image must not be negative")
	case o.limits.Runs < 0:
		return usagef("0 is no limit", "--max-runs must not be negative")
	case o.limits.Parallel < 1:
		return usagef("write --parallel 2", "--parallel takes a number of runs, at least 1")
	case o.limits.Parallel > 1 && o.runs.costs.limit > 0:
		return usagef("leave one of them out", "--max-cost counts one run after the other, and --parallel %d makes several at once", o.limits.Parallel)
	case o.runs.app.global.json:
		return usagef("leave it out", "easel mcp has no --json: it speaks its protocol on stdout")
	}
	return nil
}

func runMCP(ctx context.Context, o *mcpOptions) error {
	a, g := o.runs.app, &o.runs
	g.count, g.seedMode, g.show.pictures = 1, string(plan.SeedIncrement), "never"
	if err := g.configure(); err != nil {
		return err
	}
	g.show.pictures = "never"
	if stores.IsRemote(g.output.out) && !g.changed("presign") {
		g.output.presign = signedFor
	}
	if err := errors.Join(g.check(), o.check()); err != nil {
		return err
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	engine := &mcpEngine{app: a, opts: g}
	for _, dir := range o.inputs {
		at := a.path(cfg.ExpandHome(dir))
		if info, err := os.Stat(at); err != nil || !info.IsDir() {
			return &invalidError{"--inputs " + dir + " is no folder", "it takes one whose files may be read"}
		}
		engine.inputs = append(engine.inputs, at)
	}
	live := a.follow(cfg)
	server, err := mcp.New(mcp.Options{
		Engine: engine, Registry: live.Registry, Workflows: o.workflows, Category: o.category, Picture: o.picture, Limits: o.limits, Roots: true,
		Version: a.version(), Log: a.logger(),
		Presets: func(context.Context) ([]mcp.Preset, error) {
			var presets []mcp.Preset
			for _, name := range slices.Sorted(maps.Keys(cfg.Presets)) {
				presets = append(presets, mcp.Preset{Name: name, Order: presetOrder(cfg.Presets[name])})
			}
			return presets, nil
		},
	})
	if err != nil {
		return err
	}
	if engine.dest, err = g.output.open(ctx, a, false); err != nil {
		return err
	}
	defer engine.dest.close()
	return server.Serve(ctx, a.streams.In, a.streams.Out)
}

// signedFor is how long addresses of results in buckets serve agents.
const signedFor = 24 * time.Hour
