package painter

import "math"

// A Dice is a small generator of repeatable numbers (SplitMix64). It is our own
// so that pictures do not change with the Go release.
type Dice struct{ state uint64 }

// NewDice returns the dice that a seed throws.
func NewDice(seed uint64) *Dice { return &Dice{seed} }

func (d *Dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return scramble(d.state)
}

// unit returns a number in [0,1).
func (d *Dice) unit() float64 { return float64(d.next()>>11) / (1 << 53) }

// between returns a number in [low,high).
func (d *Dice) between(low, high float64) float64 { return low + (high-low)*d.unit() }

// Chance is true with probability p.
func (d *Dice) Chance(p float64) bool { return d.unit() < p }

// Below returns an integer in [0,n).
func (d *Dice) Below(n int) int { return int(d.next() % uint64(n)) }

func scramble(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// hashOf folds texts into 64 bits (FNV-1a, scrambled); the boundaries between
// the parts count.
func hashOf(parts ...string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 0x100000001b3
		}
		h = (h ^ 0xff) * 0x100000001b3
	}
	return scramble(h)
}

// A noiseField is smooth noise over the plane, about -1..1, with features one
// unit wide.
type noiseField uint64

// corner is the pseudo-random value of a lattice point, -1..1.
func (n noiseField) corner(x, y int32) float64 {
	h := uint64(n) ^ uint64(uint32(x))*0x9e3779b97f4a7c15 ^ uint64(uint32(y))*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return float64(int32(uint32(h))) / (1 << 31)
}

// at interpolates the lattice with a quintic, so that slopes are smooth too.
func (n noiseField) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int32(fx), int32(fy)
	u, v := ease(x-fx), ease(y-fy)
	top := lerp(n.corner(ix, iy), n.corner(ix+1, iy), u)
	bottom := lerp(n.corner(ix, iy+1), n.corner(ix+1, iy+1), u)
	return lerp(top, bottom, v)
}

// octaves sums noise of halving size and strength (fractional Brownian motion),
// scaled back to about -1..1.
func (n noiseField) octaves(x, y float64, count int) float64 {
	sum, weight, total := 0.0, 1.0, 0.0
	for range count {
		sum += weight * n.at(x, y)
		total += weight
		weight /= 2
		// A turn of about 37 degrees between octaves hides the lattice.
		x, y = 1.6*x+1.2*y+17.3, 1.6*y-1.2*x+9.1
		n = noiseField(scramble(uint64(n)))
	}
	return sum / total
}

// ridged is noise with sharp crests, 0..1, for mountains.
func (n noiseField) ridged(x, y float64, count int) float64 {
	sum, weight, total := 0.0, 1.0, 0.0
	for range count {
		crest := 1 - math.Abs(n.at(x, y))
		sum += weight * crest * crest
		total += weight
		weight *= 0.5
		x, y = 2.03*x+5.7, 2.03*y+3.1
		n = noiseField(scramble(uint64(n)))
	}
	return sum / total
}

func ease(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

func lerp(a, b, t float64) float64 { return a + (b-a)*t }

func clamp(v, low, high float64) float64 { return max(low, min(high, v)) }

// rise goes smoothly from 0 at a to 1 at b.
func rise(a, b, v float64) float64 {
	t := clamp((v-a)/(b-a), 0, 1)
	return t * t * (3 - 2*t)
}
