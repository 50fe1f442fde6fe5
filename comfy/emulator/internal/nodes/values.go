package nodes

import (
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// The values that travel between nodes, besides frames and constants. They
// hold the facts that steer a picture. A node never changes a value it was
// given: others may hold it, and the cache does.

// A model is a diffusion model with everything stacked on it.
type model struct {
	file  string
	notes []string       // patches in order, e.g. "lora milan.safetensors 0.80"
	keeps *raster.Frames // where a patch lets the sampler paint; nil = everywhere
	image *raster.Frames // the picture a patch was given to hold on to
}

func (m *model) patched(format string, args ...any) *model {
	out := *m
	out.notes = append(append([]string(nil), m.notes...), fmt.Sprintf(format, args...))
	return &out
}

// A clip is a text encoder.
type clip struct{ notes []string }

func (c *clip) patched(format string, args ...any) *clip {
	return &clip{append(append([]string(nil), c.notes...), fmt.Sprintf(format, args...))}
}

// A vae turns pixels into latents; here both are pixels.
type vae struct{ file string }

// A modelPatch is a file of a loader that has no more to say than its name:
// control nets, patches, upscalers, vision encoders.
type modelPatch struct{ file string }

// A conditioning is an encoded prompt.
type conditioning struct {
	text       string
	notes      []string
	references []*raster.Frames // pictures the prompt refers to
	hint       *raster.Frames   // a control picture
	strength   float64          // of the hint
	keep       *raster.Frames   // pixels of an inpaint model
	mask       *raster.Frames   // where an inpaint model paints
}

func (c *conditioning) noted(format string, args ...any) *conditioning {
	out := *c
	out.notes = append(append([]string(nil), c.notes...), fmt.Sprintf(format, args...))
	return &out
}

func (c *conditioning) referring(pictures ...*raster.Frames) *conditioning {
	out := *c
	out.references = append([]*raster.Frames(nil), c.references...)
	for _, p := range pictures {
		if p != nil {
			out.references = append(out.references, p)
		}
	}
	return &out
}

// A latent is a picture on its way through a sampler. It keeps pixels.
type latent struct {
	width, height int // pixels
	count         int // pictures of a batch, or frames of a video
	video         bool
	pixels        *raster.Frames // nil: empty
	mask          *raster.Frames // where samplers may paint; nil = everywhere
	noise         float64        // 0..1: how much of the noise is still in it
	first, last   *raster.Frames // frames that a video starts and ends with
	audio         *latent        // the sound half of a joined latent
	seconds       float64        // of an audio latent
}

func (l *latent) copy() *latent { c := *l; return &c }

// A sigmas value is a noise schedule: how many steps, and which part of the
// way from noise to picture they cover.
type sigmas struct {
	steps    int
	from, to float64 // 1 = pure noise, 0 = the picture
}

// A guider joins what a custom sampler needs to know.
type guider struct {
	model              *model
	positive, negative *conditioning
	cfg                float64
}

// A noiseSource is a seed, or no noise at all.
type noiseSource struct {
	seed uint64
	none bool
}

// A samplerChoice is a sampler's name.
type samplerChoice string

// stem is a file name without folders and extension.
func stem(file string) string {
	file = file[strings.LastIndexAny(file, `/\`)+1:]
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file = file[:i]
	}
	return file
}
