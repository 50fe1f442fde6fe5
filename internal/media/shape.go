package media

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"
)

// A Length is a number of pixels, or a share of a side of the picture.
type Length struct {
	Value   float64
	Percent bool
}

// Of gives the length in pixels on a side, rounded.
func (l Length) Of(side int) int {
	v := l.Value
	if l.Percent {
		v = v * float64(side) / 100
	}
	return int(math.Round(v))
}

// parseLength reads "256", "256px" or "12.5%".
func parseLength(s string) (Length, error) {
	text := strings.TrimSpace(s)
	number, percent := strings.CutSuffix(text, "%")
	if !percent {
		number = strings.TrimSuffix(text, "px")
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.Abs(v) > 1e6 || math.IsNaN(v) {
		return Length{}, fmt.Errorf("%q is no length; use pixels (256) or percent (25%%)", s)
	}
	return Length{v, percent}, nil
}

// A Shape is an area of a mask, as users write it.
type Shape struct {
	X, Y, W, H Length
	Ellipse    bool // inside the rectangle
}

// ParseShape reads X,Y,W,H in pixels or percent: "100,50,25%,25%". Width and
// height must be above 0.
func ParseShape(s string, ellipse bool) (Shape, error) {
	shape := Shape{Ellipse: ellipse}
	fields := strings.Split(s, ",")
	if len(fields) != 4 {
		return shape, fmt.Errorf("%q is no area; use X,Y,WIDTH,HEIGHT in pixels or percent", s)
	}
	for i, into := range []*Length{&shape.X, &shape.Y, &shape.W, &shape.H} {
		l, err := parseLength(fields[i])
		if err != nil {
			return shape, err
		}
		*into = l
	}
	if shape.W.Value <= 0 || shape.H.Value <= 0 {
		return shape, fmt.Errorf("the area %q has no size", s)
	}
	return shape, nil
}

// Within gives the rectangle on a picture of that size; it may reach beyond.
func (s Shape) Within(width, height int) image.Rectangle {
	at := image.Pt(s.X.Of(width), s.Y.Of(height))
	return image.Rectangle{at, at.Add(image.Pt(max(1, s.W.Of(width)), max(1, s.H.Of(height))))}
}

// ParseColor reads #rgb or #rrggbb, with or without the #.
func ParseColor(s string) (color.NRGBA, error) {
	hex := strings.TrimPrefix(strings.TrimSpace(s), "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return color.NRGBA{}, fmt.Errorf("%q is no colour; use #rrggbb", s)
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}, nil
}

// Margins are what a canvas gains at each side.
type Margins struct{ Left, Top, Right, Bottom Length }

// ParseMargins reads "left=256,bottom=10%"; "all=64" stands for each side.
func ParseMargins(s string) (Margins, error) {
	var m Margins
	for field := range strings.SplitSeq(s, ",") {
		side, length, ok := strings.Cut(field, "=")
		sides := map[string][]*Length{
			"left": {&m.Left}, "top": {&m.Top}, "right": {&m.Right}, "bottom": {&m.Bottom},
			"all": {&m.Left, &m.Top, &m.Right, &m.Bottom},
		}[strings.ToLower(strings.TrimSpace(side))]
		if !ok || sides == nil {
			return m, fmt.Errorf("%q is no margin; use left=256,top=0,right=10%%,bottom=10%%", field)
		}
		l, err := parseLength(length)
		if err != nil {
			return m, err
		}
		if l.Value < 0 {
			return m, fmt.Errorf("the margin %q is negative", field)
		}
		for _, into := range sides {
			*into = l
		}
	}
	return m, nil
}
