package painter

import "math"

// skyAt is the colour of the air at a point: gradient, glow and clouds.
func (s *scene) skyAt(x, y float64) tint {
	if s.kind == "cosmos" {
		return s.nebulaAt(x, y)
	}
	t := clamp(y/s.horizon, 0, 1)
	// A slow warp keeps the gradient from looking like a ruler.
	t = clamp(t+0.03*s.clouds.at(x*0.9+3, y*1.4), 0, 1)
	var base tint
	switch {
	case t < 0.4:
		base = s.sky[0].mix(s.sky[1], t/0.4)
	case t < 0.75:
		base = s.sky[1].mix(s.sky[2], (t-0.4)/0.35)
	default:
		base = s.sky[2].mix(s.sky[3], (t-0.75)/0.25)
	}
	dx, dy := x-s.sunX, y-s.sunY
	d := math.Sqrt(dx*dx + dy*dy*1.5)
	halo := 0.55*math.Exp(-d*d*22) + 0.45*math.Exp(-d*3.2)
	base = base.plus(s.glow, 0.75*halo)

	// Clouds: noise warped by noise, stretched towards the horizon.
	depth := 0.35 + 1.1*(1-t)
	cx, cy := x*1.5/depth+7, y*4.2/depth
	wx := s.clouds.octaves(cx*0.8, cy*0.8, 3)
	wy := s.clouds.octaves(cx*0.8+31, cy*0.8+13, 3)
	body := 0.5 + 0.5*s.clouds.octaves(cx+0.9*wx, cy+0.9*wy, 5)
	cover := rise(0.72-0.38*s.cover, 0.95-0.3*s.cover, body) * rise(1.02, 0.8, t) * rise(-0.1, 0.3, t+0.25)
	if cover <= 0 {
		return base
	}
	// The side towards the sun is lit; thin edges glow.
	lit := clamp(0.45+0.6*wy+0.5*halo-0.25*(body-0.5), 0, 1)
	col := s.shade.mix(s.cloud, lit).mix(base, 0.25).plus(s.glow, 0.35*halo)
	return base.mix(col, 0.85*cover)
}

// nebulaAt is deep space: glowing gas, dark lanes.
func (s *scene) nebulaAt(x, y float64) tint {
	n := s.clouds
	wx := n.octaves(x*1.6, y*1.6, 4)
	wy := n.octaves(x*1.6+19, y*1.6+7, 4)
	gas := 0.5 + 0.5*n.octaves(x*1.9+1.5*wx, y*1.9+1.5*wy, 5)
	veins := n.ridged(x*2.2+wy*1.1, y*2.2-wx*1.1, 4)
	dx, dy := x-s.sunX, y-0.5
	core := math.Exp(-(dx*dx*2.2 + dy*dy*3.2))
	deep := s.sky[0].scale(0.35)
	col := deep.mix(s.sky[1], rise(0.25, 0.75, gas))
	col = col.mix(s.sky[2], rise(0.45, 0.9, gas*0.75+0.35*core)*0.9)
	col = col.plus(s.glow, core*rise(0.45, 0.95, veins)*0.8)
	col = col.plus(s.sky[3], core*core*rise(0.55, 0.85, gas)*0.6)
	return col.mix(deep, 0.55*rise(0.1, -0.5, wx+0.4*wy))
}

// A coarseField is a smooth colour field kept on a grid of every step-th pixel.
type coarseField struct {
	step, width, height int
	tints               []tint
}

// coarse samples f, a function of scene coordinates, on a grid fine enough for
// clouds and coarse enough to be cheap: at most about 256 cells a side.
func (c *canvas) coarse(lines int, f func(x, y float64) tint) *coarseField {
	step := max(2, (max(c.out.Width, c.out.Height)+255)/256)
	field := &coarseField{step: step, width: c.out.Width/step + 2, height: lines/step + 2}
	field.tints = make([]tint, field.width*field.height)
	c.bands(0, field.height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			for x := range field.width {
				field.tints[y*field.width+x] = f(float64(x*step)/c.scale, float64(y*step)/c.scale)
			}
		}
	})
	return field
}

// line interpolates the field along pixel line y into dst (three samples a pixel).
func (f *coarseField) line(y int, dst []float32) {
	row := min(y/f.step, f.height-2)
	v := float32(y-row*f.step) / float32(f.step)
	above, below := f.tints[row*f.width:], f.tints[(row+1)*f.width:]
	mixed := func(i int) (r, g, b float32) {
		a, z := &above[i], &below[i]
		return float32(a[0]) + (float32(z[0])-float32(a[0]))*v,
			float32(a[1]) + (float32(z[1])-float32(a[1]))*v,
			float32(a[2]) + (float32(z[2])-float32(a[2]))*v
	}
	r0, g0, b0 := mixed(0)
	inverse := 1 / float32(f.step)
	for cell, x := 0, 0; x*3 < len(dst); cell++ {
		r1, g1, b1 := mixed(cell + 1)
		dr, dg, db := (r1-r0)*inverse, (g1-g0)*inverse, (b1-b0)*inverse
		for k := 0; k < f.step && x*3 < len(dst); k, x = k+1, x+1 {
			u := float32(k)
			dst[x*3], dst[x*3+1], dst[x*3+2] = r0+dr*u, g0+dg*u, b0+db*u
		}
		r0, g0, b0 = r1, g1, b1
	}
}

// air paints sky, stars and sun over the whole canvas.
func (c *canvas) air() {
	lines := c.out.Height
	if c.kind != "cosmos" && c.kind != "portrait" {
		lines = min(lines, int((c.horizon+0.1)*c.scale)+1)
	}
	field := c.coarse(lines, c.skyAt)
	c.bands(0, lines, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			field.line(y, c.out.Row(y))
		}
	})
	for y := lines; y < c.out.Height; y++ {
		copy(c.out.Row(y), c.out.Row(lines-1))
	}
	c.stars()
	c.disc()
	if c.kind == "cosmos" {
		c.planet()
	}
}

// stars scatters points of light, fewer and weaker towards the horizon.
func (c *canvas) stars() {
	strength := c.palette.stars
	if c.kind == "cosmos" {
		strength = 1
	}
	if strength <= 0 {
		return
	}
	d := Dice{c.grain}
	unit := math.Max(0.55, c.scale/900)
	for range int(520 * c.aspect * strength) {
		x, y, size, hue := d.unit()*c.aspect, d.unit(), d.unit(), d.unit()
		if c.kind != "cosmos" {
			y *= c.horizon * 0.95
		}
		fade := 1.0
		if c.kind != "cosmos" {
			fade = 1 - math.Pow(y/c.horizon, 1.5)
		}
		size = size * size * size
		tone := tint{1, 0.95, 0.85}.mix(tint{0.8, 0.9, 1}, hue)
		c.spark(x*c.scale, y*c.scale, (0.5+1.1*size)*unit, tone, fade*strength*(0.25+0.75*size))
	}
}

// spark draws a soft point of light with the given radius in pixels.
func (c *canvas) spark(cx, cy, radius float64, t tint, strength float64) {
	reach := int(radius*2.5) + 1
	x0, y0 := int(cx), int(cy)
	for y := y0 - reach; y <= y0+reach; y++ {
		for x := x0 - reach; x <= x0+reach; x++ {
			dx, dy := float64(x)+0.5-cx, float64(y)+0.5-cy
			c.light(x, y, t, strength*math.Exp(-(dx*dx+dy*dy)/(radius*radius)))
		}
	}
}

// disc paints sun or moon.
func (c *canvas) disc() {
	if c.kind == "cosmos" {
		return
	}
	cx, cy, radius := c.sunX*c.scale, c.sunY*c.scale, c.sunR*c.scale
	moon := c.palette.stars > 0.5
	reach := int(radius*1.6) + 2
	for y := int(cy) - reach; y <= int(cy)+reach; y++ {
		for x := int(cx) - reach; x <= int(cx)+reach; x++ {
			dx, dy := float64(x)+0.5-cx, float64(y)+0.5-cy
			d := math.Sqrt(dx*dx + dy*dy)
			tone := c.sun
			if moon { // seas of the moon
				m := c.clouds.octaves(dx/radius*1.3+5, dy/radius*1.3+5, 4)
				tone = tone.scale(1 - 0.16*rise(-0.1, 0.5, m))
			} else {
				tone = tone.mix(c.glow, 0.35*rise(0, 1, dy/radius))
			}
			c.blend(x, y, tone, clamp(radius-d+0.5, 0, 1)*0.97)
			if d > radius {
				c.light(x, y, c.glow, 0.35*math.Exp(-(d-radius)/(0.3*radius)))
			}
		}
	}
}

// planet hangs a lit sphere into the nebula.
func (c *canvas) planet() {
	d := c.dice
	radius := d.between(0.12, 0.24) * c.scale
	cx, cy := d.between(0.2, 0.8)*c.aspect*c.scale, d.between(0.3, 0.75)*c.scale
	lx, ly := c.sunX*c.scale-cx, 0.3*c.scale-cy
	n := math.Hypot(lx, ly) + 1
	lx, ly = lx/n*0.8, ly/n*0.8
	surface := noiseField(d.next())
	tilt := d.between(-0.5, 0.5)
	for y := int(cy - radius - 2); y <= int(cy+radius+2); y++ {
		for x := int(cx - radius - 2); x <= int(cx+radius+2); x++ {
			dx, dy := (float64(x)+0.5-cx)/radius, (float64(y)+0.5-cy)/radius
			rr := dx*dx + dy*dy
			edge := clamp((1-math.Sqrt(rr))*radius+0.5, 0, 1)
			if edge <= 0 {
				continue
			}
			dz := math.Sqrt(math.Max(0, 1-rr))
			sun := clamp(dx*lx+dy*ly+dz*0.45, 0, 1)
			band := dy + tilt*dx
			swirl := surface.octaves(dx/(0.5+dz)*0.8, band*4, 4)
			tone := c.far.mix(c.cloud, 0.5+0.5*surface.octaves(band*5+swirl*0.5, 0.3, 3))
			tone = tone.mix(c.near, 0.25+0.2*swirl).scale(0.1 + 1.25*sun)
			tone = tone.plus(c.glow, 0.5*(1-dz)*(1-dz)*(1-dz)*sun)
			c.blend(x, y, tone, edge)
		}
	}
}
