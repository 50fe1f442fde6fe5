package nodes

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// txt2img are the inputs of a plain sampler.
func txt2img(width, height int) in {
	return in{
		"model": &model{file: "m.safetensors"}, "positive": &conditioning{text: "a lighthouse at dusk"}, "negative": &conditioning{},
		"latent_image": &latent{width: width, height: height, count: 1}, "seed": int64(5), "steps": int64(4), "cfg": 3.5, "denoise": 1.0,
	}
}

func (b *bench) sampled(inputs in) *latent {
	b.t.Helper()
	return b.run("KSampler", inputs)[0].(*latent)
}

func distance(a, b *raster.Raster) float64 {
	sum := 0.0
	for i, v := range a.Pix {
		sum += math.Abs(float64(v - b.Pix[i]))
	}
	return sum / float64(len(a.Pix))
}

func TestSamplerReportsSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look = true
	b.sampled(txt2img(64, 64))
	if diff := cmp.Diff([]int{1, 2, 3, 4}, b.steps); diff != "" {
		t.Error(diff)
	}
}

func TestPreviewIsSmallAndConverges(t *testing.T) {
	t.Parallel()
	j := sampling{
		model: &model{}, positive: &conditioning{text: "sea"}, negative: &conditioning{},
		latent: &latent{width: 1024, height: 512, count: 1}, denoise: 1, steps: 4,
	}
	preview := j.preview()
	if size := preview(1).Bounds().Size(); size.X != 256 || size.Y != 128 {
		t.Errorf("preview is %v", size)
	}
	final := raster.Of(preview(1))
	last := math.Inf(1)
	for _, done := range []float64{0.1, 0.4, 0.7, 1} {
		d := distance(raster.Of(preview(done)), final)
		if d >= last {
			t.Errorf("at %.1f the preview is no nearer to the picture: %.4f after %.4f", done, d, last)
		}
		last = d
	}
}

func TestSamplerKeepsTheStart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	start := raster.FramesOf(gradient(128, 96, 3))
	at := func(denoise float64) float64 {
		inputs := txt2img(0, 0)
		inputs["latent_image"] = encoded(start)
		inputs["denoise"] = denoise
		return distance(b.sampled(inputs).pixels.At(0), start.At(0))
	}
	low, mid, full := at(0.1), at(0.5), at(1)
	if !(low < mid && mid < full) {
		t.Errorf("distance to the start at denoise 0.1, 0.5, 1: %.3f, %.3f, %.3f", low, mid, full)
	}
}

// TestMasksKeepThePicture checks the three ways to say where to paint.
func TestMasksKeepThePicture(t *testing.T) {
	t.Parallel()
	picture := raster.FramesOf(gradient(128, 96, 3))
	half := raster.New(128, 96, 1)
	for y := range 96 {
		for x := 64; x < 128; x++ {
			half.Row(y)[x] = 1
		}
	}
	mask := raster.FramesOf(half)
	tests := map[string]func(b *bench, inputs in){
		"noise mask": func(b *bench, inputs in) {
			inputs["latent_image"] = b.run("SetLatentNoiseMask", in{"samples": encoded(picture), "mask": mask})[0]
		},
		"inpaint model": func(b *bench, inputs in) {
			out := b.run("InpaintModelConditioning", in{
				"positive": inputs["positive"], "negative": inputs["negative"],
				"vae": &vae{}, "pixels": picture, "mask": mask, "noise_mask": false,
			})
			inputs["positive"], inputs["negative"], inputs["latent_image"] = out[0], out[1], out[2]
		},
		"control net": func(b *bench, inputs in) {
			out := b.run("ControlNetInpaintingAliMamaApply", in{
				"positive": inputs["positive"], "negative": inputs["negative"],
				"control_net": &modelPatch{}, "vae": &vae{}, "image": picture, "mask": mask, "strength": 1.0,
			})
			inputs["positive"], inputs["latent_image"] = out[0], encoded(picture)
		},
		"model patch": func(b *bench, inputs in) {
			inputs["model"] = b.run("QwenImageDiffsynthControlnet", in{
				"model": inputs["model"], "model_patch": &modelPatch{},
				"vae": &vae{}, "image": picture, "mask": mask, "strength": 1.0,
			})[0]
			inputs["latent_image"] = encoded(picture)
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			inputs := txt2img(0, 0)
			prepare(b, inputs)
			got := b.sampled(inputs).pixels.At(0)
			kept, painted := got.Crop(0, 0, 64, 96), got.Crop(64, 0, 64, 96)
			if diff := cmp.Diff(picture.At(0).Crop(0, 0, 64, 96).Pix, kept.Pix); diff != "" {
				t.Error("the unmasked half changed")
			}
			if distance(painted, picture.At(0).Crop(64, 0, 64, 96)) < 0.05 {
				t.Error("the masked half did not change")
			}
		})
	}
}

func TestVAEEncodeForInpaintGreys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mask := raster.New(64, 64, 1)
	mask.At(32, 32)[0] = 1
	l := b.run("VAEEncodeForInpaint", in{"pixels": raster.FramesOf(gradient(64, 64, 3)), "vae": &vae{}, "mask": raster.FramesOf(mask), "grow_mask_by": int64(6)})[0].(*latent)
	if p := l.pixels.At(0).At(32, 32); p[0] != 0.5 || p[1] != 0.5 {
		t.Errorf("the masked pixel is %v", p)
	}
	grown := l.mask.At(0)
	if grown.At(35, 35)[0] != 1 || grown.At(36, 36)[0] != 0 {
		t.Error("the mask did not grow by 3 pixels on each side")
	}
}

// TestRefinerContinues checks that a second sampler finishes the first one's
// picture instead of drawing its own.
func TestRefinerContinues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inputs := in{
		"model": &model{}, "positive": &conditioning{text: "sea"}, "negative": &conditioning{}, "steps": int64(10),
		"latent_image": &latent{width: 64, height: 64, count: 1}, "add_noise": "enable", "noise_seed": int64(3), "cfg": 5.0,
		"start_at_step": int64(0), "end_at_step": int64(8), "return_with_leftover_noise": "enable",
	}
	first := b.run("KSamplerAdvanced", inputs)[0].(*latent)
	if first.noise < 0.19 || first.noise > 0.21 {
		t.Errorf("leftover noise %v, want 0.2", first.noise)
	}
	inputs["latent_image"], inputs["add_noise"], inputs["noise_seed"] = first, "disable", int64(0)
	inputs["start_at_step"], inputs["end_at_step"], inputs["return_with_leftover_noise"] = int64(8), int64(10000), "disable"
	b.steps = nil
	second := b.run("KSamplerAdvanced", inputs)[0].(*latent)
	if second.noise != 0 || !bytes.Equal(pngOf(t, second.pixels.At(0)), pngOf(t, first.pixels.At(0))) {
		t.Error("the second sampler drew another picture")
	}
	if len(b.steps) != 2 {
		t.Errorf("%d steps, want 2", len(b.steps))
	}
}

func TestCustomSamplerSplits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	whole := b.run("BasicScheduler", in{"model": &model{}, "scheduler": "simple", "steps": int64(8), "denoise": 0.5})[0]
	out := b.run("SplitSigmas", in{"sigmas": whole, "step": int64(2)})
	high, low := *out[0].(*sigmas), *out[1].(*sigmas)
	if high != (sigmas{2, 0.5, 0.375}) || low != (sigmas{6, 0.375, 0}) {
		t.Errorf("got %+v and %+v", high, low)
	}
	if _, err := b.fails("ManualSigmas", in{"sigmas": "1, x"}); err == nil {
		t.Error("a word passed for a number")
	}
}

func TestBatchPicturesDiffer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inputs := txt2img(64, 64)
	inputs["latent_image"] = &latent{width: 64, height: 64, count: 3}
	pixels := b.sampled(inputs).pixels
	seen := map[string]bool{}
	for i := range pixels.Count {
		seen[string(pngOf(t, pixels.At(i)))] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d different pictures of 3", len(seen))
	}
}

func TestUpscaleFactor(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]int{
		"RealESRGAN_x2plus.pth": 2, "4x-UltraSharp.pth": 4, "8x_NMKD.pth": 8, "random.pth": 4, "x4.safetensors": 4, "sub/1x-DeNoise.pth": 1,
	} {
		if got := upscaleFactor(file); got != want {
			t.Errorf("%s: %d, want %d", file, got, want)
		}
	}
}

func TestVideoFramesMove(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inputs := txt2img(0, 0)
	first := raster.FramesOf(gradient(64, 48, 3))
	inputs["latent_image"] = b.run("Wan22ImageToVideoLatent", in{"vae": &vae{}, "width": int64(128), "height": int64(96), "length": int64(16), "start_image": first})[0]
	film := b.sampled(inputs).pixels
	if film.Count != 13 { // one, and groups of four
		t.Errorf("%d frames, want 13", film.Count)
	}
	if d := distance(film.At(4), film.At(film.Count-1)); d < 0.005 {
		t.Errorf("frames hardly differ: %.4f", d)
	}
	start := raster.Covering(first.At(0), 128, 96)
	if near, far := distance(film.At(0), start), distance(film.At(12), start); near > far/2 {
		t.Errorf("the film starts %.3f from its first picture and ends %.3f from it", near, far)
	}
	if again := b.sampled(inputs).pixels; !bytes.Equal(pngOf(t, film.At(7)), pngOf(t, again.At(7))) {
		t.Error("the same inputs give another film")
	}
}
