package repaint

import (
	"fmt"
	"image"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Geometry says which part of a picture was sent, and how: with the picture and
// its mask file it is all that PutBack needs, in this process or in a later one.
type Geometry struct {
	Spec    Spec   `json:"spec"`
	Area    [4]int `json:"area"`    // x, y, width and height of the part of the picture that was sent
	Sent    [2]int `json:"sent"`    // width and height of what was sent
	Content [2]int `json:"content"` // its upper left part that is the area; the rest is padding
}

// A Painting is what a backend gets to paint.
type Painting struct {
	Geometry
	Image image.Image
	Mask  image.Image // nil: the mask is in the picture's alpha
	Shown string      // what of the picture the model sees, and how large; "" when it is all of it, as it is
	Notes []string    // about the mask
}

// Paint draws the mask for a picture, fits both to the model, and puts the mask
// where its parameter takes it: transparent is repainted where it goes by alpha,
// white where it goes by a colour channel. file is the mask file or nil.
func (p Plan) Paint(f Fit, mask *registry.Parameter, pic, file *media.Picture) (*Painting, error) {
	c, err := p.canvas(pic, file)
	if err != nil {
		return nil, err
	}
	area := c.image.Rect
	if !p.Whole {
		area = f.around(c.mask.Bounds(), area)
	}
	img, m, size := media.Part(c.image, area), c.mask.Part(area), area.Size()
	if !p.Alpha { // what is under transparent pixels is not meant to be seen
		img = media.Flatten(img)
	}
	w, h := f.within(size.X, size.Y)
	if w != size.X {
		m.Grow(size.X / w / 2) // or a fine line could fall between the pixels
		img, m = media.Resize(img, w, h), m.Scale(w, h)
	}
	fitted := media.FitGrid(img, f.Grid)
	m = fitted.Mask(m)
	out := &Painting{Notes: c.notes, Shown: shown(c.image.Rect, area, w, h), Geometry: Geometry{
		Spec:    p.Spec,
		Area:    [4]int{area.Min.X, area.Min.Y, size.X, size.Y},
		Sent:    [2]int{fitted.Image.Rect.Dx(), fitted.Image.Rect.Dy()},
		Content: [2]int{w, h},
	}}
	return out, out.place(mask, fitted.Image, m)
}

// place puts the mask where the graph reads it.
func (o *Painting) place(p *registry.Parameter, img *image.NRGBA, mask *media.Mask) error {
	o.Image = img
	if !p.ViaAlpha && p.Channel != "alpha" {
		o.Mask = mask.Image()
		return nil
	}
	holes, err := media.WithHoles(img, mask)
	if err != nil {
		return fmt.Errorf("put the mask into the picture: %w", err)
	}
	if p.ViaAlpha {
		o.Image = holes
	} else {
		o.Mask = holes
	}
	return nil
}

// shown says what of a picture the model sees, and how large, when that is not
// the whole at its own size.
func shown(whole, area image.Rectangle, w, h int) string {
	note := fmt.Sprintf(" of %d x %d pixels", whole.Dx(), whole.Dy())
	if area == whole {
		if w == whole.Dx() {
			return ""
		}
		return note + fmt.Sprintf(" is painted at %d x %d and keeps its size", w, h)
	}
	note += fmt.Sprintf(": the model sees the %d x %d around the mask", area.Dx(), area.Dy())
	if w != area.Dx() {
		note += fmt.Sprintf(", at %d x %d", w, h)
	}
	return note + "; mask_whole shows it the whole picture"
}

// Preview shows what would be painted anew, in red over the picture.
func (p Plan) Preview(pic, file *media.Picture) (image.Image, error) {
	c, err := p.canvas(pic, file)
	if err != nil {
		return nil, err
	}
	return media.PreviewOver(c.image, c.mask)
}
