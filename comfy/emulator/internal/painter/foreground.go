package painter

import "math"

// foreground sets the things that give a scene its subject.
func (c *canvas) foreground() {
	d := &c.dice
	switch c.kind {
	case "forest":
		c.woods(d)
		c.birds(d)
	case "mountains":
		if c.water > 0 {
			c.shore(d)
		} else {
			c.treeline(d)
		}
		c.birds(d)
	case "sea":
		c.sailboat(d)
		c.birds(d)
	case "lighthouse":
		c.lighthouse(d)
		c.birds(d)
	case "city":
		c.skyline(d)
	case "meadow":
		c.meadow(d)
		c.birds(d)
	case "portrait":
		c.bust(d)
	case "dunes":
		c.birds(d)
	}
}

// shape fills a figure given as one interval of x per y, in scene units, with
// smooth edges. The colour may vary along both axes.
func (c *canvas) shape(y0, y1 float64, span func(y float64) (x0, x1 float64), tone func(x, y float64) tint) {
	const lines = 3 // samples per pixel line
	from, to := max(0, int(y0*c.scale)), min(c.out.Height-1, int(y1*c.scale))
	for y := from; y <= to; y++ {
		for k := range lines {
			sy := (float64(y) + (float64(k)+0.5)/lines) / c.scale
			if sy < y0 || sy > y1 {
				continue
			}
			x0, x1 := span(sy)
			x0, x1 = x0*c.scale, x1*c.scale
			if x1 <= x0 {
				continue
			}
			for x := max(0, int(x0)); x <= min(c.out.Width-1, int(x1)); x++ {
				cover := math.Min(float64(x+1), x1) - math.Max(float64(x), x0)
				// The k-th sample over the earlier ones: equal shares in the end.
				c.blend(x, y, tone(float64(x)/c.scale, sy), clamp(cover, 0, 1)/float64(lines-k))
			}
		}
	}
}

func plain(t tint) func(x, y float64) tint { return func(_, _ float64) tint { return t } }

// conifer draws a fir of the given height with its foot at x, y.
func (c *canvas) conifer(x, y, height float64, t tint, d *Dice) {
	shape := noiseField(d.next())
	width := height * d.between(0.16, 0.22)
	tiers := d.between(9, 14)
	lean := d.between(-0.03, 0.03)
	c.shape(y-height, y, func(sy float64) (float64, float64) {
		v := (sy - (y - height)) / height // 0 top, 1 foot
		if v > 0.94 {
			return x - height*0.014, x + height*0.014
		}
		tier := v*tiers - math.Floor(v*tiers)
		w := width * v * (0.55 + 0.45*tier)
		cx := x + lean*height*(1-v)
		return cx - w*(1+0.2*shape.at(v*61, 0)), cx + w*(1+0.2*shape.at(v*61, 9))
	}, plain(t))
}

// woods plants rows of firs from far to near, with haze between them, and
// leaves a clearing under the sun.
func (c *canvas) woods(d *Dice) {
	for row := range 4 {
		t := float64(row) / 3
		foot := lerp(c.horizon+0.1, 1.06, t*t*0.4+t*0.6)
		height := lerp(0.16, 0.85, t*t)
		tone := c.far.mix(c.near, 0.28+0.72*t)
		gap := lerp(0.02, 0.15, t)
		opening := lerp(0.05, 0.24, t)
		for x := -0.1; x < c.aspect+0.1; x += gap * d.between(0.55, 1.3) {
			h := height * d.between(0.6, 1.15)
			near := math.Abs(x-c.sunX) / opening
			if near < 1 {
				h *= 0.25 + 0.3*near
				if row == 3 {
					continue
				}
			}
			c.conifer(x, foot+d.between(-0.01, 0.02), h, tone, d)
		}
		if row < 3 {
			c.veil(foot-0.02-0.03*t, 0.1, 0.5*(1-0.5*t))
		}
	}
	c.beams(d)
}

// veil lays a band of mist around y.
func (c *canvas) veil(y, thickness, strength float64) {
	n := noiseField(c.grain ^ uint64(y*1000))
	haze := c.haze().plus(c.glow, 0.1)
	from, to := max(0, int((y-thickness*2)*c.scale)), min(c.out.Height, int((y+thickness*2)*c.scale))
	c.bands(from, to, func(y0, y1 int) {
		for py := y0; py < y1; py++ {
			dy := (float64(py)/c.scale - y) / thickness
			fall := math.Exp(-dy*dy) * strength
			if fall < 0.004 {
				continue
			}
			var left, right float64
			const cell = 8
			for x := range c.out.Width {
				if x%cell == 0 {
					at := func(px int) float64 { return n.octaves(float64(px)/c.scale*2.3, dy*0.7, 3) }
					if left = right; x == 0 {
						left = at(0)
					}
					right = at(x + cell)
				}
				c.blend(x, py, haze, fall*(0.75+0.5*lerp(left, right, float64(x%cell)/cell)))
			}
		}
	})
}

// beams lets light fall from the sun through the trees.
func (c *canvas) beams(d *Dice) {
	n := noiseField(d.next())
	sx, sy := c.sunX, c.sunY
	field := c.coarse(c.out.Height, func(x, y float64) tint {
		dx, dy := x-sx, y-sy
		r := math.Hypot(dx, dy)
		if dy < -0.05 {
			return tint{}
		}
		a := math.Atan2(dx, dy+0.05)
		ray := rise(-0.05, 0.6, n.octaves(a*7, 0.5, 3))
		return tint{ray * math.Exp(-r*2.1) * rise(-0.05, 0.1, dy), 0, 0}
	})
	c.bands(0, c.out.Height, func(y0, y1 int) {
		light := make([]float32, 3*c.out.Width)
		for y := y0; y < y1; y++ {
			field.line(y, light)
			for x := range c.out.Width {
				if l := light[x*3]; l > 0.006 {
					c.light(x, y, c.glow, 0.42*float64(l))
				}
			}
		}
	})
}

// treeline lets firs grow on the nearest ridge.
func (c *canvas) treeline(d *Dice) {
	g := &c.ridges[len(c.ridges)-1]
	tone := c.near.scale(0.8)
	for x := -0.02; x < c.aspect+0.02; x += d.between(0.006, 0.03) {
		if g.shape.octaves(x*3, 8, 2) < -0.12 {
			continue
		}
		c.conifer(x, g.crest(x, 7)+0.012, d.between(0.02, 0.075), tone, d)
	}
}

// shore frames a lake with a dark bank and tall firs at one side.
func (c *canvas) shore(d *Dice) {
	left := d.Chance(0.5)
	bank := noiseField(d.next())
	tone := c.near.scale(0.7)
	edge := func(x float64) float64 { // y of the bank's top
		far := x
		if !left {
			far = c.aspect - x
		}
		return 0.9 + 0.16*rise(0, 0.75*c.aspect, far) - 0.02*bank.octaves(x*5, 1, 4)
	}
	for px := range c.out.Width {
		x := float64(px) / c.scale
		top := edge(x) * c.scale
		for y := int(top); y < c.out.Height; y++ {
			c.blend(px, y, tone, clamp(float64(y+1)-top, 0, 1))
		}
	}
	for range 9 {
		x := d.unit() * d.unit() * 0.42 * c.aspect
		h := d.between(0.2, 0.55) * (1.1 - x/(0.5*c.aspect))
		if !left {
			x = c.aspect - x
		}
		c.conifer(x, edge(x)+0.02, h, tone, d)
	}
}

// birds draws a small flock.
func (c *canvas) birds(d *Dice) {
	if c.palette.stars > 0.5 || d.Chance(0.3) {
		return
	}
	cx, cy := d.between(0.2, 0.8)*c.aspect, d.between(0.14, 0.34)
	tone := c.near.mix(c.sky[1], 0.25)
	for range 3 + d.Below(5) {
		x, y := cx+d.between(-0.12, 0.12), cy+d.between(-0.05, 0.05)
		size := d.between(0.006, 0.014)
		lift := d.between(0.3, 0.7)
		for side := -1.0; side <= 1; side += 2 {
			steps := int(size*c.scale*2) + 2
			for i := range steps {
				u := float64(i) / float64(steps-1)
				bx, by := x+side*u*size, y-lift*size*math.Sin(u*2.4)
				c.dot(bx*c.scale, by*c.scale, math.Max(0.45, size*c.scale*0.09*(1.3-u)), tone)
			}
		}
	}
}

// dot covers a small disc of the given radius in pixels.
func (c *canvas) dot(cx, cy, radius float64, t tint) {
	for y := int(cy - radius - 1); y <= int(cy+radius+1); y++ {
		for x := int(cx - radius - 1); x <= int(cx+radius+1); x++ {
			d := math.Hypot(float64(x)+0.5-cx, float64(y)+0.5-cy)
			c.blend(x, y, t, clamp(radius-d+0.5, 0, 1)*0.9)
		}
	}
}
