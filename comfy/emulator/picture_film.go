package emulator

import (
	"math"
	"sync"
)

// film returns the frames of a video. Nothing is kept but one large drawing: a
// camera moves over it, light breathes, and each frame is cut out when asked.
func (j sampling) film() *frames {
	width, height, count := j.latent.width, j.latent.height, max(1, j.latent.count)
	const room = 1.3 // how much larger than a frame the drawing is
	plate := sync.OnceValue(func() *raster { return j.plate(int(float64(width)*room), int(float64(height)*room)) })
	recipe := j.recipe()
	d := dice{hashOf("camera", recipe.prompt) ^ scramble(j.seed)}
	turn := d.between(0, 2*math.Pi)
	dx, dy := math.Cos(turn), 0.5*math.Sin(turn)
	zoomIn := d.chance(0.5)
	return &frames{width: width, height: height, count: count, draw: func(i int) *raster {
		t := 0.0
		if count > 1 {
			t = float64(i) / float64(count-1)
		}
		t = t * t * (3 - 2*t)
		zoom := lerp(1, 1/room, t*0.75)
		if !zoomIn {
			zoom = lerp(1/room, 1, t*0.75)
		}
		frame := window(plate(), width, height, room*zoom, dx*(t-0.5), dy*(t-0.5))
		breathe(frame, i)
		frame = j.anchored(frame, i, count)
		caption(frame, j.positive.text)
		return frame
	}}
}

// plate is the drawing that the camera moves over; a video that starts from a
// picture moves over that picture.
func (j sampling) plate(width, height int) *raster {
	out := j.refer(paint(j.recipe(), width, height))
	if first := j.latent.first; first != nil {
		out = edited(covering(first.at(0).withChannels(3), width, height), out)
	}
	if start := j.start(0, width, height); start != nil && j.denoise < 1 {
		out = mix(start, out, float32(clamp(j.denoise, 0, 1)))
	}
	return out
}

// anchored fades from the given first frame, and into the given last one.
func (j sampling) anchored(frame *raster, i, count int) *raster {
	span := float64(max(2, count/3))
	if first := j.latent.first; first != nil {
		if share := 1 - float64(i)/span; share > 0 {
			frame = mix(frame, covering(first.at(min(i, first.count-1)).withChannels(3), frame.width, frame.height), float32(share*share))
		}
	}
	if last := j.latent.last; last != nil {
		if share := 1 - float64(count-1-i)/span; share > 0 {
			frame = mix(frame, covering(last.at(0).withChannels(3), frame.width, frame.height), float32(share*share))
		}
	}
	return frame
}

// window cuts a frame out of a plate: scale is plate pixels per frame pixel, dx
// and dy go from -0.5 (left, top) to 0.5 of the room there is.
func window(plate *raster, width, height int, scale, dx, dy float64) *raster {
	out := newRaster(width, height, 3)
	x0 := (float64(plate.width) - float64(width)*scale) * (0.5 + dx)
	y0 := (float64(plate.height) - float64(height)*scale) * (0.5 + dy)
	columns := make([]int, width)
	shares := make([]float32, width)
	for x := range columns {
		sx := clamp(x0+(float64(x)+0.5)*scale-0.5, 0, float64(plate.width)-1.001)
		columns[x] = int(sx) * 3
		shares[x] = float32(sx - math.Floor(sx))
	}
	for y := range height {
		sy := clamp(y0+(float64(y)+0.5)*scale-0.5, 0, float64(plate.height)-1.001)
		above, below := plate.row(int(sy)), plate.row(min(int(sy)+1, plate.height-1))
		v := float32(sy - math.Floor(sy))
		dst := out.row(y)
		for x, at := range columns {
			u := shares[x]
			next := min(at+3, len(above)-3)
			for k := range 3 {
				top := above[at+k] + (above[next+k]-above[at+k])*u
				bottom := below[at+k] + (below[next+k]-below[at+k])*u
				dst[x*3+k] = top + (bottom-top)*v
			}
		}
	}
	return out
}

// breathe lets the light of a frame swell and fade a little.
func breathe(r *raster, i int) {
	gain := float32(1 + 0.025*math.Sin(float64(i)*0.35))
	for k, v := range r.pix {
		r.pix[k] = min(v*gain, 1)
	}
}
