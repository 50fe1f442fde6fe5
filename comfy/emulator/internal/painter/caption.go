package painter

import (
	"image"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font/basicfont"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// signature is written into every drawn picture, so that nobody takes it for
// a model's work.
const signature = "easel emulator"

// smallestCaption is the width below which a picture gets no caption, in pixels.
const smallestCaption = 64

// Caption writes the prompt and the signature small into the lower left corner.
// On very small pictures there is room for the beginning of the prompt alone.
func Caption(r *raster.Raster, prompt string) {
	face := basicfont.Face7x13
	scale := max(1, min(r.Width, r.Height)/900)
	advance, line := face.Advance*scale, (face.Height+1)*scale
	margin := max(2, min(r.Width, r.Height)/64)
	columns := (r.Width - 2*margin) / advance
	if r.Width < smallestCaption || r.Height < 2*line {
		return
	}
	lines := []string{shortened(strings.Join(strings.Fields(prompt), " "), columns)}
	if columns >= len(signature) || lines[0] == "" {
		lines = append(lines, shortened(signature, columns))
	}
	if lines[0] == "" {
		lines = lines[1:]
	}
	longest := 0
	for _, s := range lines {
		longest = max(longest, utf8.RuneCountInString(s))
	}
	top := r.Height - margin - len(lines)*line
	dimBright(r, margin-2*scale, top-2*scale, longest*advance+4*scale, len(lines)*line+3*scale)
	for i, s := range lines {
		strength := float32(0.85)
		if s == signature {
			strength = 0.6
		}
		write(r, s, margin, top+i*line, scale, strength)
	}
}

// dimBright darkens what is bright in a part of the picture, so that white
// letters can be read on it; what is dark stays as it is.
func dimBright(r *raster.Raster, x, y, width, height int) {
	right, bottom := min(x+width, r.Width), min(y+height, r.Height)
	for py := max(y, 0); py < bottom; py++ {
		for px := max(x, 0); px < right; px++ {
			p := r.At(px, py)
			sum := float32(0)
			for _, v := range p {
				sum += v
			}
			keep := 1 - float32(0.5*rise(0.3, 0.75, float64(sum)/float64(len(p))))
			for k := range p {
				p[k] *= keep
			}
		}
	}
}

// shortened cuts s to n characters, the last of which tell that it was cut if
// there is room to tell.
func shortened(s string, n int) string {
	runes := []rune(s)
	switch {
	case len(runes) <= n:
		return s
	case n < 12:
		return strings.TrimRight(string(runes[:max(0, n)]), " ")
	}
	return strings.TrimRight(string(runes[:n-3]), " ") + "..."
}

// write sets white text with a dark shadow, its upper left corner at x, y.
func write(r *raster.Raster, s string, x, y, scale int, strength float32) {
	face := basicfont.Face7x13
	mask, ok := face.Mask.(*image.Alpha)
	if !ok {
		return
	}
	for pass := range 2 { // shadow first, then the letters
		left := x
		for _, c := range s {
			glyph := glyphIndex(face, c)
			for gy := range face.Ascent + face.Descent {
				for gx := range face.Width {
					if mask.AlphaAt(gx, glyph*(face.Ascent+face.Descent)+gy).A == 0 {
						continue
					}
					px, py := left+gx*scale, y+gy*scale
					if pass == 0 {
						spot(r, px+scale, py+scale, scale, 0, 0.55)
						spot(r, px, py+scale, scale, 0, 0.25)
					} else {
						spot(r, px, py, scale, 1, strength)
					}
				}
			}
			left += face.Advance * scale
		}
	}
}

// glyphIndex finds a character in the face; one it lacks is shown as its
// replacement mark.
func glyphIndex(face *basicfont.Face, c rune) int {
	for _, c := range []rune{c, '\ufffd'} {
		for _, span := range face.Ranges {
			if span.Low <= c && c < span.High {
				return int(c-span.Low) + span.Offset
			}
		}
	}
	return 0
}

// spot mixes a square of grey into the picture.
func spot(r *raster.Raster, x, y, size int, grey, strength float32) {
	for py := max(0, y); py < min(y+size, r.Height); py++ {
		for px := max(0, x); px < min(x+size, r.Width); px++ {
			p := r.At(px, py)
			for k := range min(3, len(p)) {
				p[k] += (grey - p[k]) * strength
			}
		}
	}
}
