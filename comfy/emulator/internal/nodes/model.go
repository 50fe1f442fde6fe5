package nodes

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func modelClasses() []*Class {
	return []*Class{
		{
			Name: "ModelSamplingAuraFlow", Display: "ModelSamplingAuraFlow", Category: "advanced/model", Module: "comfy_extras.nodes_model_advanced",
			Required: []Input{
				link("model", "MODEL"),
				number("shift", 1.73, 0, 100, 0.01),
			},
			Outputs: []string{"MODEL"},
			Run:     patchModel("shift"),
		},
		{
			Name: "ModelSamplingSD3", Display: "ModelSamplingSD3", Category: "advanced/model", Module: "comfy_extras.nodes_model_advanced",
			Required: []Input{
				link("model", "MODEL"),
				number("shift", 3, 0, 100, 0.01),
			},
			Outputs: []string{"MODEL"},
			Run:     patchModel("shift"),
		},
		{
			Name: "ModelSamplingFlux", Display: "ModelSamplingFlux", Category: "advanced/model", Module: "comfy_extras.nodes_model_advanced",
			Required: []Input{
				link("model", "MODEL"),
				number("max_shift", 1.15, 0, 100, 0.01),
				number("base_shift", 0.5, 0, 100, 0.01),
				integer("width", 1024, 16, maxSide, 8),
				integer("height", 1024, 16, maxSide, 8),
			},
			Outputs: []string{"MODEL"},
			Run:     patchModel("max_shift", "base_shift"),
		},
		{
			Name: "CFGNorm", Display: "", Category: "advanced/guidance", Module: "comfy_extras.nodes_cfg", Experimental: true,
			Required: []Input{
				link("model", "MODEL"),
				number("strength", 1, 0, 100, 0.01),
			},
			Outputs:     []string{"MODEL"},
			OutputNames: []string{"patched_model"},
			Run:         patchModel("strength"),
		},
		{
			Name: "DifferentialDiffusion", Display: "Differential Diffusion", Category: "_for_testing", Module: "comfy_extras.nodes_differential_diffusion", Experimental: true,
			Required: []Input{
				link("model", "MODEL"),
			},
			Optional: []Input{
				number("strength", 1, 0, 1, 0.01),
			},
			Outputs: []string{"MODEL"},
			Run:     patchModel("strength"),
		},
		{
			Name: "QwenImageDiffsynthControlnet", Display: "QwenImageDiffsynthControlnet", Category: "advanced/loaders/qwen", Module: "comfy_extras.nodes_model_patch", Experimental: true,
			Required: []Input{
				link("model", "MODEL"),
				link("model_patch", "MODEL_PATCH"),
				link("vae", "VAE"),
				link("image", "IMAGE"),
				number("strength", 1, -10, 10, 0.01),
			},
			Optional: []Input{
				link("mask", "MASK"),
			},
			Outputs: []string{"MODEL"},
			Run:     runQwenImageDiffsynthControlnet,
		},
		{
			Name: "CLIPSetLastLayer", Display: "CLIP Set Last Layer", Category: "conditioning", Module: "nodes",
			Required: []Input{
				link("clip", "CLIP"),
				integer("stop_at_clip_layer", -1, -24, -1, 1),
			},
			Outputs: []string{"CLIP"},
			Run:     runCLIPSetLastLayer,
		},
		{
			// Of servers later than 0.8; seen in the official templates.
			Name: "QwenImage21Cache", Display: "Qwen Image 2.1 Cache", Category: "advanced/model", Module: "comfy_extras.nodes_qwen",
			Required: []Input{
				link("model", "MODEL"),
				combo("device", "auto", "cpu", "gpu"),
				combo("dtype", "default", "fp8_e4m3fn", "bf16", "fp32"),
			},
			Outputs: []string{"MODEL"},
			Run:     patchModel(),
		},
	}
}

// patchModel notes the class and the named numbers on the model.
func patchModel(numbers ...string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		m := a.model("model")
		note := []string{c.Class.Name}
		for _, name := range numbers {
			note = append(note, fmt.Sprintf("%.3f", a.float(name)))
		}
		if a.err != nil {
			return nil, a.err
		}
		return []any{m.patched("%s", strings.Join(note, " "))}, nil
	}
}

func runQwenImageDiffsynthControlnet(_ context.Context, c *Call) ([]any, error) {
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

func runCLIPSetLastLayer(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, layer := given[*clip](a, "clip"), a.int("stop_at_clip_layer")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.patched("layer %d", layer)}, nil
}
