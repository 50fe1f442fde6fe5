package emulator

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func modelClasses() []*class {
	return []*class{
		{
			name: "ModelSamplingAuraFlow", display: "ModelSamplingAuraFlow", category: "advanced/model", module: "comfy_extras.nodes_model_advanced",
			required: []input{
				link("model", "MODEL"),
				number("shift", 1.73, 0, 100, 0.01),
			},
			outputs: []string{"MODEL"},
			run:     patchModel("shift"),
		},
		{
			name: "ModelSamplingSD3", display: "ModelSamplingSD3", category: "advanced/model", module: "comfy_extras.nodes_model_advanced",
			required: []input{
				link("model", "MODEL"),
				number("shift", 3, 0, 100, 0.01),
			},
			outputs: []string{"MODEL"},
			run:     patchModel("shift"),
		},
		{
			name: "ModelSamplingFlux", display: "ModelSamplingFlux", category: "advanced/model", module: "comfy_extras.nodes_model_advanced",
			required: []input{
				link("model", "MODEL"),
				number("max_shift", 1.15, 0, 100, 0.01),
				number("base_shift", 0.5, 0, 100, 0.01),
				integer("width", 1024, 16, maxSide, 8),
				integer("height", 1024, 16, maxSide, 8),
			},
			outputs: []string{"MODEL"},
			run:     patchModel("max_shift", "base_shift"),
		},
		{
			name: "CFGNorm", display: "", category: "advanced/guidance", module: "comfy_extras.nodes_cfg", experimental: true,
			required: []input{
				link("model", "MODEL"),
				number("strength", 1, 0, 100, 0.01),
			},
			outputs:     []string{"MODEL"},
			outputNames: []string{"patched_model"},
			run:         patchModel("strength"),
		},
		{
			name: "DifferentialDiffusion", display: "Differential Diffusion", category: "_for_testing", module: "comfy_extras.nodes_differential_diffusion", experimental: true,
			required: []input{
				link("model", "MODEL"),
			},
			optional: []input{
				number("strength", 1, 0, 1, 0.01),
			},
			outputs: []string{"MODEL"},
			run:     patchModel("strength"),
		},
		{
			name: "QwenImageDiffsynthControlnet", display: "QwenImageDiffsynthControlnet", category: "advanced/loaders/qwen", module: "comfy_extras.nodes_model_patch", experimental: true,
			required: []input{
				link("model", "MODEL"),
				link("model_patch", "MODEL_PATCH"),
				link("vae", "VAE"),
				link("image", "IMAGE"),
				number("strength", 1, -10, 10, 0.01),
			},
			optional: []input{
				link("mask", "MASK"),
			},
			outputs: []string{"MODEL"},
			run:     runQwenImageDiffsynthControlnet,
		},
		{
			name: "CLIPSetLastLayer", display: "CLIP Set Last Layer", category: "conditioning", module: "nodes",
			required: []input{
				link("clip", "CLIP"),
				integer("stop_at_clip_layer", -1, -24, -1, 1),
			},
			outputs: []string{"CLIP"},
			run:     runCLIPSetLastLayer,
		},
		{
			// Of servers later than 0.8; seen in the official templates.
			name: "QwenImage21Cache", display: "Qwen Image 2.1 Cache", category: "advanced/model", module: "comfy_extras.nodes_qwen",
			required: []input{
				link("model", "MODEL"),
				combo("device", "auto", "cpu", "gpu"),
				combo("dtype", "default", "fp8_e4m3fn", "bf16", "fp32"),
			},
			outputs: []string{"MODEL"},
			run:     patchModel(),
		},
	}
}

// patchModel notes the class and the named numbers on the model.
func patchModel(numbers ...string) func(context.Context, *call) ([]any, error) {
	return func(_ context.Context, c *call) ([]any, error) {
		a := c.args()
		m := a.model("model")
		note := []string{c.class.name}
		for _, name := range numbers {
			note = append(note, fmt.Sprintf("%.3f", a.float(name)))
		}
		if a.err != nil {
			return nil, a.err
		}
		return []any{m.patched("%s", strings.Join(note, " "))}, nil
	}
}

func runQwenImageDiffsynthControlnet(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	m, patch := a.model("model"), given[*modelPatch](a, "model_patch")
	picture, mask, strength := a.frames("image"), maybe[*raster.Frames](a, "mask"), a.float("strength")
	if a.err != nil {
		return nil, a.err
	}
	out := m.patched("patch %s %.3f", patch.file, strength)
	if strength != 0 {
		out.image, out.keeps = picture, mask
	}
	return []any{out}, nil
}

func runCLIPSetLastLayer(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	k, layer := given[*clip](a, "clip"), a.int("stop_at_clip_layer")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.patched("layer %d", layer)}, nil
}
