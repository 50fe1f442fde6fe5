// Package painter draws the pictures that samplers would make: a scene that
// follows prompt and seed, at any size, the same on every machine of a kind.
package painter

import (
	"math"
	"runtime"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// A Recipe is everything that decides a drawn picture, apart from its size.
// The composition follows prompt and seed, so that more steps or another
// guidance refine the same picture, as they do with a model; the details
// follow all of it.
type Recipe struct {
	Prompt, Negative string
	Seed             uint64
	Style            string // model file and patches
	Settings         string // sampler, scheduler, steps
	Guidance         float64
	Variant          int // index in the batch
}

// A scene is a composition: what stands where and in which light. Lengths are
// fractions of the picture's height, x runs from 0 to aspect.
type scene struct {
	palette
	kind     string
	aspect   float64
	horizon  float64 // y of the farthest ground
	sunX     float64
	sunY     float64
	sunR     float64
	cover    float64 // clouds, 0..1
	contrast float64
	ridges   []ridge
	water    float64 // y where water begins; 0 = none
	clouds   noiseField
	grain    uint64
	dice     Dice // for what stands in the foreground
	details  Dice
}

// A ridge is a range of hills, drawn from its crest line down.
type ridge struct {
	shape  noiseField
	base   float64 // mean y of the crest
	height float64 // of the peaks above base
	wave   float64 // peaks per picture height
	sharp  float64 // 0 = rolling hills, 1 = alpine
	dist   float64 // 0 = near, 1 = far
	flanks float64 // how much light its slopes catch
}

func sceneKinds() (names, words []string) {
	names = []string{"mountains", "sea", "dunes", "forest", "cosmos", "lighthouse", "city", "portrait", "meadow"}
	words = []string{
		"mountain alp peak valley landscape hill lake fjord canyon volcano snow castle",
		"sea ocean beach wave coast boat ship sailing island water harbor harbour fish whale underwater",
		"desert dune sand sahara mars camel",
		"forest tree wood woods jungle pine fir fox deer wolf bear owl path",
		"space galaxy cosmos cosmic nebula planet star universe astronaut alien abstract dream",
		"lighthouse beacon",
		"city town street skyline building tower tokyo london york neon cyberpunk rooftop car robot",
		"portrait woman man girl boy person face lady milan character model fashion hero knight wizard samurai",
		"meadow field flower garden grass spring poppy farm horse dog cat rabbit cow sheep product",
	}
	return names, words
}

// compose lays a recipe out for a picture of the given aspect (width/height).
func compose(r Recipe, aspect float64) *scene {
	words := wordsOf(r.Prompt)
	promptDice := &Dice{hashOf("prompt", r.Prompt)}
	light := paletteFor(words, promptDice)
	names, lists := sceneKinds()
	kind := names[promptDice.Below(4)] // any landscape, when the words name nothing
	if i := bestMatch(words, lists); i >= 0 {
		kind = names[i]
	}
	d := &Dice{hashOf("composition", r.Prompt) ^ scramble(r.Seed+uint64(r.Variant)*0x9e37)}
	details := Dice{hashOf(r.Prompt, r.Negative, r.Style, r.Settings) ^ scramble(r.Seed+uint64(r.Variant))}
	style := &Dice{hashOf("style", r.Style)}

	s := &scene{palette: light, kind: kind, aspect: aspect, dice: *d}
	s.sunX = aspect * d.between(0.2, 0.8)
	s.horizon = d.between(0.52, 0.64)
	if s.low {
		s.sunY = s.horizon - d.between(0.03, 0.13)
		s.sunR = d.between(0.035, 0.06)
	} else {
		s.sunY = d.between(0.14, 0.3)
		s.sunR = d.between(0.025, 0.045)
	}
	s.cover = d.between(0.35, 0.75)
	s.clouds = noiseField(details.next())
	s.grain = details.next()
	s.contrast = clamp(1+(r.Guidance-4)*0.012, 0.94, 1.12)
	s.shift(style)
	s.lay(d)
	s.details = details
	return s
}

// shift gives each model and each stack of LoRAs a colour cast of its own.
func (s *scene) shift(style *Dice) {
	warm, vivid := style.between(-0.035, 0.035), style.between(0.92, 1.1)
	cast := func(t tint) tint {
		t = t.saturate(vivid)
		return tint{clamp(t[0]+warm, 0, 1), t[1], clamp(t[2]-warm, 0, 1)}
	}
	for i := range s.sky {
		s.sky[i] = cast(s.sky[i])
	}
	for _, t := range []*tint{&s.sun, &s.glow, &s.cloud, &s.shade, &s.far, &s.near} {
		*t = cast(*t)
	}
}

// lay places ridges and water for the scene's kind.
func (s *scene) lay(d *Dice) {
	count, sharp, height := 5, 0.85, 0.2
	bottom, nearest := 1.02, 0.0
	switch s.kind {
	case "sea", "lighthouse":
		count, sharp, height = 2, 0.5, 0.07
		s.horizon = d.between(0.56, 0.64)
		s.water = s.horizon + 0.012
		bottom, nearest = s.horizon, 0.55
	case "dunes":
		count, sharp, height = 5, 0, 0.1
	case "forest":
		count, sharp, height = 5, 0.2, 0.1
	case "city":
		count, sharp, height = 2, 0.3, 0.08
		bottom = s.horizon + 0.08
	case "portrait", "cosmos":
		count = 0
	case "meadow":
		count, sharp, height = 4, 0.1, 0.09
	default:
		if d.Chance(0.45) {
			s.water = s.horizon + d.between(0.1, 0.16)
			bottom = s.water
			count = 4
		}
	}
	if s.low {
		s.sunY = s.horizon - d.between(0.02, 0.12)
	}
	for i := range count {
		t := float64(i) / float64(max(count-1, 1))
		near := t
		s.ridges = append(s.ridges, ridge{
			shape:  noiseField(d.next()),
			base:   lerp(s.horizon+0.02, bottom-0.1*height, math.Pow(t, 1.25)),
			height: height * d.between(0.75, 1.25) * (1.15 - 0.45*t),
			wave:   d.between(1.3, 2.2) * (1.5 - 0.7*t),
			sharp:  clamp(sharp*(1.1-0.4*t), 0, 1),
			dist:   lerp(1, nearest, near),
			flanks: 0.25 + 0.5*sharp,
		})
	}
	if s.water > 0 && bottom <= s.water {
		for i := range s.ridges {
			s.ridges[i].base = math.Min(s.ridges[i].base, s.water-0.004)
		}
	}
}

// crest is the y of a ridge's edge at x.
func (g *ridge) crest(x float64, octaves int) float64 {
	v := x*g.wave + 40
	hills := 0.5 + 0.5*g.shape.octaves(v, 0.5, min(octaves, 4))
	if g.sharp == 0 {
		return g.base - g.height*hills*hills*1.3
	}
	peaks := g.shape.ridged(v*0.8, 3.7, octaves)
	return g.base - g.height*lerp(hills, (peaks-0.25)*1.5, g.sharp)
}

// Paint draws the recipe. The result has three channels.
func Paint(r Recipe, width, height int) *raster.Raster {
	s := compose(r, float64(width)/float64(height))
	out := raster.New(width, height, 3)
	c := &canvas{scene: s, out: out, scale: float64(height)}
	c.air()
	c.land()
	c.lake()
	c.foreground()
	c.finish()
	return out
}

// A canvas is a scene being painted at a size.
type canvas struct {
	*scene
	out   *raster.Raster
	scale float64 // pixels per unit
}

// bands runs f over the lines of the canvas on all processors. Every line is
// the same whatever the split, so pictures do not depend on the machine.
func (c *canvas) bands(from, to int, f func(y0, y1 int)) {
	workers := min(runtime.GOMAXPROCS(0), max(1, (to-from)/64))
	if workers == 1 {
		f(from, to)
		return
	}
	var group sync.WaitGroup
	for i := range workers {
		y0, y1 := from+(to-from)*i/workers, from+(to-from)*(i+1)/workers
		group.Go(func() { f(y0, y1) })
	}
	group.Wait()
}

func (c *canvas) put(x, y int, t tint) {
	p := c.out.At(x, y)
	p[0], p[1], p[2] = float32(t[0]), float32(t[1]), float32(t[2])
}

// blend lays a colour over a pixel; outside the canvas it does nothing.
func (c *canvas) blend(x, y int, t tint, cover float64) {
	if x < 0 || y < 0 || x >= c.out.Width || y >= c.out.Height || cover <= 0 {
		return
	}
	p := c.out.At(x, y)
	f := float32(min(cover, 1))
	for k := range p {
		p[k] += (float32(t[k]) - p[k]) * f
	}
}

// light adds light to a pixel.
func (c *canvas) light(x, y int, t tint, f float64) {
	if x < 0 || y < 0 || x >= c.out.Width || y >= c.out.Height || f <= 0 {
		return
	}
	p := c.out.At(x, y)
	for k, v := range p {
		p[k] = v + (1-v)*min(float32(t[k]*f), 1)
	}
}
