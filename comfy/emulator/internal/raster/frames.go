package raster

import (
	"fmt"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// Frames is a value of type IMAGE or MASK: one or more rasters of one size. A
// long video keeps no pixels: its frames are drawn when they are asked for.
type Frames struct {
	Width, Height, Count int
	Drawn                []*Raster
	Draw                 func(i int) *Raster // when Drawn is nil
}

// FramesOf keeps rasters of one size, at least one, as frames.
func FramesOf(rasters ...*Raster) *Frames {
	return &Frames{Width: rasters[0].Width, Height: rasters[0].Height, Count: len(rasters), Drawn: rasters}
}

// At returns frame i; an index past the end gives the last one, as the server
// repeats short batches.
func (f *Frames) At(i int) *Raster {
	i = min(i, f.Count-1)
	if f.Drawn != nil {
		return f.Drawn[i]
	}
	return f.Draw(i)
}

// Each applies g to every frame: at once for kept frames, on demand for a video.
func (f *Frames) Each(g func(*Raster) *Raster) *Frames {
	if f.Drawn == nil {
		first := g(f.Draw(0))
		return &Frames{
			Width: first.Width, Height: first.Height, Count: f.Count,
			Draw: func(i int) *Raster { return g(f.Draw(i)) },
		}
	}
	out := make([]*Raster, len(f.Drawn))
	for i, r := range f.Drawn {
		out[i] = g(r)
	}
	return FramesOf(out...)
}

// With pairs every frame of f with the frame of g at the same place.
func (f *Frames) With(g *Frames, h func(a, b *Raster) *Raster) *Frames {
	return f.Numbered(func(i int, r *Raster) *Raster { return h(r, g.At(i)) })
}

// Broadcast repeats a single frame as often as the other has frames, as
// arithmetic on tensors does; other counts do not go together.
func Broadcast(f, g *Frames) (*Frames, *Frames, error) {
	switch {
	case f.Count == g.Count:
		return f, g, nil
	case g.Count == 1:
		return f, g, nil // At repeats the last frame
	case f.Count == 1:
		return &Frames{Width: f.Width, Height: f.Height, Count: g.Count, Draw: func(int) *Raster { return f.At(0) }}, g, nil
	}
	return nil, nil, SizesDiffer(f.Count, g.Count, 0)
}

// SizesDiffer is how PyTorch refuses tensors that do not go together.
func SizesDiffer(a, b, dimension int) error {
	return &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf(
		"The size of tensor a (%d) must match the size of tensor b (%d) at non-singleton dimension %d", a, b, dimension)}
}

// Numbered is each for functions that keep the size and want the frame's index.
func (f *Frames) Numbered(g func(i int, r *Raster) *Raster) *Frames {
	if f.Drawn == nil {
		return &Frames{
			Width: f.Width, Height: f.Height, Count: f.Count,
			Draw: func(i int) *Raster { return g(i, f.Draw(i)) },
		}
	}
	out := make([]*Raster, len(f.Drawn))
	for i, r := range f.Drawn {
		out[i] = g(i, r)
	}
	return FramesOf(out...)
}

// Slice returns n frames from the given one on.
func (f *Frames) Slice(from, n int) *Frames {
	if f.Drawn != nil {
		return FramesOf(f.Drawn[from : from+n]...)
	}
	return &Frames{
		Width: f.Width, Height: f.Height, Count: n,
		Draw: func(i int) *Raster { return f.Draw(from + i) },
	}
}

// Then returns the frames of f followed by those of g.
func (f *Frames) Then(g *Frames) *Frames {
	if f.Drawn != nil && g.Drawn != nil {
		return FramesOf(append(append([]*Raster(nil), f.Drawn...), g.Drawn...)...)
	}
	return &Frames{Width: f.Width, Height: f.Height, Count: f.Count + g.Count, Draw: func(i int) *Raster {
		if i < f.Count {
			return f.At(i)
		}
		return g.At(i - f.Count)
	}}
}

// Channels is the number of samples per pixel.
func (f *Frames) Channels() int { return f.At(0).Channels }
