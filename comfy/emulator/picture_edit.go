package emulator

import "math"

// edited relights a picture with a drawing: it keeps the picture's shapes,
// takes a tone from the drawing's large areas and a breath of the drawing.
func edited(base, drawing *raster) *raster {
	out := newRaster(base.width, base.height, 3)
	soft := framesOf(drawing).fitted(max(1, base.width/48), max(1, base.height/48)).fitted(base.width, base.height).at(0)
	for i := 0; i < len(out.pix); i += 3 {
		grey := 0.299*base.pix[i] + 0.587*base.pix[i+1] + 0.114*base.pix[i+2]
		for k := i; k < i+3; k++ {
			// Soft light: dark tones darken, bright ones brighten.
			tone := soft.pix[k]
			lit := base.pix[k] + (2*tone-1)*base.pix[k]*(1-base.pix[k])
			lit += (grey*0.35 + tone*0.65 - lit) * 0.22
			out.pix[k] = lit + (drawing.pix[k]-lit)*0.16
		}
	}
	return out
}

// guided draws the lines of a control picture into a drawing, by its strength.
func guided(hint, drawing *raster, strength float32) *raster {
	out := drawing.clone()
	for i := 0; i < len(out.pix); i += 3 {
		grey := 0.299*hint.pix[i] + 0.587*hint.pix[i+1] + 0.114*hint.pix[i+2]
		for k := i; k < i+3; k++ {
			v := out.pix[k]
			shaped := v + (2*grey-1)*v*(1-v)
			shaped += (hint.pix[k] - shaped) * 0.25
			out.pix[k] = v + (shaped-v)*strength
		}
	}
	return out
}

// inset sets a further reference into the upper corners, small and framed.
func inset(drawing, extra *raster, slot int) {
	side := min(drawing.width, drawing.height) / 5
	margin := max(1, side/8)
	width, height := within(extra.width, extra.height, side)
	small := covering(extra, max(1, width), max(1, height))
	x, y := drawing.width-margin-small.width, margin+slot*(side+margin)
	if x < 1 || y+small.height+1 > drawing.height {
		return
	}
	for py := y - 1; py <= y+small.height; py++ {
		spot(drawing, x-1, py, 1, 1, 0.8)
		spot(drawing, x+small.width, py, 1, 1, 0.8)
	}
	for px := x; px < x+small.width; px++ {
		spot(drawing, px, y-1, 1, 1, 0.8)
		spot(drawing, px, y+small.height, 1, 1, 0.8)
	}
	drawing.paste(small, x, y)
}

// noisy mixes noise into a picture: 0 is the picture, 1 is noise alone. Coarse
// shapes come out of it before fine ones.
func noisy(r *raster, amount float64, seed uint64) *raster {
	if amount <= 0 {
		return r
	}
	amount = clamp(amount, 0, 1)
	out := newRaster(r.width, r.height, r.channels)
	d := dice{scramble(seed)}
	keep, add := float32(1-amount*amount), float32(0.9*math.Pow(amount, 0.8))
	for i := 0; i < len(out.pix); i += r.channels {
		bits := d.next()
		for k := range r.channels {
			// Two bytes summed make a triangle: near enough to a bell.
			n := float32(bits&255+bits>>8&255)/510 - 0.5
			bits >>= 16
			v := 0.5 + (r.pix[i+k]-0.5)*keep + n*add
			out.pix[i+k] = min(max(v, 0), 1)
		}
	}
	return out
}
