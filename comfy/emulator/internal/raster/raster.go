// Package raster holds pictures, masks and sequences of them, and scales them as
// PyTorch and Pillow do.
package raster

// A Raster is one picture (3 or 4 channels) or one mask (1 channel): samples
// in 0..1 with 32 bits, row by row, channels interleaved. The precision is the
// server's own, so that chains of nodes round where it rounds: when saving.
type Raster struct {
	Width, Height, Channels int
	Pix                     []float32
}

// New makes a raster of zeros: black, or transparent.
func New(width, height, channels int) *Raster {
	return &Raster{width, height, channels, make([]float32, width*height*channels)}
}

// At returns the samples of one pixel as a slice into the raster.
func (r *Raster) At(x, y int) []float32 {
	i := (y*r.Width + x) * r.Channels
	return r.Pix[i : i+r.Channels : i+r.Channels]
}

// Row returns the samples of a line as a slice into the raster.
func (r *Raster) Row(y int) []float32 {
	n := r.Width * r.Channels
	return r.Pix[y*n : (y+1)*n : (y+1)*n]
}

// Fill sets every sample, and returns r.
func (r *Raster) Fill(v float32) *Raster {
	for i := range r.Pix {
		r.Pix[i] = v
	}
	return r
}

// Clone returns a copy that shares nothing with r.
func (r *Raster) Clone() *Raster {
	c := *r
	c.Pix = append([]float32(nil), r.Pix...)
	return &c
}

// Mapped returns a copy with every sample changed by f.
func (r *Raster) Mapped(f func(float32) float32) *Raster {
	out := New(r.Width, r.Height, r.Channels)
	for i, v := range r.Pix {
		out.Pix[i] = f(v)
	}
	return out
}

// Crop returns the part of r inside the rectangle, which must overlap it.
func (r *Raster) Crop(x, y, width, height int) *Raster {
	width, height = min(width, r.Width-x), min(height, r.Height-y)
	out := New(width, height, r.Channels)
	n := width * r.Channels
	for line := range height {
		from := ((y+line)*r.Width + x) * r.Channels
		copy(out.Row(line), r.Pix[from:from+n])
	}
	return out
}

// Paste copies src into r with its corner at x, y, both within r.
func (r *Raster) Paste(src *Raster, x, y int) {
	for line := range min(src.Height, r.Height-y) {
		to := ((y+line)*r.Width + x) * r.Channels
		n := min(src.Width, r.Width-x) * r.Channels
		copy(r.Pix[to:to+n], src.Row(line))
	}
}

// Channel returns one channel as a mask.
func (r *Raster) Channel(k int) *Raster {
	out := New(r.Width, r.Height, 1)
	for i := range out.Pix {
		out.Pix[i] = r.Pix[i*r.Channels+k]
	}
	return out
}

// WithChannels returns r with three or four channels: a mask becomes grey, a
// missing alpha is opaque, a superfluous one is dropped.
func (r *Raster) WithChannels(n int) *Raster {
	if r.Channels == n {
		return r
	}
	out := New(r.Width, r.Height, n)
	for i := range r.Width * r.Height {
		from, to := r.Pix[i*r.Channels:(i+1)*r.Channels], out.Pix[i*n:(i+1)*n]
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

// Mix returns a*(1-t) + b*t; both must have the same shape.
func Mix(a, b *Raster, t float32) *Raster {
	out := New(a.Width, a.Height, a.Channels)
	for i, v := range a.Pix {
		out.Pix[i] = v + (b.Pix[i]-v)*t
	}
	return out
}

// MixMasked returns a where the mask is 0 and b where it is 1. A pixel whose
// mask is exactly 0 keeps its exact value.
func MixMasked(a, b, mask *Raster) *Raster {
	out := a.Clone()
	for i, m := range mask.Pix {
		if m <= 0 {
			continue
		}
		for k := i * a.Channels; k < (i+1)*a.Channels; k++ {
			out.Pix[k] += (b.Pix[k] - out.Pix[k]) * min(m, 1)
		}
	}
	return out
}

// Level is the 8-bit value the server saves for a sample: cut off, not rounded.
func Level(v float32) byte {
	v *= 255
	if v >= 255 {
		return 255
	}
	if v > 0 { // false for NaN
		return byte(v)
	}
	return 0
}

// Turned applies an EXIF orientation, 1 to 8; any other value is 1.
func (r *Raster) Turned(orientation int) *Raster {
	if orientation < 2 || orientation > 8 {
		return r
	}
	width, height := r.Width, r.Height
	if orientation >= 5 {
		width, height = height, width
	}
	out := New(width, height, r.Channels)
	for y := range height {
		for x := range width {
			var sx, sy int
			switch orientation {
			case 2:
				sx, sy = r.Width-1-x, y
			case 3:
				sx, sy = r.Width-1-x, r.Height-1-y
			case 4:
				sx, sy = x, r.Height-1-y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, r.Height-1-x
			case 7:
				sx, sy = r.Width-1-y, r.Height-1-x
			case 8:
				sx, sy = r.Width-1-y, x
			}
			copy(out.At(x, y), r.At(sx, sy))
		}
	}
	return out
}
