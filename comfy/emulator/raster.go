package emulator

import (
	"fmt"
	"image"
	"image/color"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A raster is one picture (3 or 4 channels) or one mask (1 channel): samples
// in 0..1 with 32 bits, row by row, channels interleaved. The precision is the
// server's own, so that chains of nodes round where it rounds: when saving.
type raster struct {
	width, height, channels int
	pix                     []float32
}

func newRaster(width, height, channels int) *raster {
	return &raster{width, height, channels, make([]float32, width*height*channels)}
}

// at returns the samples of one pixel as a slice into the raster.
func (r *raster) at(x, y int) []float32 {
	i := (y*r.width + x) * r.channels
	return r.pix[i : i+r.channels : i+r.channels]
}

// row returns the samples of a line as a slice into the raster.
func (r *raster) row(y int) []float32 {
	n := r.width * r.channels
	return r.pix[y*n : (y+1)*n : (y+1)*n]
}

func (r *raster) fill(v float32) *raster {
	for i := range r.pix {
		r.pix[i] = v
	}
	return r
}

func (r *raster) clone() *raster {
	c := *r
	c.pix = append([]float32(nil), r.pix...)
	return &c
}

// mapped returns a copy with every sample changed by f.
func (r *raster) mapped(f func(float32) float32) *raster {
	out := newRaster(r.width, r.height, r.channels)
	for i, v := range r.pix {
		out.pix[i] = f(v)
	}
	return out
}

// crop returns the part of r inside the rectangle, which must overlap it.
func (r *raster) crop(x, y, width, height int) *raster {
	width, height = min(width, r.width-x), min(height, r.height-y)
	out := newRaster(width, height, r.channels)
	n := width * r.channels
	for line := range height {
		from := ((y+line)*r.width + x) * r.channels
		copy(out.row(line), r.pix[from:from+n])
	}
	return out
}

// paste copies src into r with its corner at x, y, both within r.
func (r *raster) paste(src *raster, x, y int) {
	for line := range min(src.height, r.height-y) {
		to := ((y+line)*r.width + x) * r.channels
		n := min(src.width, r.width-x) * r.channels
		copy(r.pix[to:to+n], src.row(line))
	}
}

// channel returns one channel as a mask.
func (r *raster) channel(k int) *raster {
	out := newRaster(r.width, r.height, 1)
	for i := range out.pix {
		out.pix[i] = r.pix[i*r.channels+k]
	}
	return out
}

// withChannels returns r with three or four channels: a mask becomes grey, a
// missing alpha is opaque, a superfluous one is dropped.
func (r *raster) withChannels(n int) *raster {
	if r.channels == n {
		return r
	}
	out := newRaster(r.width, r.height, n)
	for i := range r.width * r.height {
		from, to := r.pix[i*r.channels:(i+1)*r.channels], out.pix[i*n:(i+1)*n]
		for k := range to {
			switch {
			case k < len(from):
				to[k] = from[k]
			case k == 3:
				to[k] = 1
			default:
				to[k] = from[0]
			}
		}
	}
	return out
}

// mix returns a*(1-t) + b*t; both must have the same shape.
func mix(a, b *raster, t float32) *raster {
	out := newRaster(a.width, a.height, a.channels)
	for i, v := range a.pix {
		out.pix[i] = v + (b.pix[i]-v)*t
	}
	return out
}

// mixMasked returns a where the mask is 0 and b where it is 1. A pixel whose
// mask is exactly 0 keeps its exact value.
func mixMasked(a, b, mask *raster) *raster {
	out := a.clone()
	for i, m := range mask.pix {
		if m <= 0 {
			continue
		}
		for k := i * a.channels; k < (i+1)*a.channels; k++ {
			out.pix[k] += (b.pix[k] - out.pix[k]) * min(m, 1)
		}
	}
	return out
}

// level is the 8-bit value the server saves for a sample: cut off, not rounded.
func level(v float32) byte {
	v *= 255
	if v >= 255 {
		return 255
	}
	if v > 0 { // false for NaN
		return byte(v)
	}
	return 0
}

// picture converts r to a standard image for previews and encoders.
func (r *raster) picture() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, r.width, r.height))
	src := r.withChannels(max(3, r.channels))
	for i := range r.width * r.height {
		p := src.pix[i*src.channels:]
		alpha := byte(255)
		if src.channels == 4 {
			alpha = level(p[3])
		}
		img.SetNRGBA(i%r.width, i/r.width, color.NRGBA{level(p[0]), level(p[1]), level(p[2]), alpha})
	}
	return img
}

// frames is a value of type IMAGE or MASK: one or more rasters of one size. A
// long video keeps no pixels: its frames are drawn when they are asked for.
type frames struct {
	width, height, count int
	drawn                []*raster
	draw                 func(i int) *raster // when drawn is nil
}

func framesOf(rasters ...*raster) *frames {
	return &frames{width: rasters[0].width, height: rasters[0].height, count: len(rasters), drawn: rasters}
}

// at returns frame i; an index past the end gives the last one, as the server
// repeats short batches.
func (f *frames) at(i int) *raster {
	i = min(i, f.count-1)
	if f.drawn != nil {
		return f.drawn[i]
	}
	return f.draw(i)
}

// each applies g to every frame: at once for kept frames, on demand for a video.
func (f *frames) each(g func(*raster) *raster) *frames {
	if f.drawn == nil {
		first := g(f.draw(0))
		return &frames{
			width: first.width, height: first.height, count: f.count,
			draw: func(i int) *raster { return g(f.draw(i)) },
		}
	}
	out := make([]*raster, len(f.drawn))
	for i, r := range f.drawn {
		out[i] = g(r)
	}
	return framesOf(out...)
}

// with pairs every frame of f with the frame of g at the same place.
func (f *frames) with(g *frames, h func(a, b *raster) *raster) *frames {
	return f.numbered(func(i int, r *raster) *raster { return h(r, g.at(i)) })
}

// broadcast repeats a single frame as often as the other has frames, as
// arithmetic on tensors does; other counts do not go together.
func broadcast(f, g *frames) (*frames, *frames, error) {
	switch {
	case f.count == g.count:
		return f, g, nil
	case g.count == 1:
		return f, g, nil // at repeats the last frame
	case f.count == 1:
		return &frames{width: f.width, height: f.height, count: g.count, draw: func(int) *raster { return f.at(0) }}, g, nil
	}
	return nil, nil, sizesDiffer(f.count, g.count, 0)
}

// sizesDiffer is how PyTorch refuses tensors that do not go together.
func sizesDiffer(a, b, dimension int) error {
	return &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf(
		"The size of tensor a (%d) must match the size of tensor b (%d) at non-singleton dimension %d", a, b, dimension)}
}

// numbered is each for functions that keep the size and want the frame's index.
func (f *frames) numbered(g func(i int, r *raster) *raster) *frames {
	if f.drawn == nil {
		return &frames{
			width: f.width, height: f.height, count: f.count,
			draw: func(i int) *raster { return g(i, f.draw(i)) },
		}
	}
	out := make([]*raster, len(f.drawn))
	for i, r := range f.drawn {
		out[i] = g(i, r)
	}
	return framesOf(out...)
}

// slice returns n frames from the given one on.
func (f *frames) slice(from, n int) *frames {
	if f.drawn != nil {
		return framesOf(f.drawn[from : from+n]...)
	}
	return &frames{
		width: f.width, height: f.height, count: n,
		draw: func(i int) *raster { return f.draw(from + i) },
	}
}

// then returns the frames of f followed by those of g.
func (f *frames) then(g *frames) *frames {
	if f.drawn != nil && g.drawn != nil {
		return framesOf(append(append([]*raster(nil), f.drawn...), g.drawn...)...)
	}
	return &frames{width: f.width, height: f.height, count: f.count + g.count, draw: func(i int) *raster {
		if i < f.count {
			return f.at(i)
		}
		return g.at(i - f.count)
	}}
}

// channels is the number of samples per pixel.
func (f *frames) channels() int { return f.at(0).channels }

// rgba converts to the form that the JPEG encoder is fast with; alpha is dropped.
func (r *raster) rgba() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, r.width, r.height))
	src := r.withChannels(3)
	for i := range r.width * r.height {
		p, q := src.pix[i*3:i*3+3], img.Pix[i*4:i*4+4]
		q[0], q[1], q[2], q[3] = level(p[0]), level(p[1]), level(p[2]), 255
	}
	return img
}
