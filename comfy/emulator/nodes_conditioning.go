package emulator

import (
	"context"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func conditioningClasses() []*class {
	return []*class{
		{
			name: "ConditioningZeroOut", display: "ConditioningZeroOut", category: "advanced/conditioning", module: "nodes",
			required: []input{
				link("conditioning", "CONDITIONING"),
			},
			outputs: []string{"CONDITIONING"},
			run:     runConditioningZeroOut,
		},
		{
			name: "ConditioningCombine", display: "Conditioning (Combine)", category: "conditioning", module: "nodes",
			required: []input{
				link("conditioning_1", "CONDITIONING"),
				link("conditioning_2", "CONDITIONING"),
			},
			outputs: []string{"CONDITIONING"},
			run:     joinPrompts("conditioning_1", "conditioning_2"),
		},
		{
			name: "ConditioningConcat", display: "Conditioning (Concat)", category: "conditioning", module: "nodes",
			required: []input{
				link("conditioning_to", "CONDITIONING"),
				link("conditioning_from", "CONDITIONING"),
			},
			outputs: []string{"CONDITIONING"},
			run:     joinPrompts("conditioning_to", "conditioning_from"),
		},
		{
			name: "ConditioningAverage", display: "ConditioningAverage", category: "conditioning", module: "nodes",
			required: []input{
				link("conditioning_to", "CONDITIONING"),
				link("conditioning_from", "CONDITIONING"),
				number("conditioning_to_strength", 1, 0, 1, 0.01),
			},
			outputs: []string{"CONDITIONING"},
			run:     joinPrompts("conditioning_to", "conditioning_from"),
		},
		{
			name: "FluxGuidance", display: "", category: "advanced/conditioning/flux", module: "comfy_extras.nodes_flux",
			required: []input{
				link("conditioning", "CONDITIONING"),
				number("guidance", 3.5, 0, 100, 0.1),
			},
			outputs: []string{"CONDITIONING"},
			run:     runFluxGuidance,
		},
		{
			name: "ReferenceLatent", display: "", category: "advanced/conditioning/edit_models", module: "comfy_extras.nodes_edit_model",
			required: []input{
				link("conditioning", "CONDITIONING"),
			},
			optional: []input{
				link("latent", "LATENT"),
			},
			outputs: []string{"CONDITIONING"},
			run:     runReferenceLatent,
		},
		{
			name: "FluxKontextMultiReferenceLatentMethod", display: "", category: "advanced/conditioning/flux", module: "comfy_extras.nodes_flux", experimental: true,
			required: []input{
				link("conditioning", "CONDITIONING"),
				combo("reference_latents_method", "offset", "index", "uxo/uno", "index_timestep_zero"),
			},
			outputs: []string{"CONDITIONING"},
			run:     runFluxKontextMultiReferenceLatentMethod,
		},
		{
			name: "InpaintModelConditioning", display: "InpaintModelConditioning", category: "conditioning/inpaint", module: "nodes",
			required: []input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("vae", "VAE"),
				link("pixels", "IMAGE"),
				link("mask", "MASK"),
				boolean("noise_mask", true),
			},
			outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			outputNames: []string{"positive", "negative", "latent"},
			run:         runInpaintModelConditioning,
		},
		{
			name: "ControlNetApplyAdvanced", display: "Apply ControlNet", category: "conditioning/controlnet", module: "nodes",
			required: []input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("control_net", "CONTROL_NET"),
				link("image", "IMAGE"),
				number("strength", 1, 0, 10, 0.01),
				number("start_percent", 0, 0, 1, 0.001),
				number("end_percent", 1, 0, 1, 0.001),
			},
			optional: []input{
				link("vae", "VAE"),
			},
			outputs:     []string{"CONDITIONING", "CONDITIONING"},
			outputNames: []string{"positive", "negative"},
			run:         runControlNetApplyAdvanced,
		},
		{
			name: "ControlNetInpaintingAliMamaApply", display: "ControlNetInpaintingAliMamaApply", category: "conditioning/controlnet", module: "comfy_extras.nodes_controlnet",
			required: []input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("control_net", "CONTROL_NET"),
				link("vae", "VAE"),
				link("image", "IMAGE"),
				link("mask", "MASK"),
				number("strength", 1, 0, 10, 0.01),
				number("start_percent", 0, 0, 1, 0.001),
				number("end_percent", 1, 0, 1, 0.001),
			},
			outputs:     []string{"CONDITIONING", "CONDITIONING"},
			outputNames: []string{"positive", "negative"},
			run:         runControlNetInpaintingAliMamaApply,
		},
		{
			name: "CLIPVisionEncode", display: "CLIP Vision Encode", category: "conditioning", module: "nodes",
			required: []input{
				link("clip_vision", "CLIP_VISION"),
				link("image", "IMAGE"),
				combo("crop", "center", "none"),
			},
			outputs: []string{"CLIP_VISION_OUTPUT"},
			run:     runCLIPVisionEncode,
		},
		{
			name: "LTXVConditioning", display: "", category: "conditioning/video_models", module: "comfy_extras.nodes_lt",
			required: []input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				number("frame_rate", 25, 0, 1000, 0.01),
			},
			outputs:     []string{"CONDITIONING", "CONDITIONING"},
			outputNames: []string{"positive", "negative"},
			run:         runLTXVConditioning,
		},
		{
			// Of servers later than 0.8; seen in the official templates. There
			// the pictures grow on demand.
			name: "ReferenceMultiLatent", display: "ReferenceMultiLatent", category: "advanced/conditioning/edit_models", module: "comfy_extras.nodes_edit_model",
			required: []input{
				link("positive", "CONDITIONING"),
				combo("resolution", "resize", "original"),
			},
			optional: append([]input{
				link("negative", "CONDITIONING"),
				link("vae", "VAE"),
				number("resolution.megapixels", 1, 0.01, 16, 0.01),
			}, growing("images.image", 0, 12)...),
			outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			outputNames: []string{"positive", "negative", "empty_latent"},
			run:         runReferenceMultiLatent,
		},
	}
}

// runConditioningZeroOut forgets the words but keeps what else was given.
func runConditioningZeroOut(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	from := a.conditioning("conditioning")
	if a.err != nil {
		return nil, a.err
	}
	out := *from
	out.text, out.notes = "", nil
	return []any{&out}, nil
}

// joinPrompts makes one prompt of two.
func joinPrompts(first, second string) func(context.Context, *call) ([]any, error) {
	return func(_ context.Context, c *call) ([]any, error) {
		a := c.args()
		one, other := a.conditioning(first), a.conditioning(second)
		if a.err != nil {
			return nil, a.err
		}
		out := one.referring(other.references...)
		out.text = merged(one.text, other.text)
		return []any{out.noted("%s", c.class.name)}, nil
	}
}

func runFluxGuidance(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	from, guidance := a.conditioning("conditioning"), a.float("guidance")
	if a.err != nil {
		return nil, a.err
	}
	return []any{from.noted("guidance %.3f", guidance)}, nil
}

func runReferenceLatent(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	from, l := a.conditioning("conditioning"), maybe[*latent](a, "latent")
	if a.err != nil {
		return nil, a.err
	}
	if l != nil {
		from = from.referring(l.pixels)
	}
	return []any{from}, nil
}

func runFluxKontextMultiReferenceLatentMethod(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	from, method := a.conditioning("conditioning"), a.text("reference_latents_method")
	if a.err != nil {
		return nil, a.err
	}
	return []any{from.noted("reference %s", method)}, nil
}

func runReferenceMultiLatent(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	positive, negative, pictures := a.conditioning("positive"), maybe[*conditioning](a, "negative"), a.grown("images.image", 0, 12)
	pixels := 0.0
	if a.text("resolution") == "resize" {
		pixels = a.float("resolution.megapixels") * 1024 * 1024
	}
	if a.err != nil {
		return nil, a.err
	}
	if negative == nil {
		negative = &conditioning{}
	}
	empty := &latent{width: 1024, height: 1024, count: 1}
	if len(pictures) > 0 {
		empty = latentLike(pictures[0], pixels)
	}
	return []any{positive.referring(pictures...), negative.referring(pictures...), empty}, nil
}

func runInpaintModelConditioning(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	positive, negative := a.conditioning("positive"), a.conditioning("negative")
	picture, mask, noise := a.frames("pixels"), a.frames("mask"), a.bool("noise_mask")
	if a.err != nil {
		return nil, a.err
	}
	mask = mask.Fitted(picture.Width, picture.Height)
	l := encoded(picture)
	picture, mask = l.pixels, gridded(mask, 8)
	kept := func(from *conditioning) *conditioning {
		out := *from
		out.keep, out.mask = picture, mask
		return &out
	}
	if noise {
		l.mask = mask
	}
	return []any{kept(positive), kept(negative), l}, nil
}

// controlled adds a control picture to both prompts; a strength of zero leaves
// them as they are, as the server does.
func (a *arguments) controlled(mask *raster.Frames) ([]any, error) {
	positive, negative := a.conditioning("positive"), a.conditioning("negative")
	net, picture, strength := given[*modelPatch](a, "control_net"), a.frames("image"), a.float("strength")
	from, to := a.float("start_percent"), a.float("end_percent")
	if a.err != nil {
		return nil, a.err
	}
	if strength == 0 {
		return []any{positive, negative}, nil
	}
	with := func(c *conditioning) *conditioning {
		out := c.noted("control %s %.3f %.3f %.3f", net.file, strength, from, to)
		if mask != nil {
			out.keep, out.mask = picture, mask
		} else {
			out.hint, out.strength = picture, strength*min(max(to-from, 0), 1)
		}
		return out
	}
	return []any{with(positive), with(negative)}, nil
}

func runControlNetApplyAdvanced(_ context.Context, c *call) ([]any, error) {
	return c.args().controlled(nil)
}

func runControlNetInpaintingAliMamaApply(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	return a.controlled(a.frames("mask"))
}

func runCLIPVisionEncode(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	return []any{a.frames("image")}, a.err
}

func runLTXVConditioning(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	positive, negative, rate := a.conditioning("positive"), a.conditioning("negative"), a.float("frame_rate")
	if a.err != nil {
		return nil, a.err
	}
	return []any{positive.noted("rate %.2f", rate), negative.noted("rate %.2f", rate)}, nil
}
