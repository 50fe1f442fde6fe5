package nodes

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

func scheduleClasses() []*Class {
	return []*Class{
		{
			Name: "BasicGuider", Display: "BasicGuider", Category: "sampling/custom_sampling/guiders", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("model", "MODEL"),
				link("conditioning", "CONDITIONING"),
			},
			Outputs: []string{"GUIDER"},
			Run:     runBasicGuider,
		},
		{
			Name: "CFGGuider", Display: "CFGGuider", Category: "sampling/custom_sampling/guiders", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("model", "MODEL"),
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				number("cfg", 8, 0, 100, 0.1).with("round", 0.01),
			},
			Outputs: []string{"GUIDER"},
			Run:     runCFGGuider,
		},
		{
			Name: "RandomNoise", Display: "RandomNoise", Category: "sampling/custom_sampling/noise", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				seedNumber("noise_seed"),
			},
			Outputs: []string{"NOISE"},
			Run:     runRandomNoise,
		},
		{
			Name: "DisableNoise", Display: "DisableNoise", Category: "sampling/custom_sampling/noise", Module: "comfy_extras.nodes_custom_sampler",
			Outputs: []string{"NOISE"},
			Run:     runDisableNoise,
		},
		{
			Name: "KSamplerSelect", Display: "KSamplerSelect", Category: "sampling/custom_sampling/samplers", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				combo("sampler_name", samplerNames()...),
			},
			Outputs: []string{"SAMPLER"},
			Run:     runKSamplerSelect,
		},
		{
			Name: "BasicScheduler", Display: "BasicScheduler", Category: "sampling/custom_sampling/schedulers", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("model", "MODEL"),
				combo("scheduler", schedulerNames()...),
				integer("steps", 20, 1, 10000, 0),
				number("denoise", 1, 0, 1, 0.01),
			},
			Outputs: []string{"SIGMAS"},
			Run:     runBasicScheduler,
		},
		{
			Name: "ManualSigmas", Display: "", Category: "_for_testing/custom_sampling", Module: "comfy_extras.nodes_custom_sampler", V3: true, Experimental: true,
			Required: []Input{
				text("sigmas", "1, 0.5"),
			},
			Outputs: []string{"SIGMAS"},
			Run:     runManualSigmas,
		},
		{
			Name: "Flux2Scheduler", Display: "", Category: "sampling/custom_sampling/schedulers", Module: "comfy_extras.nodes_flux",
			Required: []Input{
				integer("steps", 20, 1, 4096, 0),
				integer("width", 1024, 16, maxSide, 1),
				integer("height", 1024, 16, maxSide, 1),
			},
			Outputs: []string{"SIGMAS"},
			Run:     runFlux2Scheduler,
		},
		{
			Name: "LTXVScheduler", Display: "", Category: "sampling/custom_sampling/schedulers", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				integer("steps", 20, 1, 10000, 0),
				number("max_shift", 2.05, 0, 100, 0.01),
				number("base_shift", 0.95, 0, 100, 0.01),
				boolean("stretch", true),
				number("terminal", 0.1, 0, 0.99, 0.01),
			},
			Optional: []Input{
				link("latent", "LATENT"),
			},
			Outputs: []string{"SIGMAS"},
			Run:     runLTXVScheduler,
		},
		{
			Name: "SplitSigmas", Display: "SplitSigmas", Category: "sampling/custom_sampling/sigmas", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("sigmas", "SIGMAS"),
				integer("step", 0, 0, 10000, 0),
			},
			Outputs:     []string{"SIGMAS", "SIGMAS"},
			OutputNames: []string{"high_sigmas", "low_sigmas"},
			Run:         runSplitSigmas,
		},
	}
}

func runBasicGuider(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	g := &guider{model: a.model("model"), positive: a.conditioning("conditioning"), cfg: 1}
	return []any{g}, a.err
}

func runCFGGuider(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	g := &guider{
		model: a.model("model"), positive: a.conditioning("positive"), negative: a.conditioning("negative"),
		cfg: a.float("cfg"),
	}
	return []any{g}, a.err
}

func runRandomNoise(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{&noiseSource{seed: a.seed("noise_seed")}}, a.err
}

func runDisableNoise(context.Context, *Call) ([]any, error) {
	return []any{&noiseSource{none: true}}, nil
}

func runKSamplerSelect(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{samplerChoice(a.text("sampler_name"))}, a.err
}

func runBasicScheduler(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	s := &sigmas{steps: a.int("steps"), from: a.float("denoise")}
	return []any{s}, a.err
}

// runManualSigmas reads a list of noise levels; its first and last number say
// which part of the way it covers, since 1 is pure noise for flow models.
func runManualSigmas(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	var levels []float64
	for _, part := range strings.FieldsFunc(a.text("sigmas"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil, fmt.Errorf("reading sigmas: %q is not a number", part)
		}
		levels = append(levels, v)
	}
	if a.err != nil || len(levels) == 0 {
		return []any{&sigmas{}}, a.err
	}
	s := &sigmas{steps: len(levels) - 1, from: min(max(levels[0], 0), 1), to: min(max(levels[len(levels)-1], 0), 1)}
	return []any{s}, nil
}

func runFlux2Scheduler(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{&sigmas{steps: a.int("steps"), from: 1}}, a.err
}

func runLTXVScheduler(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{&sigmas{steps: a.int("steps"), from: 1}}, a.err
}

func runSplitSigmas(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	s, step := given[*sigmas](a, "sigmas"), a.int("step")
	if a.err != nil {
		return nil, a.err
	}
	step = min(step, s.steps)
	cut := s.to
	if s.steps > 0 {
		cut = s.from + (s.to-s.from)*(float64(step)/float64(s.steps))
	}
	return []any{&sigmas{step, s.from, cut}, &sigmas{s.steps - step, cut, s.to}}, nil
}
