package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// probePatience bounds how long one backend is waited for.
const probePatience = 8 * time.Second

// maxClockOffset is how far a server's clock may be off without a word.
const maxClockOffset = 5 * time.Second

func newBackendsTestCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test [NAME]",
		Short: "Ask backends what they are and whether something is wrong with them",
		Long: `Ask a backend, or all named ones, for version, devices, latency, queue and limits,
and warn of what is known about its version and its address.`,
		Example:           "  easel backends test\n  easel backends test studio\n  easel backends test http://192.168.1.20:8188 --json",
		Args:              atMostOne("one backend"),
		ValidArgsFunction: firstWord(a.completeBackends),
		RunE:              func(c *cobra.Command, args []string) error { return runBackendsTest(c.Context(), a, args) },
	}
}

// A probed backend is what `backends test --json` says of one.
type probed struct {
	Name      string    `json:"name"`
	URL       string    `json:"url,omitempty"`
	Reachable bool      `json:"reachable"`
	LatencyMS float64   `json:"latency_ms,omitempty"`
	ClockMS   *int64    `json:"clock_ahead_ms,omitempty"` // absent when the server sends no date
	Warnings  []finding `json:"warnings"`
	comfy.Info

	err error
}

func runBackendsTest(ctx context.Context, a *app, args []string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if len(args) == 1 {
		p := a.probe(ctx, cfg, args[0], true)
		if p.err != nil {
			return p.err
		}
		return a.printProbed(p)
	}
	specs := backendSpecs(ctx, cfg)
	if len(specs) == 0 {
		return &backends.NoneError{}
	}
	all := a.probeAll(ctx, cfg, specs, false)
	if a.global.json {
		if err := a.printJSON(all); err != nil {
			return err
		}
	}
	failed := 0
	for _, p := range all {
		if p.err != nil {
			failed++
		}
		if !a.global.json {
			if err := a.printProbed(p); err != nil {
				return err
			}
		}
	}
	switch {
	case failed == len(all):
		return &reportedError{explain(all[0].err).Exit}
	case failed > 0:
		return &reportedError{problem.ExitPartial}
	}
	return nil
}

// backendSpecs are the named backends, the chosen one, or the ComfyUI of this
// machine.
func backendSpecs(ctx context.Context, cfg *config.Config) []string {
	specs := slices.Sorted(maps.Keys(cfg.Backends))
	for _, spec := range splitBackends(cfg.Backend) {
		if !slices.Contains(specs, spec) {
			specs = append(specs, spec)
		}
	}
	if len(specs) == 0 {
		if local := backends.FindLocal(ctx); local != "" {
			specs = append(specs, local)
		}
	}
	return specs
}

// splitBackends are the members of a pool, or the one backend.
func splitBackends(list string) (specs []string) {
	for spec := range strings.SplitSeq(list, ",") {
		if spec = strings.TrimSpace(spec); spec != "" && !slices.Contains(specs, spec) {
			specs = append(specs, spec)
		}
	}
	return specs
}

// probeAll asks several backends at a time. given is as for probe.
func (a *app) probeAll(ctx context.Context, cfg *config.Config, specs []string, given bool) []probed {
	all := make([]probed, len(specs))
	var wg sync.WaitGroup
	for i, spec := range specs {
		wg.Go(func() { all[i] = a.probe(ctx, cfg, spec, given) })
	}
	wg.Wait()
	return all
}

// probe asks one backend what it is. given says that the user named it on the
// command line.
func (a *app) probe(ctx context.Context, cfg *config.Config, spec string, given bool) probed {
	p := probed{Name: config.WithoutUser(spec), Warnings: []finding{}}
	ctx, cancel := context.WithTimeoutCause(ctx, probePatience, &comfy.TimeoutError{What: "backend " + p.Name, After: probePatience})
	defer cancel()
	be, err := a.openerFor(cfg).DialContext(ctx, spec, given, 0)
	if err != nil {
		return p.failed(err)
	}
	defer be.Close()
	p.Name = be.Name
	if !be.Can().Ephemeral {
		p.URL = config.WithoutUser(be.Address)
	}
	if p.Info, err = be.Describe(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return p.failed(err)
	}
	p.Reachable = true
	if pulse, err := be.Pulse(ctx); err == nil {
		p.LatencyMS = float64(pulse.Latency.Microseconds()) / 1000
		if pulse.Dated {
			ms := pulse.Ahead.Milliseconds()
			p.ClockMS = &ms
		}
	}
	p.addWarnings(be.Public)
	return p
}

func (p probed) failed(err error) probed {
	f := explain(err)
	p.err = err
	if unknown, ok := errors.AsType[*backends.UnknownError](err); ok {
		p.Name = unknown.Name // what it is written with may be a secret
	}
	p.Warnings = append(p.Warnings, finding{"backend " + p.Name, stateProblem, f.Message, f.Hint})
	return p
}

// addWarnings notes what is wrong with a backend that answers.
func (p *probed) addWarnings(public bool) {
	warn := func(state, message, hint string) {
		p.Warnings = append(p.Warnings, finding{"backend " + p.Name, state, message, hint})
	}
	if public {
		warn(stateProblem, backends.OpenToAll(p.URL), "put a login or a tunnel in front of it")
	}
	if p.URL == "" {
		return // the embedded emulator is of this easel
	}
	if p.Kind == "runpod" {
		return // the version is the worker's
	}
	for _, a := range about(p.Info) {
		state := stateWarning
		if a.hole && public {
			state = stateProblem
		}
		warn(state, fmt.Sprintf("ComfyUI %s: %s", p.Version, a.message), "update it to "+a.fixed+" or later")
	}
	if p.ClockMS != nil {
		ahead := time.Duration(*p.ClockMS) * time.Millisecond
		if ahead > maxClockOffset || ahead < -maxClockOffset {
			warn(stateWarning, "its clock is "+clockWords(ahead), "times of runs are the server's: set one of the clocks")
		}
	}
}

func clockWords(ahead time.Duration) string {
	switch {
	case -2*time.Second < ahead && ahead < 2*time.Second:
		return "agrees with this machine's"
	case ahead < 0:
		return term.Duration(-ahead) + " behind this machine's"
	}
	return term.Duration(ahead) + " ahead of this machine's"
}

func (a *app) printProbed(p probed) error {
	if a.global.json {
		return a.printJSON(p)
	}
	t := term.NewPairs(a.streams)
	t.Row("backend", p.Name)
	if p.URL != "" {
		t.Row("address", p.URL)
	}
	if p.Reachable {
		kind := p.Kind
		if kind == "runpod" && p.Version != "" {
			kind = "runpod, worker-comfyui"
		}
		t.Row("server", strings.TrimSpace(kind+" "+p.Version+" "+parenthesised(p.OS)))
		for _, d := range p.Devices {
			t.Row("device", deviceWords(d))
		}
		t.Row("latency", fmt.Sprintf("%.1f ms", p.LatencyMS))
		if p.ClockMS != nil {
			t.Row("clock", clockWords(time.Duration(*p.ClockMS)*time.Millisecond))
		}
		if w := p.Workers; w != nil {
			t.Row("workers", workerWords(*w))
		}
		t.Row("queue", fmt.Sprintf("%d running, %d waiting", p.QueueRunning, p.QueuePending))
		if p.MaxUpload > 0 {
			t.Row("largest upload", term.Bytes(p.MaxUpload))
		}
	}
	for _, w := range p.Warnings {
		t.Row(w.mark(a.streams.OutStyle()), w.text())
	}
	return t.Flush()
}

// workerWords are the workers of an endpoint that there are.
func workerWords(w comfy.Workers) string {
	var words []string
	for _, c := range []struct {
		n    int
		what string
	}{{w.Idle, "idle"}, {w.Running, "running"}, {w.Initializing, "loading their image"}, {w.Throttled, "throttled: no GPU is free"}, {w.Unhealthy, "unhealthy"}} {
		if c.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(words) == 0 {
		return "none: the next run waits for one to start"
	}
	return strings.Join(words, ", ")
}

func parenthesised(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func deviceWords(d comfy.Device) string {
	if d.VRAMTotal <= 0 {
		return d.Name
	}
	return fmt.Sprintf("%s, %s of %s free", d.Name, term.Bytes(d.VRAMFree), term.Bytes(d.VRAMTotal))
}
