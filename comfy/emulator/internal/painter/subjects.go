package painter

import "math"

// sailboat sets a boat on the water, near the light but beside its path.
func (c *canvas) sailboat(d *Dice) {
	x := clamp(c.sunX+d.between(0.12, 0.3)*math.Copysign(1, c.aspect/2-c.sunX), 0.15*c.aspect, 0.85*c.aspect)
	y := c.water + d.between(0.05, 0.12)
	size := d.between(0.1, 0.17)
	dark, sail := c.near.scale(0.8), c.near.mix(c.cloud, 0.55)
	mast := x + 0.05*size
	// Mainsail, jib, hull; then a broken reflection below.
	main := func(sy float64) (float64, float64) {
		v := (sy - (y - size)) / (0.9 * size)
		return mast, mast + 0.42*size*math.Pow(clamp(v, 0, 1), 1.25)
	}
	jib := func(sy float64) (float64, float64) {
		v := clamp((sy-(y-0.85*size))/(0.75*size), 0, 1)
		return mast - 0.36*size*v - 0.01*size, mast - 0.03*size - 0.05*size*v*(1-v)
	}
	hull := func(sy float64) (float64, float64) {
		v := clamp((sy-(y-0.09*size))/(0.12*size), 0, 1)
		return x - (0.42-0.16*v)*size, x + (0.52-0.12*v*v)*size
	}
	lit := func(sx, sy float64) tint {
		return sail.plus(c.glow, 0.3*rise(0.5*size, 0, math.Abs(sx-mast)))
	}
	c.shape(y-size, y-0.1*size, main, lit)
	c.shape(y-0.85*size, y-0.1*size, jib, lit)
	c.shape(y-1.04*size, y, func(float64) (float64, float64) { return mast - 0.012*size, mast + 0.012*size }, plain(dark))
	c.shape(y-0.09*size, y+0.03*size, hull, plain(dark))
	ripple := noiseField(d.next())
	for i := range int(0.8 * size * c.scale) {
		py := y + 0.03*size + float64(i)/c.scale
		fade := 1 - float64(i)/(0.8*size*c.scale)
		wave := ripple.at(float64(i)/c.scale*160, 0)
		if wave < -0.25 {
			continue
		}
		half := size * (0.4*fade + 0.05*wave)
		for px := int((x - half) * c.scale); px < int((x+half)*c.scale); px++ {
			c.blend(px, int(py*c.scale), dark, 0.4*fade*fade)
		}
	}
}

// lighthouse builds a tower on a headland and lights its lamp.
func (c *canvas) lighthouse(d *Dice) {
	right := c.sunX < c.aspect/2
	side := func(x float64) float64 { // mirrors the scene when it stands at the left
		if right {
			return x
		}
		return c.aspect - x
	}
	rock := noiseField(d.next())
	span := d.between(0.42, 0.58) * c.aspect
	top := func(x float64) float64 { // y of the headland
		t := rise(c.aspect-span, c.aspect-0.12*c.aspect, side(x))
		return lerp(c.water+0.13, c.water-0.075, t) - 0.022*rock.octaves(x*9, 2, 5)*(0.4+t) + 0.5*(1-rise(c.aspect-span-0.02, c.aspect-span+0.1, side(x)))
	}
	stone := c.near.mix(c.far, 0.06)
	for px := range c.out.Width {
		x := float64(px) / c.scale
		crest := top(x) * c.scale
		for y := max(0, int(crest)); y < c.out.Height; y++ {
			depth := (float64(y) - crest) / c.scale
			tone := stone.scale(1+0.45*rock.octaves(x*16, float64(y)/c.scale*22, 3)).plus(c.glow, 0.3*math.Exp(-depth*55))
			c.blend(px, y, tone, clamp(float64(y+1)-crest, 0, 1))
		}
	}
	x := side(c.aspect - d.between(0.16, 0.24)*c.aspect)
	foot := top(x) + 0.02
	height := d.between(0.34, 0.42)
	roof := foot - height
	wall, band := c.near.mix(tint{1, 0.97, 0.92}, 0.72), c.near.mix(tint{0.75, 0.12, 0.1}, 0.6)
	half := func(y float64) float64 { return lerp(0.02, 0.036, clamp((y-roof)/height, 0, 1)) }
	sunward := math.Copysign(1, c.sunX-x)
	c.shape(roof+0.045, foot, func(y float64) (float64, float64) { return x - half(y), x + half(y) },
		func(px, y float64) tint {
			tone := wall
			if int(math.Floor((y-roof)/height*6))%2 == 1 {
				tone = band
			}
			turn := (px - x) / half(y) * sunward // 1 on the lit side
			return tone.scale(0.42+0.5*rise(-1, 1, turn)).plus(c.glow, 0.28*rise(0.2, 1, turn))
		})
	dark := c.near.scale(0.9)
	lamp := roof + 0.03
	c.shape(roof+0.042, roof+0.05, func(float64) (float64, float64) { return x - 0.031, x + 0.031 }, plain(dark))
	c.shape(roof+0.016, roof+0.043, func(float64) (float64, float64) { return x - 0.015, x + 0.015 }, plain(tint{1, 0.93, 0.7}))
	c.shape(roof-0.008, roof+0.017, func(y float64) (float64, float64) {
		v := (y - (roof - 0.008)) / 0.025
		return x - 0.021*v, x + 0.021*v
	}, plain(dark))
	c.beacon(x, lamp, d)
}

// beacon sends two beams from a lamp and lets it glow.
func (c *canvas) beacon(x, y float64, d *Dice) {
	tilt := d.between(-0.12, 0.06)
	strength := 0.5
	if c.name == "day" {
		strength = 0.2
	}
	warm := tint{1, 0.94, 0.76}
	limit := min(c.out.Height, int((y+0.35)*c.scale))
	c.bands(max(0, int((y-0.35)*c.scale)), limit, func(y0, y1 int) {
		for py := y0; py < y1; py++ {
			for px := range c.out.Width {
				dx, dy := (float64(px)+0.5)/c.scale-x, (float64(py)+0.5)/c.scale-y
				r := math.Sqrt(dx*dx + dy*dy)
				off := math.Abs(dy-tilt*math.Abs(dx)) / (0.006 + 0.1*math.Abs(dx))
				f := 0.0
				if r < 0.09 {
					f = 0.6 * math.Exp(-r*r*900)
				}
				if off < 2.2 && math.Abs(dx) > 0.012 {
					f += strength * math.Exp(-off*off-r*1.5)
				}
				c.light(px, py, warm, f)
			}
		}
	})
}

// skyline builds three rows of houses with lit windows.
func (c *canvas) skyline(d *Dice) {
	lampOn := 0.3
	if c.palette.stars > 0.3 || c.low {
		lampOn = 0.5
	}
	ground := 1.02
	for row := range 3 {
		t := float64(row) / 2
		tone := c.far.mix(c.near, 0.3+0.66*t)
		for x := -0.05; x < c.aspect; {
			w := d.between(0.045, 0.1) * (0.7 + 0.6*t)
			tall := d.between(0.2, 0.62) * (1 - 0.35*t)
			if d.Chance(0.12) {
				tall *= 1.35
			}
			top := lerp(c.horizon+0.16, 1.05, t) - tall
			x0, x1 := x, x+w
			spire := d.Chance(0.3)
			setback := d.between(0.1, 0.35)
			taper := func(y float64) (float64, float64) {
				if spire && y < top+0.05 {
					return x0 + w*setback, x1 - w*setback
				}
				return x0, x1
			}
			c.shape(top, ground, taper, func(px, y float64) tint {
				return tone.mix(c.haze(), 0.55*(1-0.75*t)*rise(top, c.horizon+0.35, y)).
					plus(c.glow, 0.16*rise(0.7, 1, (px-x0)/w*math.Copysign(1, c.sunX-x0)))
			})
			if spire {
				mid := (x0 + x1) / 2
				c.shape(top-0.06, top, func(float64) (float64, float64) { return mid - 0.0015, mid + 0.0015 }, plain(tone))
			}
			c.windows(x0, x1, top+0.015, math.Min(ground, top+tall), 0.014+0.006*t, lampOn, d)
			x = x1 + d.between(-0.012, 0.02)
		}
		if row < 2 {
			c.veil(lerp(c.horizon+0.16, 1.0, t), 0.12, 0.35)
		}
	}
}

// windows lights some of a house's windows.
func (c *canvas) windows(x0, x1, y0, y1, pitch, share float64, d *Dice) {
	lamp := tint{1, 0.82, 0.5}
	for y := y0; y < y1; y += pitch * 1.3 {
		for x := x0 + pitch*0.5; x < x1-pitch; x += pitch {
			if !d.Chance(share) {
				continue
			}
			bright := d.between(0.25, 0.95)
			wx0, wx1 := int(x*c.scale), max(int(x*c.scale)+1, int((x+pitch*0.5)*c.scale))
			wy0, wy1 := int(y*c.scale), max(int(y*c.scale)+1, int((y+pitch*0.65)*c.scale))
			for py := wy0; py < wy1; py++ {
				for px := wx0; px < wx1; px++ {
					c.blend(px, py, lamp, bright*0.8)
				}
			}
		}
	}
}

// meadow covers the foreground with grass and flowers.
func (c *canvas) meadow(d *Dice) {
	petals := []tint{c.glow, c.cloud, c.sky[2], {0.95, 0.9, 0.98}}
	for i := range int(900 * c.aspect) {
		t := float64(i) / (900 * c.aspect)
		x, foot := d.unit()*c.aspect, lerp(0.84, 1.05, t)+d.between(-0.01, 0.01)
		height := lerp(0.02, 0.13, t*t) * d.between(0.6, 1.3)
		bend := d.between(-0.35, 0.35) * height
		tone := c.near.mix(c.far, 0.28*(1-t)).plus(c.glow, 0.1*d.unit())
		width := 0.0012 + 0.0022*t
		c.shape(foot-height, foot, func(y float64) (float64, float64) {
			v := (foot - y) / height
			cx := x + bend*v*v
			return cx - width*(1-v), cx + width*(1-v)
		}, plain(tone))
		if d.Chance(0.16) {
			radius := lerp(0.002, 0.0085, t) * d.between(0.6, 1.2)
			petal := petals[d.Below(len(petals))]
			c.dot((x+bend)*c.scale, (foot-height)*c.scale, math.Max(0.7, radius*c.scale), petal)
			c.dot((x+bend)*c.scale, (foot-height)*c.scale, radius*0.35*c.scale, c.near.mix(c.sun, 0.6))
		}
	}
}

// bust sets a figure before the light: head, hair, neck and shoulders as a
// silhouette with a bright rim.
func (c *canvas) bust(d *Dice) {
	x := c.aspect * d.between(0.42, 0.58)
	head := d.between(0.105, 0.12) * math.Min(1, 0.45+0.55*c.aspect)
	y := 0.42
	sunward := math.Copysign(1, c.sunX-x)
	hair := noiseField(d.next())
	fall := d.between(1.3, 1.75) // how far down the hair goes, in heads
	if d.Chance(0.65) {
		fall = d.between(2.2, 3.4)
	}
	dark := c.near.mix(c.sky[0], 0.18)
	width := func(sy float64) float64 { // half width of the figure at a height
		v := (sy - y) / head
		half := 0.0
		if v > -1.27 && v < 1.27 {
			u := v / 1.28
			half = head * 0.92 * math.Pow(1-u*u, 0.5) * (1 - 0.05*rise(0.1, 1.2, v))
		}
		if v > 0.9 { // neck, then shoulders
			half = math.Max(half, head*(0.38+0.06*v)+head*2.1*rise(1.7, 3.3, v)+head*0.35*rise(2.4, 6, v))
		}
		if v > -1.38 && v < fall { // hair: a dome, then strands that widen and end
			dome := 1.0
			if u := (v + 0.1) / 1.28; u < 0 {
				dome = math.Sqrt(math.Max(0, 1-u*u))
			}
			half = math.Max(half, head*1.04*dome*(1+0.22*rise(0.2, 2.2, v))*math.Sqrt(rise(fall, fall-0.7, v)))
		}
		return half
	}
	edge := func(sy, side float64) float64 {
		v := (sy - y) / head
		wisp := 0.035 * rise(2.8, 1.5, v) * hair.octaves(v*3.1, side*7, 4)
		return x + side*(width(sy)+head*wisp)
	}
	c.bokeh(d)
	c.shape(y-1.38*head, 1.02, func(sy float64) (float64, float64) { return edge(sy, -1), edge(sy, 1) },
		func(px, sy float64) tint {
			from := math.Min(px-edge(sy, -1), edge(sy, 1)-px)
			near := edge(sy, sunward) - px
			rim := math.Exp(-math.Abs(near)/(0.13*head))*0.75 + math.Exp(-from/(0.06*head))*0.3
			v := (sy - y) / head
			tone := dark.plus(c.sky[2], 0.13*rise(-1, 1.4, v)*rise(6, 1, v))
			strand := hair.octaves((px-x)/head*5+2*hair.at(v, 3), v*1.1, 3)
			return tone.plus(c.glow, 0.1*rise(0.1, 0.7, strand)*rise(fall, fall-0.4, v)).plus(c.sun.mix(c.glow, 0.6), rim)
		})
}

// bokeh scatters lights that are out of focus.
func (c *canvas) bokeh(d *Dice) {
	for range 26 {
		x, y := d.unit()*c.aspect, d.between(0.35, 1.05)
		radius := d.between(0.012, 0.06)
		tone := c.glow.mix(c.cloud, d.unit())
		strength := d.between(0.05, 0.2)
		x0, x1 := int((x-radius)*c.scale), int((x+radius)*c.scale)
		for py := int((y - radius) * c.scale); py <= int((y+radius)*c.scale); py++ {
			for px := x0; px <= x1; px++ {
				r := math.Hypot((float64(px)+0.5)/c.scale-x, (float64(py)+0.5)/c.scale-y) / radius
				if r < 1 { // brighter at the rim, as lenses draw it
					c.light(px, py, tone, strength*(0.6+0.4*r*r)*rise(1, 0.93, r))
				}
			}
		}
	}
}
