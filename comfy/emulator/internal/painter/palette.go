package painter

import "strings"

// A tint is a colour with components in 0..1, in the display's own curve.
type tint [3]float64

// rgb reads 0xRRGGBB.
func rgb(v int) tint {
	return tint{float64(v>>16&255) / 255, float64(v>>8&255) / 255, float64(v&255) / 255}
}

func (a tint) mix(b tint, t float64) tint {
	return tint{lerp(a[0], b[0], t), lerp(a[1], b[1], t), lerp(a[2], b[2], t)}
}

func (a tint) scale(f float64) tint { return tint{a[0] * f, a[1] * f, a[2] * f} }

// plus adds light without burning out.
func (a tint) plus(b tint, f float64) tint {
	for k, v := range a {
		a[k] = v + (1-v)*min(max(b[k]*f, 0), 1)
	}
	return a
}

func (a tint) luma() float64 { return 0.299*a[0] + 0.587*a[1] + 0.114*a[2] }

// saturate moves the colour away from (or for f < 1 towards) its grey.
func (a tint) saturate(f float64) tint {
	grey := a.luma()
	for k := range a {
		a[k] = clamp(grey+(a[k]-grey)*f, 0, 1)
	}
	return a
}

// A palette is the light of a scene.
type palette struct {
	name     string
	light    string  // prompt words that name this light
	subjects string  // prompt words that go well with it
	sky      [4]tint // from zenith to horizon
	sun      tint    // the disc
	glow     tint    // the air around it
	cloud    tint    // lit side
	shade    tint    // shadow side of clouds
	far      tint    // the farthest ridge, nearly air
	near     tint    // the nearest one
	stars    float64 // 0..1
	low      bool    // sun near the horizon
}

func palettes() []palette {
	return []palette{
		{
			name: "dusk", light: "dusk sunset evening twilight golden warm", subjects: "summer",
			sky: [4]tint{rgb(0x1f2a56), rgb(0x5b3f7c), rgb(0xd9677a), rgb(0xffc07a)},
			sun: rgb(0xfff1c9), glow: rgb(0xffa45c), cloud: rgb(0xff9d8a), shade: rgb(0x4a3a6e),
			far: rgb(0xb9708f), near: rgb(0x150f26), stars: 0.25, low: true,
		},
		{
			name: "night", light: "night midnight moon moonlit moonlight star starry dark noir", subjects: "galaxy space cosmic cosmos nebula planet",
			sky: [4]tint{rgb(0x050914), rgb(0x0b1734), rgb(0x173058), rgb(0x3d6487)},
			sun: rgb(0xf4f3e4), glow: rgb(0x7fa8d8), cloud: rgb(0x4a648e), shade: rgb(0x0d1630),
			far: rgb(0x35567c), near: rgb(0x04070f), stars: 1,
		},
		{
			name: "dawn", light: "dawn sunrise morning pastel soft", subjects: "spring gentle baby",
			sky: [4]tint{rgb(0x5f86b8), rgb(0x9fb3d6), rgb(0xf4c7c3), rgb(0xffe7c2)},
			sun: rgb(0xfffbe8), glow: rgb(0xffcf9c), cloud: rgb(0xffe4d6), shade: rgb(0x8f9cc4),
			far: rgb(0xb7bcd6), near: rgb(0x22304a), low: true,
		},
		{
			name: "day", light: "day noon daylight bright sunny clear", subjects: "blue sky white snow winter ice studio product car",
			sky: [4]tint{rgb(0x1c5ca8), rgb(0x3f8fd0), rgb(0x8cc6e8), rgb(0xdff2f4)},
			sun: rgb(0xffffff), glow: rgb(0xfff3cf), cloud: rgb(0xffffff), shade: rgb(0x9cb9d6),
			far: rgb(0x9dc0d8), near: rgb(0x12352f),
		},
		{
			name: "mist", light: "mist misty fog foggy rain rainy", subjects: "forest jungle green moss wood tree pine mountain",
			sky: [4]tint{rgb(0x5d7f86), rgb(0x8eaaa6), rgb(0xc3d2bf), rgb(0xeceed3)},
			sun: rgb(0xfffde6), glow: rgb(0xf2edb8), cloud: rgb(0xe8eedd), shade: rgb(0x6f8f8e),
			far: rgb(0xaec3b4), near: rgb(0x0c211c), low: true,
		},
		{
			name: "autumn", light: "autumn amber rust october", subjects: "fall leaf leaves fox copper vintage desert sand dune horse tiger lion",
			sky: [4]tint{rgb(0x2f4858), rgb(0x8a6552), rgb(0xe39a56), rgb(0xffdf9e)},
			sun: rgb(0xfff4cf), glow: rgb(0xffb65e), cloud: rgb(0xffcb94), shade: rgb(0x6b4a45),
			far: rgb(0xcf8f63), near: rgb(0x2a120d), stars: 0.05, low: true,
		},
		{
			name: "aurora", light: "aurora northern neon", subjects: "magic fantasy cyberpunk synthwave alien dream dreamy ethereal robot",
			sky: [4]tint{rgb(0x070b24), rgb(0x10275a), rgb(0x1a7480), rgb(0x6fe0b4)},
			sun: rgb(0xe8fff6), glow: rgb(0x57e3c0), cloud: rgb(0x3fd0a8), shade: rgb(0x231a5c),
			far: rgb(0x2f7f8c), near: rgb(0x060a1c), stars: 0.9,
		},
		{
			name: "sea", light: "teal", subjects: "sea ocean lake lighthouse boat ship harbor harbour coast beach wave island underwater fish",
			sky: [4]tint{rgb(0x173a5e), rgb(0x2f7a94), rgb(0x90c9bd), rgb(0xffe3b0)},
			sun: rgb(0xfff6d8), glow: rgb(0xffd08a), cloud: rgb(0xffe9cf), shade: rgb(0x4a7c93),
			far: rgb(0x7fb0b0), near: rgb(0x0b1d2c), stars: 0.1, low: true,
		},
		{
			name: "rose", light: "rose pink", subjects: "flower blossom cherry love romantic portrait woman girl lady face fashion beauty cat",
			sky: [4]tint{rgb(0x3a2a58), rgb(0x8d4d86), rgb(0xe88aa5), rgb(0xffd9cc)},
			sun: rgb(0xfff4ea), glow: rgb(0xffab9e), cloud: rgb(0xffc3c8), shade: rgb(0x6d477f),
			far: rgb(0xd08ba8), near: rgb(0x1e1030), stars: 0.2, low: true,
		},
		{
			name: "ember", light: "ember crimson stormy", subjects: "fire volcano lava red dragon war storm thunder apocalypse hell mars",
			sky: [4]tint{rgb(0x12080f), rgb(0x43121f), rgb(0xa32a26), rgb(0xff8a3c)},
			sun: rgb(0xffe6b0), glow: rgb(0xff5a2c), cloud: rgb(0xd8452f), shade: rgb(0x1f0c16),
			far: rgb(0x8f2f2c), near: rgb(0x0c0508), stars: 0.15, low: true,
		},
	}
}

// wordsOf splits a prompt into lower-case words.
func wordsOf(prompt string) []string {
	return strings.FieldsFunc(strings.ToLower(prompt), func(r rune) bool {
		return r < 'a' && (r < '0' || r > '9') || r > 'z' && r < 0x80
	})
}

// paletteFor picks the light that the words name, else one that suits what they
// name, else any, by the dice.
func paletteFor(words []string, d *Dice) palette {
	all := palettes()
	light, subjects := make([]string, len(all)), make([]string, len(all))
	for i, p := range all {
		light[i], subjects[i] = p.light, p.subjects
	}
	any := d.Below(len(all))
	if i := bestMatch(words, light); i >= 0 {
		return all[i]
	}
	if i := bestMatch(words, subjects); i >= 0 {
		return all[i]
	}
	return all[any]
}

// bestMatch returns the index of the word list that has most of the words, the
// first one among equals, or -1. A plural counts as its singular.
func bestMatch(words []string, lists []string) int {
	best, most := -1, 0
	for i, list := range lists {
		score := 0
		for _, known := range strings.Fields(list) {
			for _, w := range words {
				if w == known || strings.TrimSuffix(w, "s") == known {
					score++
				}
			}
		}
		if score > most {
			best, most = i, score
		}
	}
	return best
}
