package raster

import (
	"image"
	"image/color"
)

// Of converts to four channels with the alpha not multiplied in; 16-bit
// samples are cut to 8, as Pillow does.
func Of(img image.Image) *Raster {
	b := img.Bounds()
	out := New(b.Dx(), b.Dy(), 4)
	for y := range out.Height {
		line := out.Row(y)
		for x := range out.Width {
			p := line[x*4 : x*4+4]
			if nrgba, ok := img.(*image.NRGBA); ok {
				i := nrgba.PixOffset(b.Min.X+x, b.Min.Y+y)
				for k, v := range nrgba.Pix[i : i+4] {
					p[k] = float32(v) / 255
				}
				continue
			}
			if wide, ok := img.(*image.NRGBA64); ok {
				i := wide.PixOffset(b.Min.X+x, b.Min.Y+y)
				for k := range 4 {
					p[k] = float32(wide.Pix[i+2*k]) / 255
				}
				continue
			}
			r, g, bl, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			if a != 0 && a != 0xffff {
				r, g, bl = r*0xffff/a, g*0xffff/a, bl*0xffff/a
			}
			p[0], p[1], p[2], p[3] = float32(r>>8)/255, float32(g>>8)/255, float32(bl>>8)/255, float32(a>>8)/255
		}
	}
	return out
}

// Picture converts r to a standard image for previews and encoders.
func (r *Raster) Picture() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, r.Width, r.Height))
	src := r.WithChannels(max(3, r.Channels))
	for i := range r.Width * r.Height {
		p := src.Pix[i*src.Channels:]
		alpha := byte(255)
		if src.Channels == 4 {
			alpha = Level(p[3])
		}
		img.SetNRGBA(i%r.Width, i/r.Width, color.NRGBA{Level(p[0]), Level(p[1]), Level(p[2]), alpha})
	}
	return img
}

// RGBA converts to the form that the JPEG encoder is fast with; alpha is dropped.
func (r *Raster) RGBA() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, r.Width, r.Height))
	src := r.WithChannels(3)
	for i := range r.Width * r.Height {
		p, q := src.Pix[i*3:i*3+3], img.Pix[i*4:i*4+4]
		q[0], q[1], q[2], q[3] = Level(p[0]), Level(p[1]), Level(p[2]), 255
	}
	return img
}
