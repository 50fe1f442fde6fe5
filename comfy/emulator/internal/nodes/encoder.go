package nodes

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func encoderClasses() []*Class {
	return []*Class{
		{
			Name: "CLIPTextEncode", Display: "CLIP Text Encode (Prompt)", Category: "conditioning", Module: "nodes",
			Required: []Input{
				promptText("text"),
				link("clip", "CLIP"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runCLIPTextEncode,
		},
		{
			Name: "CLIPTextEncodeFlux", Display: "", Category: "advanced/conditioning/flux", Module: "comfy_extras.nodes_flux",
			Required: []Input{
				link("clip", "CLIP"),
				promptText("clip_l"),
				promptText("t5xxl"),
				number("guidance", 3.5, 0, 100, 0.1),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runCLIPTextEncodeFlux,
		},
		{
			Name: "CLIPTextEncodeSDXL", Display: "", Category: "advanced/conditioning", Module: "comfy_extras.nodes_clip_sdxl",
			Required: []Input{
				link("clip", "CLIP"),
				integer("width", 1024, 0, maxSide, 0),
				integer("height", 1024, 0, maxSide, 0),
				integer("crop_w", 0, 0, maxSide, 0),
				integer("crop_h", 0, 0, maxSide, 0),
				integer("target_width", 1024, 0, maxSide, 0),
				integer("target_height", 1024, 0, maxSide, 0),
				promptText("text_g"),
				promptText("text_l"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runCLIPTextEncodeSDXL,
		},
		{
			Name: "TextEncodeQwenImageEdit", Display: "", Category: "advanced/conditioning", Module: "comfy_extras.nodes_qwen",
			Required: []Input{
				link("clip", "CLIP"),
				promptText("prompt"),
			},
			Optional: []Input{
				link("vae", "VAE"),
				link("image", "IMAGE"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runTextEncodeQwenImageEdit,
		},
		{
			Name: "TextEncodeQwenImageEditPlus", Display: "", Category: "advanced/conditioning", Module: "comfy_extras.nodes_qwen",
			Required: []Input{
				link("clip", "CLIP"),
				promptText("prompt"),
			},
			Optional: []Input{
				link("vae", "VAE"),
				link("image1", "IMAGE"),
				link("image2", "IMAGE"),
				link("image3", "IMAGE"),
			},
			Outputs: []string{"CONDITIONING"},
			Run:     runTextEncodeQwenImageEditPlus,
		},
		{
			// Of servers later than 0.8; seen in the official templates. There
			// the pictures grow on demand.
			Name: "TextEncodeQwenImage21", Display: "TextEncodeQwenImage21", Category: "advanced/conditioning", Module: "comfy_extras.nodes_qwen",
			Required: []Input{
				link("clip", "CLIP"),
				promptText("prompt"),
				promptText("negative_prompt"),
				integer("resolution", 1024, 0, maxSide, 0),
			},
			Optional:    append([]Input{link("vae", "VAE")}, growing("images.image_", 1, 12)...),
			Outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "negative", "latent"},
			Run:         runTextEncodeQwenImage21,
		},
	}
}

// growing declares optional pictures name0, name1, ...
func growing(name string, from, count int) []Input {
	list := make([]Input, count)
	for i := range list {
		list[i] = link(fmt.Sprint(name, from+i), "IMAGE")
	}
	return list
}

// encoded is a prompt as a text encoder with its LoRAs understands it.
func (k *clip) encoded(prompt string) *conditioning {
	return &conditioning{text: strings.TrimSpace(prompt), notes: k.notes}
}

func runCLIPTextEncode(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt := given[*clip](a, "clip"), a.text("text")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.encoded(prompt)}, nil
}

// merged joins two prompts for the two halves of an encoder; said twice is
// said once.
func merged(first, second string) string {
	first, second = strings.TrimSpace(first), strings.TrimSpace(second)
	if first == "" || first == second {
		return second
	}
	if second == "" {
		return first
	}
	return first + ", " + second
}

func runCLIPTextEncodeFlux(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt, guidance := given[*clip](a, "clip"), merged(a.text("t5xxl"), a.text("clip_l")), a.float("guidance")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.encoded(prompt).noted("guidance %.3f", guidance)}, nil
}

func runCLIPTextEncodeSDXL(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt := given[*clip](a, "clip"), merged(a.text("text_g"), a.text("text_l"))
	size := fmt.Sprint(a.int("width"), a.int("height"), a.int("crop_w"), a.int("crop_h"), a.int("target_width"), a.int("target_height"))
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.encoded(prompt).noted("sdxl %s", size)}, nil
}

func runTextEncodeQwenImageEdit(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt, picture := given[*clip](a, "clip"), a.text("prompt"), maybe[*raster.Frames](a, "image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.encoded(prompt).referring(picture)}, nil
}

func runTextEncodeQwenImageEditPlus(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt := given[*clip](a, "clip"), a.text("prompt")
	first, second, third := maybe[*raster.Frames](a, "image1"), maybe[*raster.Frames](a, "image2"), maybe[*raster.Frames](a, "image3")
	if a.err != nil {
		return nil, a.err
	}
	return []any{k.encoded(prompt).referring(first, second, third)}, nil
}

// grown reads the pictures that growing declared.
func (a *arguments) grown(name string, from, count int) []*raster.Frames {
	var list []*raster.Frames
	for i := range count {
		if picture := maybe[*raster.Frames](a, fmt.Sprint(name, from+i)); picture != nil {
			list = append(list, picture)
		}
	}
	return list
}

// runTextEncodeQwenImage21 encodes both prompts at once, with a latent of the
// first picture's proportion and resolution x resolution pixels.
func runTextEncodeQwenImage21(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, pictures := given[*clip](a, "clip"), a.grown("images.image_", 1, 12)
	positive, negative, side := a.text("prompt"), a.text("negative_prompt"), a.int("resolution")
	if a.err != nil {
		return nil, a.err
	}
	empty := &latent{width: max(16, side/16*16), height: max(16, side/16*16), count: 1}
	if len(pictures) > 0 {
		empty = latentLike(pictures[0], float64(side*side))
	}
	return []any{k.encoded(positive).referring(pictures...), k.encoded(negative).referring(pictures...), empty}, nil
}

// latentLike is an empty latent with a picture's proportion and about so many
// pixels; its own number for 0. Sides are multiples of 16.
func latentLike(picture *raster.Frames, pixels float64) *latent {
	factor := 1.0
	if pixels > 0 {
		factor = math.Sqrt(pixels / float64(picture.Width*picture.Height))
	}
	side := func(n int) int { return max(16, nearest(float64(n)*factor/16)*16) }
	return &latent{width: side(picture.Width), height: side(picture.Height), count: 1}
}
