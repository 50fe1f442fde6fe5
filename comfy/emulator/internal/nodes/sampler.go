package nodes

import (
	"context"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/painter"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func samplerClasses() []*Class {
	return []*Class{
		{
			Name: "KSampler", Display: "KSampler", Category: "sampling", Module: "nodes",
			Required: []Input{
				link("model", "MODEL"),
				seedNumber("seed"),
				integer("steps", 20, 1, 10000, 0),
				number("cfg", 8, 0, 100, 0.1).with("round", 0.01),
				combo("sampler_name", samplerNames()...),
				combo("scheduler", schedulerNames()...),
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("latent_image", "LATENT"),
				number("denoise", 1, 0, 1, 0.01),
			},
			Outputs: []string{"LATENT"},
			Run:     runKSampler,
		},
		{
			Name: "KSamplerAdvanced", Display: "KSampler (Advanced)", Category: "sampling", Module: "nodes",
			Required: []Input{
				link("model", "MODEL"),
				combo("add_noise", "enable", "disable"),
				seedNumber("noise_seed"),
				integer("steps", 20, 1, 10000, 0),
				number("cfg", 8, 0, 100, 0.1).with("round", 0.01),
				combo("sampler_name", samplerNames()...),
				combo("scheduler", schedulerNames()...),
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("latent_image", "LATENT"),
				integer("start_at_step", 0, 0, 10000, 0),
				integer("end_at_step", 10000, 0, 10000, 0),
				combo("return_with_leftover_noise", "disable", "enable"),
			},
			Outputs: []string{"LATENT"},
			Run:     runKSamplerAdvanced,
		},
		{
			Name: "SamplerCustom", Display: "SamplerCustom", Category: "sampling/custom_sampling", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("model", "MODEL"),
				boolean("add_noise", true),
				seedNumber("noise_seed"),
				number("cfg", 8, 0, 100, 0.1).with("round", 0.01),
				link("positive", "CONDITIONING"),
				link("negative", "CONDITIONING"),
				link("sampler", "SAMPLER"),
				link("sigmas", "SIGMAS"),
				link("latent_image", "LATENT"),
			},
			Outputs:     []string{"LATENT", "LATENT"},
			OutputNames: []string{"output", "denoised_output"},
			Run:         runSamplerCustom,
		},
		{
			Name: "SamplerCustomAdvanced", Display: "SamplerCustomAdvanced", Category: "sampling/custom_sampling", Module: "comfy_extras.nodes_custom_sampler",
			Required: []Input{
				link("noise", "NOISE"),
				link("guider", "GUIDER"),
				link("sampler", "SAMPLER"),
				link("sigmas", "SIGMAS"),
				link("latent_image", "LATENT"),
			},
			Outputs:     []string{"LATENT", "LATENT"},
			OutputNames: []string{"output", "denoised_output"},
			Run:         runSamplerCustomAdvanced,
		},
	}
}

// A sampling is one walk from noise to picture, whichever node asked for it.
type sampling struct {
	model              *model
	positive, negative *conditioning
	latent             *latent
	seed               uint64
	cfg                float64
	denoise            float64 // how much of the way from noise to picture it goes
	steps              int
	leftover           float64 // noise it leaves in, 0..1
	noNoise            bool    // the latent is taken as it is
	settings           string
}

func runKSampler(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	j := sampling{
		model: a.model("model"), positive: a.conditioning("positive"), negative: a.conditioning("negative"),
		latent: a.latent("latent_image"), seed: a.seed("seed"), cfg: a.float("cfg"), denoise: a.float("denoise"),
		steps: a.int("steps"), settings: a.text("sampler_name") + " " + a.text("scheduler"),
	}
	if a.err != nil {
		return nil, a.err
	}
	return one(j.sample(ctx, c))
}

func runKSamplerAdvanced(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	total := a.int("steps")
	from, to := min(a.int("start_at_step"), total), min(a.int("end_at_step"), total)
	j := sampling{
		model: a.model("model"), positive: a.conditioning("positive"), negative: a.conditioning("negative"),
		latent: a.latent("latent_image"), seed: a.seed("noise_seed"), cfg: a.float("cfg"),
		steps: max(0, to-from), settings: a.text("sampler_name") + " " + a.text("scheduler"),
		noNoise: a.text("add_noise") == "disable",
	}
	j.denoise = float64(total-from) / float64(total)
	if a.text("return_with_leftover_noise") == "enable" {
		j.leftover = float64(total-to) / float64(total)
	}
	if a.err != nil {
		return nil, a.err
	}
	return one(j.sample(ctx, c))
}

func runSamplerCustom(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	s := given[*sigmas](a, "sigmas")
	j := sampling{
		model: a.model("model"), positive: a.conditioning("positive"), negative: a.conditioning("negative"),
		latent: a.latent("latent_image"), seed: a.seed("noise_seed"), cfg: a.float("cfg"),
		noNoise: !a.bool("add_noise"), settings: string(given[samplerChoice](a, "sampler")),
	}
	if a.err != nil {
		return nil, a.err
	}
	return twice(j.along(s).sample(ctx, c))
}

func runSamplerCustomAdvanced(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	s, g, n := given[*sigmas](a, "sigmas"), given[*guider](a, "guider"), given[*noiseSource](a, "noise")
	chosen, l := given[samplerChoice](a, "sampler"), a.latent("latent_image")
	if a.err != nil {
		return nil, a.err
	}
	j := sampling{
		model: g.model, positive: g.positive, negative: g.negative, cfg: g.cfg,
		latent: l, seed: n.seed, noNoise: n.none, settings: string(chosen),
	}
	return twice(j.along(s).sample(ctx, c))
}

func (j sampling) along(s *sigmas) sampling {
	j.steps, j.denoise, j.leftover = s.steps, s.from, s.to
	return j
}

// one is the result of a node with a single output.
func one[T any](v T, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	return []any{v}, nil
}

// twice is the result of the custom samplers: the output, and the output
// without what noise is left in it.
func twice(l *latent, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	clean := l.copy()
	clean.noise = 0
	return []any{l, clean}, nil
}

// sample walks the steps and returns the latent with the picture in it.
func (j sampling) sample(ctx context.Context, c *Call) (*latent, error) {
	if j.latent.width < 1 || j.latent.height < 1 {
		return nil, fmt.Errorf("latent of %dx%d pixels has no picture to sample", j.latent.width, j.latent.height)
	}
	kept := j.latent.count
	if j.latent.video {
		kept = 2 // the plate
	}
	if err := raster.RoomFor(kept, j.latent.width, j.latent.height); err != nil {
		return nil, err
	}
	if j.negative == nil {
		j.negative = &conditioning{}
	}
	small := j.preview()
	for i := range j.steps {
		if err := pause(ctx, c.Step); err != nil {
			return nil, err
		}
		if c.Report != nil {
			done := float64(i+1) / float64(j.steps)
			c.Report(i+1, j.steps, func() image.Image { return small(done) })
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := j.latent.copy()
	out.noise = j.leftover
	if j.unfinished() {
		return out, nil
	}
	out.pixels = j.result()
	return out, nil
}

// unfinished says that the latent holds a picture which another sampler left
// with noise in it: going on finishes that picture instead of drawing one more.
func (j sampling) unfinished() bool {
	return j.noNoise && j.latent.noise > 0 && j.latent.pixels != nil
}

// pause sleeps for d or until the run is cancelled.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (j sampling) recipe() painter.Recipe {
	style := append([]string{j.model.file}, j.model.notes...)
	settings := append([]string{j.settings, strconv.Itoa(j.steps), fmt.Sprintf("%.4g", j.cfg)}, j.positive.notes...)
	settings = append(settings, j.negative.notes...)
	return painter.Recipe{
		Prompt: j.positive.text, Negative: j.negative.text, Seed: j.seed,
		Style: strings.Join(style, "\n"), Settings: strings.Join(settings, "\n"), Guidance: j.cfg,
	}
}

// result draws every picture of the batch, or the frames of the video.
func (j sampling) result() *raster.Frames {
	if j.latent.video {
		return j.film()
	}
	rasters := make([]*raster.Raster, j.latent.count)
	for i := range rasters {
		rasters[i] = j.picture(i, j.latent.width, j.latent.height)
	}
	return raster.FramesOf(rasters...)
}

// picture draws one picture at a size: what the prompt asks for, over what the
// latent, the references and the masks hold.
func (j sampling) picture(i, width, height int) *raster.Raster {
	r := j.recipe()
	r.Variant = i
	out := painter.Paint(r, width, height)
	out = j.refer(out)
	start := j.start(i, width, height)
	if start != nil && j.denoise < 1 {
		out = raster.Mix(start, out, float32(min(max(j.denoise, 0), 1)))
	}
	painter.Caption(out, j.positive.text)
	if mask := j.mask(); mask != nil {
		under := start
		if j.positive.keep != nil {
			under = j.positive.keep.Fitted(width, height).At(i).WithChannels(3)
		}
		if under != nil {
			out = raster.MixMasked(under, out, mask.Fitted(width, height).At(i))
		}
	}
	return out
}

// start is the picture in the latent, nil when it is empty.
func (j sampling) start(i, width, height int) *raster.Raster {
	if j.latent.pixels == nil {
		return nil
	}
	return raster.FramesOf(j.latent.pixels.At(i)).Fitted(width, height).At(0).WithChannels(3)
}

// mask is where the sampler may paint: the latent's noise mask, an inpaint
// model's, or a model patch's.
func (j sampling) mask() *raster.Frames {
	switch {
	case j.latent.mask != nil:
		return j.latent.mask
	case j.positive.mask != nil:
		return j.positive.mask
	}
	return j.model.keeps
}

// refer lets pictures that the prompt refers to show through: an edit keeps
// their shapes and takes light and colour from the drawing.
func (j sampling) refer(drawing *raster.Raster) *raster.Raster {
	references := j.positive.references
	hint, strength := j.positive.hint, j.positive.strength
	if hint == nil && j.model.image != nil && j.model.keeps == nil {
		hint, strength = j.model.image, 1
	}
	if len(references) > 0 {
		base := raster.Covering(references[0].At(0).WithChannels(3), drawing.Width, drawing.Height)
		drawing = painter.Edited(base, drawing)
		for k, extra := range references[1:] {
			painter.Inset(drawing, extra.At(0).WithChannels(3), k)
		}
	}
	if hint != nil && strength > 0 {
		base := raster.Covering(hint.At(0).WithChannels(3), drawing.Width, drawing.Height)
		drawing = painter.Guided(base, drawing, float32(math.Min(strength, 1)))
	}
	return drawing
}

// preview returns a function that draws the picture as it looks when a share
// of the steps is done, at most 256 pixels large. It draws when first asked.
func (j sampling) preview() func(done float64) image.Image {
	small := sync.OnceValue(func() *raster.Raster {
		width, height := raster.Within(j.latent.width, j.latent.height, 256)
		if j.unfinished() {
			return j.latent.pixels.Slice(0, 1).Fitted(width, height).At(0)
		}
		return j.picture(0, width, height)
	})
	return func(done float64) image.Image {
		left := (1 - done) * min(max(j.denoise, 0), 1)
		return painter.Noisy(small(), left+j.leftover*done, j.seed).Picture()
	}
}
