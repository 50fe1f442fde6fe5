package nodes

import (
	"context"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/painter"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func filmLatentClasses() []*Class {
	return []*Class{
		{
			Name: "EmptyHunyuanLatentVideo", Display: "EmptyHunyuanLatentVideo", Category: "latent/video", Module: "comfy_extras.nodes_hunyuan",
			Required: []Input{
				integer("width", 848, 16, maxSide, 16),
				integer("height", 480, 16, maxSide, 16),
				integer("length", 25, 1, maxSide, 4),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     emptyFilm(8, 4),
		},
		{
			Name: "EmptyLTXVLatentVideo", Display: "", Category: "latent/video/ltxv", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				integer("width", 768, 64, maxSide, 32),
				integer("height", 512, 64, maxSide, 32),
				integer("length", 97, 1, maxSide, 8),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     emptyFilm(32, 8),
		},
		{
			Name: "LTXVEmptyLatentAudio", Display: "LTXV Empty Latent Audio", Category: "latent/audio", Module: "comfy_extras.nodes_lt_audio",
			Required: []Input{
				integer("frames_number", 97, 1, 1000, 1).with("display", "number"),
				integer("frame_rate", 25, 1, 1000, 1).with("display", "number"),
				integer("batch_size", 1, 1, 4096, 0).with("display", "number"),
				link("audio_vae", "VAE"),
			},
			Outputs:     []string{"LATENT"},
			OutputNames: []string{"Latent"},
			Run:         runLTXVEmptyLatentAudio,
		},
		{
			Name: "WanImageToVideo", Display: "", Category: "conditioning/video_models", Module: "comfy_extras.nodes_wan",
			Required: []Input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("vae", "VAE"),
				integer("width", 832, 16, maxSide, 16),
				integer("height", 480, 16, maxSide, 16),
				integer("length", 81, 1, maxSide, 4),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Optional: []Input{
				link("clip_vision_output", "CLIP_VISION_OUTPUT"),
				link("start_image", "IMAGE"),
			},
			Outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "negative", "latent"},
			Run:         runWanImageToVideo,
		},
		{
			Name: "Wan22ImageToVideoLatent", Display: "", Category: "conditioning/inpaint", Module: "comfy_extras.nodes_wan",
			Required: []Input{
				link("vae", "VAE"),
				integer("width", 1280, 32, maxSide, 32),
				integer("height", 704, 32, maxSide, 32),
				integer("length", 49, 1, maxSide, 4),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Optional: []Input{
				link("start_image", "IMAGE"),
			},
			Outputs: []string{"LATENT"},
			Run:     runWan22ImageToVideoLatent,
		},
		{
			Name: "LTXVImgToVideoInplace", Display: "", Category: "conditioning/video_models", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("vae", "VAE"),
				link("image", "IMAGE"),
				link("latent", "LATENT"),
				number("strength", 1, 0, 1, 0),
				boolean("bypass", false),
			},
			Outputs:     []string{"LATENT"},
			OutputNames: []string{"latent"},
			Run:         runLTXVImgToVideoInplace,
		},
		{
			Name: "LTXVPreprocess", Display: "", Category: "image", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("image", "IMAGE"),
				integer("img_compression", 35, 0, 100, 0),
			},
			Outputs:     []string{"IMAGE"},
			OutputNames: []string{"output_image"},
			Run:         runLTXVPreprocess,
		},
		{
			Name: "LTXVCropGuides", Display: "", Category: "conditioning/video_models", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("latent", "LATENT"),
			},
			Outputs:     []string{"CONDITIONING", "CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "negative", "latent"},
			Run:         runLTXVCropGuides,
		},
		{
			Name: "LTXVConcatAVLatent", Display: "", Category: "latent/video/ltxv", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("video_latent", "LATENT"),
				link("audio_latent", "LATENT"),
			},
			Outputs:     []string{"LATENT"},
			OutputNames: []string{"latent"},
			Run:         runLTXVConcatAVLatent,
		},
		{
			Name: "LTXVSeparateAVLatent", Display: "", Category: "latent/video/ltxv", Module: "comfy_extras.nodes_lt",
			Required: []Input{
				link("av_latent", "LATENT"),
			},
			Outputs:     []string{"LATENT", "LATENT"},
			OutputNames: []string{"video_latent", "audio_latent"},
			Run:         runLTXVSeparateAVLatent,
		},
		{
			Name: "LTXVLatentUpsampler", Display: "LTXVLatentUpsampler", Category: "latent/video", Module: "comfy_extras.nodes_lt_upsampler", Experimental: true,
			Required: []Input{
				link("samples", "LATENT"),
				link("upscale_model", "LATENT_UPSCALE_MODEL"),
				link("vae", "VAE"),
			},
			Outputs: []string{"LATENT"},
			Run:     runLTXVLatentUpsampler,
		},
		{
			Name: "VAEDecodeAudio", Display: "VAE Decode Audio", Category: "latent/audio", Module: "comfy_extras.nodes_audio",
			Required: []Input{
				link("samples", "LATENT"),
				link("vae", "VAE"),
			},
			Outputs: []string{"AUDIO"},
			Run:     decodeSound("vae"),
		},
		{
			Name: "LTXVAudioVAEDecode", Display: "LTXV Audio VAE Decode", Category: "audio", Module: "comfy_extras.nodes_lt_audio",
			Required: []Input{
				link("samples", "LATENT"),
				link("audio_vae", "VAE"),
			},
			Outputs:     []string{"AUDIO"},
			OutputNames: []string{"Audio"},
			Run:         decodeSound("audio_vae"),
		},
		{
			// Of servers later than 0.8; seen in the official templates.
			Name: "MiniMaxH3ImageToVideo", Display: "MiniMax H3 Image to Video", Category: "model/conditioning/minimax", Module: "comfy_extras.nodes_minimax_h3",
			Required: []Input{
				link("clip", "CLIP"),
				link("vae", "VAE"),
				promptText("prompt"),
				integer("width", 1344, 32, maxSide, 32),
				integer("height", 768, 32, maxSide, 32),
				integer("length", 124, 5, 3600, 17),
			},
			Optional: []Input{
				link("first_frame", "IMAGE"),
				link("last_frame", "IMAGE"),
			},
			Outputs:     []string{"CONDITIONING", "LATENT"},
			OutputNames: []string{"positive", "LATENT"},
			Run:         runMiniMaxH3ImageToVideo,
		},
	}
}

// emptyFilm makes a video latent; models compress space by grid, and time in
// groups of so many frames after the first.
func emptyFilm(grid, group int) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		l := a.film(grid, group)
		return []any{l}, a.err
	}
}

func (a *arguments) film(grid, group int) *latent {
	return &latent{
		width: a.int("width") / grid * grid, height: a.int("height") / grid * grid,
		count: (max(1, a.int("length"))-1)/group*group + 1, video: true,
	}
}

func runWanImageToVideo(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	positive, negative, l := a.conditioning("positive"), a.conditioning("negative"), a.film(8, 4)
	l.first = maybe[*raster.Frames](a, "start_image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{positive, negative, l}, nil
}

func runWan22ImageToVideoLatent(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l := a.film(16, 4)
	l.first = maybe[*raster.Frames](a, "start_image")
	return []any{l}, a.err
}

// runMiniMaxH3ImageToVideo encodes the prompt and makes a latent that also has
// room for sound, 24 frames a second. The model makes 5 frames and blocks of 17
// more; lengths between are rounded up.
func runMiniMaxH3ImageToVideo(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	k, prompt, l := given[*clip](a, "clip"), a.text("prompt"), a.film(32, 1)
	l.count = (max(l.count, 5)-5+16)/17*17 + 5
	l.first, l.last = maybe[*raster.Frames](a, "first_frame"), maybe[*raster.Frames](a, "last_frame")
	if a.err != nil {
		return nil, a.err
	}
	l.seconds = float64(l.count) / 24
	return []any{k.encoded(prompt), l}, nil
}

func runLTXVImgToVideoInplace(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, picture, strength, bypass := a.latent("latent"), a.frames("image"), a.float("strength"), a.bool("bypass")
	if a.err != nil {
		return nil, a.err
	}
	if bypass || strength == 0 {
		return []any{l}, nil
	}
	out := l.copy()
	out.first = picture
	return []any{out}, nil
}

func runLTXVPreprocess(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	return []any{a.frames("image")}, a.err
}

func runLTXVCropGuides(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	positive, negative, l := a.conditioning("positive"), a.conditioning("negative"), a.latent("latent")
	return []any{positive, negative, l}, a.err
}

func runLTXVEmptyLatentAudio(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	count, rate := a.int("frames_number"), a.int("frame_rate")
	return []any{&latent{count: 1, seconds: float64(count) / float64(max(1, rate))}}, a.err
}

func runLTXVConcatAVLatent(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, sound := a.latent("video_latent"), a.latent("audio_latent")
	if a.err != nil {
		return nil, a.err
	}
	out := picture.copy()
	out.audio = sound
	return []any{out}, nil
}

func runLTXVSeparateAVLatent(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	joined := a.latent("av_latent")
	if a.err != nil {
		return nil, a.err
	}
	picture, sound := joined.copy(), joined.audio
	picture.audio = nil
	if sound == nil {
		sound = &latent{count: 1, seconds: joined.seconds}
	}
	return []any{picture, sound}, nil
}

func runLTXVLatentUpsampler(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, upscaler := a.latent("samples"), given[*modelPatch](a, "upscale_model")
	if a.err != nil {
		return nil, a.err
	}
	n := upscaleFactor(upscaler.file)
	return one(l.resized(l.width*n, l.height*n, "bilinear", "disabled"))
}

// decodeSound makes a soft chord as long as the latent says; the seed of the
// prompt picks its key.
func decodeSound(vaeInput string) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		l := a.latent("samples")
		given[*vae](a, vaeInput)
		if a.err != nil {
			return nil, a.err
		}
		return []any{chord(l.seconds, c.Seed)}, nil
	}
}

// chord is a minor or major triad that swells and fades, mono.
func chord(seconds float64, seed uint64) *container.Sound {
	const rate = 44100
	d := painter.NewDice(seed)
	root := 110 * math.Pow(2, float64(d.Below(12))/12)
	third := 1.2
	if d.Chance(0.5) {
		third = 1.25
	}
	s := &container.Sound{Rate: rate, Samples: make([]int16, int(min(max(seconds, 0.1), 600)*rate))}
	for i := range s.Samples {
		t := float64(i) / rate
		wave := math.Sin(2*math.Pi*root*t) + 0.6*math.Sin(2*math.Pi*root*third*t) + 0.5*math.Sin(2*math.Pi*root*1.5*t)
		swell := math.Sin(math.Pi * float64(i) / float64(len(s.Samples)))
		s.Samples[i] = int16(4000 * wave * swell)
	}
	return s
}
