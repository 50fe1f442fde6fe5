// Package repaint paints a part of a picture anew: it draws the mask, fits picture
// and mask to what a model takes, and puts what was painted back into the picture.
// It works on decoded pictures; reading, sending and storing them is the engine's.
package repaint

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/media"
)

// A Spec says what of the picture is painted anew, besides what a mask file
// says. The parts are united, then inverted, grown and feathered. It is written
// down as it was given, so that a run can be repeated.
type Spec struct {
	Rects     []string `json:"rects,omitempty"`     // "X,Y,WIDTH,HEIGHT" in pixels or percent
	Ellipses  []string `json:"ellipses,omitempty"`  // the same, inside it
	Color     string   `json:"color,omitempty"`     // "#ff00ff": where the picture has it
	Tolerance uint8    `json:"tolerance,omitempty"` // how far each of red, green and blue may be from Color
	Alpha     bool     `json:"alpha,omitempty"`     // where the picture is transparent
	Invert    bool     `json:"invert,omitempty"`
	Grow      int      `json:"grow,omitempty"`    // pixels of the picture; negative narrows
	Feather   int      `json:"feather,omitempty"` // pixels of the picture to each side of the edge
	Expand    string   `json:"expand,omitempty"`  // "left=256,bottom=10%": a larger picture, what is new is painted
	Whole     bool     `json:"whole,omitempty"`   // the model sees the whole of a large picture, and not what is around the mask
}

// Draws reports whether the spec selects something without a mask file.
func (s Spec) Draws() bool {
	return len(s.Rects) > 0 || len(s.Ellipses) > 0 || s.Color != "" || s.Alpha || s.Expand != ""
}

// String says what the spec selects, for people.
func (s Spec) String() string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	for _, rect := range s.Rects {
		add(true, "rect %s", rect)
	}
	for _, ellipse := range s.Ellipses {
		add(true, "ellipse %s", ellipse)
	}
	add(s.Color != "", "color %s within %d", s.Color, s.Tolerance)
	add(s.Alpha, "alpha")
	add(s.Expand != "", "expand %s", s.Expand)
	add(s.Invert, "inverted")
	add(s.Grow != 0, "grow %d", s.Grow)
	add(s.Feather != 0, "feather %d", s.Feather)
	add(s.Whole, "whole")
	return strings.Join(parts, "; ")
}

// maxSoftness bounds growing and feathering: no picture needs more.
const maxSoftness = 2000

// A Plan is a spec, understood.
type Plan struct {
	Spec
	shapes  []media.Shape
	color   color.NRGBA
	margins media.Margins
}

// Plan reads the texts of the spec. A form that is none is a *SpecError.
func (s Spec) Plan() (Plan, error) {
	p := Plan{Spec: s}
	for _, kind := range []struct {
		part    Part
		texts   []string
		ellipse bool
	}{{PartRect, s.Rects, false}, {PartEllipse, s.Ellipses, true}} {
		for _, text := range kind.texts {
			shape, err := media.ParseShape(text, kind.ellipse)
			if err != nil {
				return p, &SpecError{kind.part, err.Error(), err}
			}
			p.shapes = append(p.shapes, shape)
		}
	}
	var err error
	if s.Color != "" {
		if p.color, err = media.ParseColor(s.Color); err != nil {
			return p, &SpecError{PartColor, err.Error(), err}
		}
	}
	if s.Expand != "" {
		if p.margins, err = media.ParseMargins(s.Expand); err != nil {
			return p, &SpecError{PartExpand, err.Error(), err}
		}
	}
	switch {
	case s.Grow < -maxSoftness || s.Grow > maxSoftness:
		return p, &SpecError{PartGrow, fmt.Sprintf("%d is not within %d pixels", s.Grow, maxSoftness), nil}
	case s.Feather < 0 || s.Feather > maxSoftness:
		return p, &SpecError{PartFeather, fmt.Sprintf("%d is not 0 to %d pixels", s.Feather, maxSoftness), nil}
	}
	return p, nil
}

// A canvas is the picture, with its margins, and what of it is painted anew.
type canvas struct {
	image *image.NRGBA
	mask  *media.Mask
	notes []string
}

// canvas draws the mask for a picture; file is its mask file or nil. The same
// inputs give the same canvas: it is drawn before the run, and again after it.
func (p Plan) canvas(pic *media.Picture, file *media.Picture) (canvas, error) {
	c := canvas{image: pic.Image, mask: media.NewMask(pic.Width(), pic.Height())}
	var parts []*media.Mask
	if file != nil {
		m, notes := media.MaskFromPicture(file, pic.Width(), pic.Height())
		parts = append(parts, m)
		c.notes = slices.Concat(notes, otherShape(file, pic))
	}
	if p.Alpha {
		parts = append(parts, media.MaskFromAlpha(pic.Image))
	}
	if p.Color != "" {
		parts = append(parts, media.MaskFromColor(pic.Image, p.color, p.Tolerance))
	}
	for _, m := range parts {
		if err := c.mask.Union(m); err != nil {
			return canvas{}, err
		}
	}
	for _, s := range p.shapes {
		c.mask.Fill(s)
	}
	if p.Invert {
		c.mask.Invert()
	}
	if p.Expand != "" {
		if err := c.expand(p.margins); err != nil {
			return canvas{}, err
		}
	}
	c.mask.Grow(p.Grow)
	c.mask.Feather(p.Feather)
	if err := c.mask.Check(); err != nil {
		return canvas{}, &EmptyError{err}
	}
	return c, nil
}

// otherShape warns of a mask that does not lie on the picture as it was drawn.
func otherShape(mask, pic *media.Picture) []string {
	across, down := float64(mask.Width()*pic.Height()), float64(mask.Height()*pic.Width())
	if math.Abs(across-down) <= 0.02*max(across, down) { // less is rounding
		return nil
	}
	return []string{fmt.Sprintf("the mask is %d x %d, the picture %d x %d: it is stretched to those proportions",
		mask.Width(), mask.Height(), pic.Width(), pic.Height())}
}

// expand puts the picture on a larger canvas whose new area is painted.
func (c *canvas) expand(m media.Margins) error {
	size := c.image.Rect.Size()
	larger, fresh, err := media.Expand(c.image, m)
	if err != nil {
		reason := err.Error()
		if errors.Is(err, media.ErrEmptyMask) {
			reason = "adds nothing to the picture"
		}
		return &SpecError{PartExpand, reason, err}
	}
	at := image.Pt(m.Left.Of(size.X), m.Top.Of(size.Y))
	placed := media.Canvas{Image: larger, Content: image.Rectangle{Min: at, Max: at.Add(size)}}.Mask(c.mask)
	c.image, c.mask = larger, placed
	return c.mask.Union(fresh)
}
