package plan

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

// DefaultTolerance of a mask's color: what saving as JPEG changes at most.
const DefaultTolerance = 16

// A Mask says what of a picture is painted anew, as far as somebody said it:
// what is nil is not given.
type Mask struct {
	Rects     []string `json:"rects,omitempty"`
	Ellipses  []string `json:"ellipses,omitempty"`
	Color     *string  `json:"color,omitempty"`
	Tolerance *uint8   `json:"tolerance,omitempty"`
	Alpha     *bool    `json:"alpha,omitempty"`
	Invert    *bool    `json:"invert,omitempty"`
	Grow      *int     `json:"grow,omitempty"`
	Feather   *int     `json:"feather,omitempty"`
	Expand    *string  `json:"expand,omitempty"`
	Whole     *bool    `json:"whole,omitempty"`
}

// RecordedMask is a mask that a record holds.
func RecordedMask(s run.MaskSpec) *Mask {
	return &Mask{s.Rects, s.Ellipses, &s.Color, &s.Tolerance, &s.Alpha, &s.Invert, &s.Grow, &s.Feather, &s.Expand, &s.Whole}
}

// Spec is the mask as the engine draws it; nil when nothing is asked for.
func (m *Mask) Spec() *run.MaskSpec {
	if m == nil {
		return nil
	}
	tolerance := uint8(DefaultTolerance)
	s := run.MaskSpec{
		Rects: m.Rects, Ellipses: m.Ellipses, Color: value(m.Color), Tolerance: *either(m.Tolerance, &tolerance), Alpha: value(m.Alpha),
		Invert: value(m.Invert), Grow: value(m.Grow), Feather: value(m.Feather), Expand: value(m.Expand), Whole: value(m.Whole),
	}
	if s.Color == "" {
		s.Tolerance = 0
	}
	if !s.Draws() && !s.Invert && !s.Whole && s.Grow == 0 && s.Feather == 0 {
		return nil
	}
	return &s
}

// over takes from below what the mask does not say, part by part.
func (m *Mask) over(below *Mask) *Mask {
	switch {
	case m == nil:
		return below
	case below == nil:
		return m
	}
	out := m.treatedAs(below)
	if len(m.Rects) == 0 {
		out.Rects = below.Rects
	}
	if len(m.Ellipses) == 0 {
		out.Ellipses = below.Ellipses
	}
	out.Color, out.Tolerance = either(m.Color, below.Color), either(m.Tolerance, below.Tolerance)
	out.Alpha, out.Expand = either(m.Alpha, below.Alpha), either(m.Expand, below.Expand)
	return out
}

// Vary is a recorded mask with what m changes of it: what it selects, or only
// how that is treated. Nil changes nothing.
func (m *Mask) Vary(recorded *Mask) *Mask {
	if m == nil {
		return recorded
	}
	selected := recorded
	if spec := m.Spec(); spec != nil && spec.Draws() {
		selected = m
	}
	out := m.treatedAs(recorded)
	out.Rects, out.Ellipses, out.Color, out.Tolerance = selected.Rects, selected.Ellipses, selected.Color, selected.Tolerance
	out.Alpha, out.Expand = selected.Alpha, selected.Expand
	return out
}

// treatedAs is a copy of the mask that leaves no treatment open that below says.
func (m *Mask) treatedAs(below *Mask) *Mask {
	out := *m
	out.Invert, out.Whole = either(m.Invert, below.Invert), either(m.Whole, below.Whole)
	out.Grow, out.Feather = either(m.Grow, below.Grow), either(m.Feather, below.Feather)
	return &out
}

// maskKeys are the keys of a request that draw a mask.
func maskKeys() []string {
	return []string{
		"mask_rect", "mask_ellipse", "mask_color", "mask_tolerance", "mask_alpha", "mask_invert", "mask_grow", "mask_feather", "mask_whole", "expand",
	}
}

// maskForm says what one of maskKeys takes, where not any text will do.
func maskForm(key string) string {
	switch key {
	case "mask_tolerance":
		return "a number from 0 to 255"
	case "mask_grow", "mask_feather":
		return "a whole number of pixels"
	case "mask_alpha", "mask_invert", "mask_whole":
		return "true or false"
	}
	return "text"
}

// set takes one of maskKeys from JSON: a value, its text, or, of shapes, a list.
func (m *Mask) set(key string, raw json.RawMessage) error {
	texts := []string{JSONText(raw)}
	var several []json.RawMessage
	if json.Unmarshal(raw, &several) == nil {
		texts = texts[:0]
		for _, item := range several {
			texts = append(texts, JSONText(item))
		}
	}
	for _, text := range texts {
		if err := m.setText(key, text); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mask) setText(key, text string) (err error) {
	switch key {
	case "mask_rect":
		m.Rects = append(m.Rects, text)
	case "mask_ellipse":
		m.Ellipses = append(m.Ellipses, text)
	case "mask_color":
		m.Color = &text
	case "expand":
		m.Expand = &text
	case "mask_tolerance":
		var n uint64
		n, err = strconv.ParseUint(text, 10, 8)
		m.Tolerance = new(uint8(n))
	case "mask_alpha":
		m.Alpha, err = parsed(strconv.ParseBool(text))
	case "mask_invert":
		m.Invert, err = parsed(strconv.ParseBool(text))
	case "mask_whole":
		m.Whole, err = parsed(strconv.ParseBool(text))
	case "mask_grow":
		m.Grow, err = parsed(strconv.Atoi(text))
	case "mask_feather":
		m.Feather, err = parsed(strconv.Atoi(text))
	default:
		err = errors.New("there is no such key")
	}
	return err
}

func parsed[T any](v T, err error) (*T, error) { return &v, err }

// value is what a pointer points to, or the zero value.
func value[T any](p *T) T {
	var none T
	return *either(p, &none)
}

// either is the first one that is given.
func either[T any](p, otherwise *T) *T {
	if p != nil {
		return p
	}
	return otherwise
}
