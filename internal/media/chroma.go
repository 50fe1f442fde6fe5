package media

import (
	"image"
	"image/color"
)

// A chroma gives the colour of the rows of a picture at full width.
//
// Photos store one sample of colour for two pixels of a row (4:2:2), or for
// four (4:2:0). Each pixel gets three parts of the nearer sample and one of the
// farther, in each direction, with the roundings of libjpeg: what other
// programs show. The nearest sample alone, which image.YCbCr gives, shows as
// steps along edges of strong colour.
type chroma struct {
	src    *image.YCbCr
	height int     // rows of samples
	cb, cr []uint8 // of the last row
	sums   []uint16
}

// newChroma returns nil for a picture that has a sample for each pixel, or one
// that stores them in another way.
func newChroma(src *image.YCbCr) *chroma {
	size := src.Rect.Size()
	c := &chroma{src: src, height: size.Y}
	switch {
	case src.Rect.Min != image.Point{} || size.X < 2:
		return nil
	case src.SubsampleRatio == image.YCbCrSubsampleRatio420:
		c.height = (size.Y + 1) / 2
	case src.SubsampleRatio != image.YCbCrSubsampleRatio422:
		return nil
	}
	n := (size.X + 1) / 2
	c.cb, c.cr, c.sums = make([]uint8, 2*n), make([]uint8, 2*n), make([]uint16, n)
	return c
}

// fill fills a row with the opaque pixels from x, y on.
func (c *chroma) fill(row []byte, x, y int) {
	c.row(y)
	luma := c.src.Y[c.src.YOffset(x, y):][:len(row)/4]
	cb, cr := c.cb[x:][:len(luma)], c.cr[x:][:len(luma)]
	for i, v := range luma {
		p := row[4*i : 4*i+4]
		p[0], p[1], p[2] = color.YCbCrToRGB(v, cb[i], cr[i])
		p[3] = 0xff
	}
}

// row fills cb and cr for row y.
func (c *chroma) row(y int) {
	near, far := y, y
	if c.src.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		near = y / 2
		far = min(max(near-1+2*(y%2), 0), c.height-1) // above for the upper of two rows
	}
	near, far = near*c.src.CStride, far*c.src.CStride
	c.widen(c.cb, c.src.Cb, near, far)
	c.widen(c.cr, c.src.Cr, near, far)
}

// widen makes a row of twice the width from two rows of samples.
func (c *chroma) widen(out, samples []uint8, near, far int) {
	n := len(c.sums)
	a, b := samples[near:][:n], samples[far:][:n]
	shift, left, right := 4, uint16(8), uint16(7)
	if c.src.SubsampleRatio == image.YCbCrSubsampleRatio422 {
		shift, left, right = 2, 1, 2
		for i, v := range a {
			c.sums[i] = uint16(v)
		}
	} else {
		for i, v := range a {
			c.sums[i] = 3*uint16(v) + uint16(b[i])
		}
	}
	last := c.sums[0]
	for i, this := range c.sums {
		next := c.sums[min(i+1, n-1)]
		out[2*i] = uint8((3*this + last + left) >> shift)
		out[2*i+1] = uint8((3*this + next + right) >> shift)
		last = this
	}
}
