package painter

import (
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// Edited relights a picture with a drawing: it keeps the picture's shapes,
// takes a tone from the drawing's large areas and a breath of the drawing.
func Edited(base, drawing *raster.Raster) *raster.Raster {
	out := raster.New(base.Width, base.Height, 3)
	soft := raster.FramesOf(drawing).Fitted(max(1, base.Width/48), max(1, base.Height/48)).Fitted(base.Width, base.Height).At(0)
	for i := 0; i < len(out.Pix); i += 3 {
		grey := 0.299*base.Pix[i] + 0.587*base.Pix[i+1] + 0.114*base.Pix[i+2]
		for k := i; k < i+3; k++ {
			// Soft light: dark tones darken, bright ones brighten.
			tone := soft.Pix[k]
			lit := base.Pix[k] + (2*tone-1)*base.Pix[k]*(1-base.Pix[k])
			lit += (grey*0.35 + tone*0.65 - lit) * 0.22
			out.Pix[k] = lit + (drawing.Pix[k]-lit)*0.16
		}
	}
	return out
}

// Guided draws the lines of a control picture into a drawing, by its strength.
func Guided(hint, drawing *raster.Raster, strength float32) *raster.Raster {
	out := drawing.Clone()
	for i := 0; i < len(out.Pix); i += 3 {
		grey := 0.299*hint.Pix[i] + 0.587*hint.Pix[i+1] + 0.114*hint.Pix[i+2]
		for k := i; k < i+3; k++ {
			v := out.Pix[k]
			shaped := v + (2*grey-1)*v*(1-v)
			shaped += (hint.Pix[k] - shaped) * 0.25
			out.Pix[k] = v + (shaped-v)*strength
		}
	}
	return out
}

// Inset sets a further reference into the upper corners, small and framed.
func Inset(drawing, extra *raster.Raster, slot int) {
	side := min(drawing.Width, drawing.Height) / 5
	margin := max(1, side/8)
	width, height := raster.Within(extra.Width, extra.Height, side)
	small := raster.Covering(extra, max(1, width), max(1, height))
	x, y := drawing.Width-margin-small.Width, margin+slot*(side+margin)
	if x < 1 || y+small.Height+1 > drawing.Height {
		return
	}
	for py := y - 1; py <= y+small.Height; py++ {
		spot(drawing, x-1, py, 1, 1, 0.8)
		spot(drawing, x+small.Width, py, 1, 1, 0.8)
	}
	for px := x; px < x+small.Width; px++ {
		spot(drawing, px, y-1, 1, 1, 0.8)
		spot(drawing, px, y+small.Height, 1, 1, 0.8)
	}
	drawing.Paste(small, x, y)
}

// Noisy mixes noise into a picture: 0 is the picture, 1 is noise alone. Coarse
// shapes come out of it before fine ones.
func Noisy(r *raster.Raster, amount float64, seed uint64) *raster.Raster {
	if amount <= 0 {
		return r
	}
	amount = clamp(amount, 0, 1)
	out := raster.New(r.Width, r.Height, r.Channels)
	d := Dice{scramble(seed)}
	keep, add := float32(1-amount*amount), float32(0.9*math.Pow(amount, 0.8))
	for i := 0; i < len(out.Pix); i += r.Channels {
		bits := d.next()
		for k := range r.Channels {
			// Two bytes summed make a triangle: near enough to a bell.
			n := float32(bits&255+bits>>8&255)/510 - 0.5
			bits >>= 16
			v := 0.5 + (r.Pix[i+k]-0.5)*keep + n*add
			out.Pix[i+k] = min(max(v, 0), 1)
		}
	}
	return out
}
