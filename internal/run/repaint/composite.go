package repaint

import (
	"bytes"
	"fmt"
	"image"

	"github.com/seed-7d77cb5c/easel/internal/media"
)

// MaxPainted bounds the file of a painted picture, which is held in memory:
// 1 GiB.
const MaxPainted = 1 << 30

// A Painted picture came back from a backend.
type Painted struct {
	geometry Geometry
	file     []byte
	image    *image.NRGBA
}

// Read decodes what came back, and fails when it has not the shape of what was
// sent: then it cannot be put back, and nothing else need be read.
func (g Geometry) Read(file []byte) (*Painted, error) {
	generated, err := media.Load(bytes.NewReader(file), media.Limits{Bytes: MaxPainted})
	if err != nil {
		return nil, err
	}
	if got := generated.Image.Rect; !alike(got.Dx(), got.Dy(), g.Sent[0], g.Sent[1]) {
		return nil, fmt.Errorf("it has %d x %d pixels, which is another shape than the %d x %d that were sent", got.Dx(), got.Dy(), g.Sent[0], g.Sent[1])
	}
	return &Painted{g, file, generated.Image}, nil
}

// PutBack composites it into the picture and returns the PNG, with the text of
// the painted file: outside the mask it is the picture bit by bit, at its own
// size, and keeps its colour profile, so that those pixels show as they did. mask is the
// mask file or nil.
func (p *Painted) PutBack(pic, mask *media.Picture) ([]byte, error) {
	g := p.geometry
	plan, err := g.Spec.Plan()
	if err != nil {
		return nil, err
	}
	c, err := plan.canvas(pic, mask)
	if err != nil {
		return nil, err
	}
	fitted := media.Canvas{
		Image:   &image.NRGBA{Rect: image.Rect(0, 0, g.Sent[0], g.Sent[1])},
		Content: image.Rect(0, 0, g.Content[0], g.Content[1]),
	}
	at := image.Rect(0, 0, g.Area[2], g.Area[3]).Add(image.Pt(g.Area[0], g.Area[1]))
	if err := media.Composite(c.image, at, p.image, fitted.Crop(p.image.Rect), c.mask); err != nil {
		return nil, err
	}
	texts, err := media.ReadPNGText(bytes.NewReader(p.file))
	if err != nil {
		texts = nil // not a PNG: the record beside the file has it all
	}
	return media.EncodePNG(c.image, media.PNGEdit{Set: texts, Profile: pic.Profile})
}

// alike reports whether two sizes have the same shape, as near as rounding to
// whole latents allows.
func alike(w, h, sentW, sentH int) bool {
	a, b := w*sentH, h*sentW
	return max(a, b)-min(a, b) <= max(a, b)/50
}
