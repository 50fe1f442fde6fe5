package painter

import "math"

// tint32 is a tint ready for the inner loops.
type tint32 [3]float32

func (t tint) small() tint32 { return tint32{float32(t[0]), float32(t[1]), float32(t[2])} }

// A slope is a ridge ready to be painted: its crest in pixels for every column,
// and its colour and rim light for every distance below the crest.
type slope struct {
	crest  []float32
	tone   []tint32
	rim    []float32
	relief float32 // how much the flanks are modelled
	offset int
}

// haze is the colour of thick air near the ground.
func (s *scene) haze() tint { return s.sky[3].mix(s.far, 0.35) }

func (c *canvas) slope(i int) slope {
	g := &c.ridges[i]
	octaves := 7
	p := slope{
		crest:  make([]float32, c.out.Width),
		tone:   make([]tint32, c.out.Height+1),
		rim:    make([]float32, c.out.Height+1),
		relief: float32(g.flanks * (1 - 0.7*g.dist) * 0.5),
		offset: i * 37,
	}
	for x := range p.crest {
		p.crest[x] = float32(g.crest(float64(x)/c.scale, octaves) * c.scale)
	}
	body := c.near.mix(c.far, math.Pow(g.dist, 0.85)*0.97)
	if g.dist == 1 {
		body = body.mix(c.sky[3], 0.25)
	}
	haze := c.haze()
	thick := 0.72 * (0.25 + 0.75*g.dist)
	for d := range p.tone {
		depth := float64(d) / c.scale
		p.tone[d] = body.mix(haze, thick*rise(0, 0.19, depth)).small()
		p.rim[d] = float32(0.5*math.Exp(-depth*90) + 0.14*math.Exp(-depth*14))
	}
	return p
}

// land paints the ridges, nearest on top.
func (c *canvas) land() {
	if len(c.ridges) == 0 {
		return
	}
	slopes := make([]slope, len(c.ridges))
	top := float32(c.out.Height)
	for i := range slopes {
		slopes[i] = c.slope(i)
		for _, y := range slopes[i].crest {
			top = min(top, y)
		}
	}
	texture := noiseField(c.grain)
	modelling := c.coarse(c.out.Height, func(x, y float64) tint {
		n := texture.octaves(x*5+y*2.2, y*7, 4)
		m := texture.ridged(x*9-y*7, y*3.5, 3) - 0.5
		return tint{n*0.8 + m*0.5, 0, 0}
	})
	sunlight := make([]float32, c.out.Width)
	for x := range sunlight {
		d := float64(x)/c.scale - c.sunX
		sunlight[x] = float32(0.12 + 0.88*math.Exp(-d*d*5))
	}
	glow := c.glow.mix(c.sun, 0.3).small()
	c.bands(max(0, int(top)), c.out.Height, func(y0, y1 int) {
		relief := make([]float32, 3*c.out.Width)
		for y := y0; y < y1; y++ {
			modelling.line(y, relief)
			line := c.out.Row(y)
			edge := float32(y + 1)
			for x := range c.out.Width {
				px := line[x*3 : x*3+3 : x*3+3]
				// Front to back: the first crest above this pixel decides;
				// at its very edge what is behind shines through.
				front := len(slopes) - 1
				for front >= 0 && slopes[front].crest[x] >= edge {
					front--
				}
				if front < 0 {
					continue
				}
				if cover := edge - slopes[front].crest[x]; cover < 1 {
					behind := front - 1
					for behind >= 0 && slopes[behind].crest[x] >= edge {
						behind--
					}
					if behind >= 0 {
						slopes[behind].shade(px, x, edge, 1, relief, sunlight[x], glow)
					}
					slopes[front].shade(px, x, edge, cover, relief, sunlight[x], glow)
					continue
				}
				slopes[front].shade(px, x, edge, 1, relief, sunlight[x], glow)
			}
		}
	})
}

// shade lays the slope's colour over a pixel of column x.
func (p *slope) shade(px []float32, x int, edge, cover float32, relief []float32, sunlight float32, glow tint32) {
	d := min(max(int(edge-p.crest[x]), 0), len(p.tone)-1)
	at := x + p.offset
	if at*3 >= len(relief) {
		at = 2*len(relief)/3 - 1 - at
	}
	m := relief[max(at, 0)*3]
	bright := 1 + p.relief*m
	light := sunlight * (p.rim[d] + p.relief*0.35*max(m, 0))
	tone := &p.tone[d]
	for k := range px {
		v := tone[k] * bright
		v += (1 - v) * min(glow[k]*light, 1)
		px[k] += (v - px[k]) * cover
	}
}

// lake mirrors what stands above the water line and breaks it into ripples.
func (c *canvas) lake() {
	if c.water <= 0 {
		return
	}
	shore := max(1, int(c.water*c.scale))
	if shore >= c.out.Height {
		return
	}
	waves := noiseField(c.grain ^ 0x5bd1)
	deep := c.near.mix(c.sky[0], 0.55)
	above := c.out.Clone()
	sparkle := c.sun.mix(c.glow, 0.4)
	c.bands(shore, c.out.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			depth := (float64(y) + 0.5 - float64(shore)) / (c.scale * (1 - c.water))
			distance := float64(y-shore) + 0.5
			// Perspective: waves grow towards the viewer.
			vy := math.Log(0.02+depth) * 26
			stretch := 26 / (0.25 + 2.2*depth)
			width := 0.018 + 0.16*depth
			const cell = 4
			var left, right float64
			for x := 0; x < c.out.Width; x++ {
				if x%cell == 0 {
					if x == 0 {
						left = waves.octaves(0, vy, 3)
					} else {
						left = right
					}
					right = waves.octaves(float64(x+cell)/c.scale*stretch*0.36, vy, 3)
				}
				ripple := lerp(left, right, float64(x%cell)/cell)
				sy := float64(shore) - distance*(1-0.12*depth) + ripple*(1.5+0.11*distance)
				sx := x + int(ripple*(2+0.05*distance))
				from := above.At(min(max(sx, 0), c.out.Width-1), min(max(int(sy), 0), shore-1))
				tone := tint{float64(from[0]), float64(from[1]), float64(from[2])}
				tone = tone.mix(deep, clamp(0.16+0.5*depth-0.16*ripple, 0, 0.8))
				dx := (float64(x)/c.scale - c.sunX) / width
				if dx > -3 && dx < 3 {
					tone = tone.plus(sparkle, 0.85*math.Exp(-dx*dx)*rise(-0.02, 0.5, ripple)*(1-0.45*depth))
				}
				c.put(x, y, tone)
			}
		}
	})
	// The far shore: a line of bright air.
	for x := range c.out.Width {
		c.blend(x, shore, c.haze(), 0.35)
	}
}

// finish closes the picture: contrast by guidance, a soft vignette, and grain
// of less than one level against banding.
func (c *canvas) finish() {
	w, h := c.out.Width, c.out.Height
	squares := make([]float32, w)
	for x := range squares {
		d := (float32(x)/float32(w) - 0.5) * 2
		squares[x] = d * d
	}
	contrast := float32(c.contrast)
	c.bands(0, h, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			d := (float32(y)/float32(h) - 0.5) * 2
			line := c.out.Row(y)
			noise := c.grain ^ uint64(y)*0x9e3779b97f4a7c15
			for x := range w {
				fall := squares[x] + d*d
				dim := 1 - 0.075*fall*fall
				noise = noise*0x5851f42d4c957f2d + 0x14057b7ef767814f
				grain := (float32(noise>>40)/(1<<24) - 0.5) * (1.2 / 255)
				for k := x * 3; k < x*3+3; k++ {
					line[k] = min(max((0.5+(line[k]-0.5)*contrast)*dim+grain, 0), 1)
				}
			}
		}
	})
}
