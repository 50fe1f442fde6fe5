package nodes

import (
	"context"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func conditioningClasses() []*Class {
	return []*Class{
		{
			Name: "ConditioningZeroOut", Display: "ConditioningZeroOut", Category: "advanced/conditioning", Module: "nodes",
			Required: []Input{
				link("conditioning", "CONDITIONING"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runConditioningZeroOut,
		},
		{
			Name: "ConditioningCombine", Display: "Conditioning (Combine)", Category: "conditioning", Module: "nodes",
			Required: []Input{
				link("conditioning_1", "CONDITIONING"),
				link("conditioning_2", "CONDITIONING"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     joinPrompts("conditioning_1", "conditioning_2"),
		},
		{
			Name: "ConditioningConcat", Display: "Conditioning (Concat)", Category: "conditioning", Module: "nodes",
			Required: []Input{
				link("conditioning_to", "CONDITIONING"),
				link("conditioning_from", "CONDITIONING"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     joinPrompts("conditioning_to", "conditioning_from"),
		},
		{
			Name: "ConditioningAverage", Display: "ConditioningAverage", Category: "conditioning", Module: "nodes",
			Required: []Input{
				link("conditioning_to", "CONDITIONING"),
				link("conditioning_from", "CONDITIONING"),
				number("conditioning_to_strength", 1, 0, 1, 0.01),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     joinPrompts("conditioning_to", "conditioning_from"),
		},
		{
			Name: "FluxGuidance", Display: "", Category: "advanced/conditioning/flux", Module: "comfy_extras.nodes_flux",
			Required: []Input{
				link("conditioning", "CONDITIONING"),
				number("guidance", 3.5, 0, 100, 0.1),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runFluxGuidance,
		},
		{
			Name: "ReferenceLatent", Display: "", Category: "advanced/conditioning/edit_models", Module: "comfy_extras.nodes_edit_model",
			Required: []Input{
				link("conditioning", "CONDITIONING"),
			},
			Optional: []Input{
				link("latent", "LATENT"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runReferenceLatent,
		},
		{
			Name: "FluxKontextMultiReferenceLatentMethod", Display: "", Category: "advanced/conditioning/flux", Module: "comfy_extras.nodes_flux", Experimental: true,
			Required: []Input{
				link("conditioning", "CONDITIONING"),
				combo("reference_latents_method", "offset", "index", "uxo/uno", "index_timestep_zero"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runFluxKontextMultiReferenceLatentMethod,
		},
		{
			Name: "InpaintModelConditioning", Display: "InpaintModelConditioning", Category: "conditioning/inpaint", Module: "nodes",
			Required: []Input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("vae", "VAE"),
				link("pixels", "IMAGE"),
				link("mask", "MASK"),
				boolean("noise_mask", true),
			},
			Outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "negative", "latent"},
			Run:         runInpaintModelConditioning,
		},
		{
			Name: "ControlNetApplyAdvanced", Display: "Apply ControlNet", Category: "conditioning/controlnet", Module: "nodes",
			Required: []Input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("control_net", "CONTROL_NET"),
				link("image", "IMAGE"),
				number("strength", 1, 0, 10, 0.01),
				number("start_percent", 0, 0, 1, 0.001),
				number("end_percent", 1, 0, 1, 0.001),
			},
			Optional: []Input{
				link("vae", "VAE"),
			},
			Outputs:     []string{"CONDITIONING", "CONDITIONING"},
			OutputNames: []string{"positive", "negative"},
			Run:         runControlNetApplyAdvanced,
		},
		{
			Name: "ControlNetInpaintingAliMamaApply", Display: "ControlNetInpaintingAliMamaApply", Category: "conditioning/controlnet", Module: "comfy_extras.nodes_controlnet",
			Required: []Input{
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
			Outputs:     []string{"CONDITIONING", "CONDITIONING"},
			OutputNames: []string{"positive", "negative"},
			Run:         runControlNetInpaintingAliMamaApply,
		},
		{
			Name: "CLIPVisionEncode", Display: "CLIP Vision Encode", Category: "conditioning", Module: "nodes",
			Required: []Input{
				link("clip_vision", "CLIP_VISION"),
				link("image", "IMAGE"),
				combo("crop", "center", "none"),
			},
			Outputs: []string{"CLIP_VISION_OUTPUT"},
			Run:     runCLIPVisionEncode,
		},
		{
			Name: "LTXVConditioning", Display: "", Category: "conditioning/video_models", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				number("frame_rate", 25, 0, 1000, 0.01),
			},
			Outputs:     []string{"CONDITIONING", "CONDITIONING"},
			OutputNames: []string{"positive", "negative"},
			Run:         runLTXVConditioning,
		},
		{
			// Of servers later than 0.8; seen in the official templates. There
			// the pictures grow on demand.
			Name: "ReferenceMultiLatent", Display: "ReferenceMultiLatent", Category: "advanced/conditioning/edit_models", Module: "comfy_extras.nodes_edit_model",
			Required: []Input{
				link("positive", "CONDITIONING"),
				combo("resolution", "resize", "original"),
			},
			Optional: append([]Input{
				link("negative", "CONDITIONING"),
				link("vae", "VAE"),
				number("resolution.megapixels", 1, 0.01, 16, 0.01),
			}, growing("images.image", 0, 12)...),
			Outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "negative", "empty_latent"},
			Run:         runReferenceMultiLatent,
		},
	}
}

// runConditioningZeroOut forgets the words but keeps what else was given.
func runConditioningZeroOut(_ context.Context, c *Call) ([]any, error) {
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
func joinPrompts(first, second string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		one, other := a.conditioning(first), a.conditioning(second)
		if a.err != nil {
			return nil, a.err
		}
		out := one.referring(other.references...)
		out.text = merged(one.text, other.text)
		return []any{out.noted("%s", c.Class.Name)}, nil
	}
}

func runFluxGuidance(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	from, guidance := a.conditioning("conditioning"), a.float("guidance")
	if a.err != nil {
		return nil, a.err
	}
	return []any{from.noted("guidance %.3f", guidance)}, nil
}

func runReferenceLatent(_ context.Context, c *Call) ([]any, error) {
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

func runFluxKontextMultiReferenceLatentMethod(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	from, method := a.conditioning("conditioning"), a.text("reference_latents_method")
	if a.err != nil {
		return nil, a.err
	}
	return []any{from.noted("reference %s", method)}, nil
}

func runReferenceMultiLatent(_ context.Context, c *Call) ([]any, error) {
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

func runInpaintModelConditioning(_ context.Context, c *Call) ([]any, error) {
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

func runControlNetApplyAdvanced(_ context.Context, c *Call) ([]any, error) {
	return c.args().controlled(nil)
}

func runControlNetInpaintingAliMamaApply(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return a.controlled(a.frames("mask"))
}

func runCLIPVisionEncode(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{a.frames("image")}, a.err
}

func runLTXVConditioning(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	positive, negative, rate := a.conditioning("positive"), a.conditioning("negative"), a.float("frame_rate")
	if a.err != nil {
		return nil, a.err
	}
	return []any{positive.noted("rate %.2f", rate), negative.noted("rate %.2f", rate)}, nil
}
