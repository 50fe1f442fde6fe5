package painter

import (
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// room is how much larger than a frame the drawing is that a camera moves over.
const room = 1.3

// A Camera moves over one large drawing, and the light on it breathes: that is
// a video of which nothing is kept but the drawing.
type Camera struct {
	width, height, count int // of the frames
	dx, dy               float64
	zoomIn               bool
}

// NewCamera lays out a move that follows prompt and seed.
func NewCamera(prompt string, seed uint64, width, height, count int) *Camera {
	d := NewDice(hashOf("camera", prompt) ^ scramble(seed))
	turn := d.between(0, 2*math.Pi)
	dx, dy := math.Cos(turn), 0.5*math.Sin(turn)
	return &Camera{width, height, count, dx, dy, d.Chance(0.5)}
}

// Plate is the size of the drawing that the camera needs.
func (c *Camera) Plate() (width, height int) {
	return int(float64(c.width) * room), int(float64(c.height) * room)
}

// Frame cuts frame i out of the drawing.
func (c *Camera) Frame(plate *raster.Raster, i int) *raster.Raster {
	t := 0.0
	if c.count > 1 {
		t = float64(i) / float64(c.count-1)
	}
	t = t * t * (3 - 2*t)
	zoom := lerp(1, 1/room, t*0.75)
	if !c.zoomIn {
		zoom = lerp(1/room, 1, t*0.75)
	}
	out := window(plate, c.width, c.height, room*zoom, c.dx*(t-0.5), c.dy*(t-0.5))
	breathe(out, i)
	return out
}

// window cuts a frame out of a plate: scale is plate pixels per frame pixel, dx
// and dy go from -0.5 (left, top) to 0.5 of the room there is.
func window(plate *raster.Raster, width, height int, scale, dx, dy float64) *raster.Raster {
	out := raster.New(width, height, 3)
	x0 := (float64(plate.Width) - float64(width)*scale) * (0.5 + dx)
	y0 := (float64(plate.Height) - float64(height)*scale) * (0.5 + dy)
	columns := make([]int, width)
	shares := make([]float32, width)
	for x := range columns {
		sx := clamp(x0+(float64(x)+0.5)*scale-0.5, 0, float64(plate.Width)-1.001)
		columns[x] = int(sx) * 3
		shares[x] = float32(sx - math.Floor(sx))
	}
	for y := range height {
		sy := clamp(y0+(float64(y)+0.5)*scale-0.5, 0, float64(plate.Height)-1.001)
		above, below := plate.Row(int(sy)), plate.Row(min(int(sy)+1, plate.Height-1))
		v := float32(sy - math.Floor(sy))
		dst := out.Row(y)
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
func breathe(r *raster.Raster, i int) {
	gain := float32(1 + 0.025*math.Sin(float64(i)*0.35))
	for k, v := range r.Pix {
		r.Pix[k] = min(v*gain, 1)
	}
}
