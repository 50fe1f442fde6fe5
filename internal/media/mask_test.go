package media

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
)

func shape(t testing.TB, s string, ellipse bool) Shape {
	t.Helper()
	sh, err := ParseShape(s, ellipse)
	if err != nil {
		t.Fatal(err)
	}
	return sh
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		ellipse bool
		bounds  image.Rectangle
		inside  int
	}{
		{"10,20,30,10", false, image.Rect(10, 20, 40, 30), 300},
		{"10%,20%,50%,50%", false, image.Rect(10, 10, 60, 35), 1250},
		{" 10px , 0 , 5.4 , 100% ", false, image.Rect(10, 0, 15, 50), 250},
		{"90,40,100,100", false, image.Rect(90, 40, 100, 50), 100},
		{"-5,-5,10,10", false, image.Rect(0, 0, 5, 5), 25},
		{"10,10,0.1,0.1", false, image.Rect(10, 10, 11, 11), 1},
		{"200,10,5,5", false, image.Rectangle{}, 0},
		{"10,10,20,20", true, image.Rect(10, 10, 30, 30), 316}, // pi * 100 = 314
		{"0,0,100%,100%", true, image.Rect(0, 0, 100, 50), 3928},
	} {
		m := NewMask(100, 50)
		m.Fill(shape(t, c.text, c.ellipse))
		inside := 0
		for _, v := range m.Pix {
			if v == 255 {
				inside++
			}
		}
		if m.Bounds() != c.bounds || inside < c.inside-c.inside/100 || inside > c.inside+c.inside/100 {
			t.Errorf("%s: %v, %d pixels, want %v, %d", c.text, m.Bounds(), inside, c.bounds, c.inside)
		}
	}
	for _, bad := range []string{"", "1,2,3", "1,2,3,4,5", "a,2,3,4", "1,2,0,4", "1,2,3,-4", "1,2,NaN,4", "1,2,1e300,4"} {
		if _, err := ParseShape(bad, false); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestEmptyMask(t *testing.T) {
	t.Parallel()
	m := NewMask(4, 4)
	if err := m.Check(); !errors.Is(err, ErrEmptyMask) {
		t.Errorf("%v", err)
	}
	m.Invert()
	if err := m.Check(); err != nil || m.Bounds() != image.Rect(0, 0, 4, 4) {
		t.Errorf("%v, %v", err, m.Bounds())
	}
}

func TestUnion(t *testing.T) {
	t.Parallel()
	a, b := NewMask(10, 10), NewMask(10, 10)
	a.Fill(shape(t, "0,0,2,2", false))
	b.Fill(shape(t, "8,8,2,2", false))
	if err := a.Union(b); err != nil || a.Bounds() != image.Rect(0, 0, 10, 10) || a.Pix[55] != 0 {
		t.Errorf("%v, %v", err, a.Bounds())
	}
	if err := a.Union(NewMask(9, 10)); err == nil {
		t.Error("masks of different sizes were joined")
	}
}

// Grow against its definition, on random masks.
func TestGrow(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w, h, px := 1+r.IntN(40), 1+r.IntN(40), r.IntN(30)-15
		m := NewMask(w, h)
		for range 1 + r.IntN(5) {
			m.Pix[r.IntN(w*h)] = uint8(r.IntN(256))
		}
		if px < 0 {
			m.Invert()
		}
		before := bytes.Clone(m.Pix)
		m.Grow(px)
		for y := range h {
			for x := range w {
				want := before[y*w+x]
				for dy := -max(px, -px); dy <= max(px, -px); dy++ {
					for dx := -max(px, -px); dx <= max(px, -px); dx++ {
						if x+dx < 0 || x+dx >= w || y+dy < 0 || y+dy >= h {
							continue
						}
						v := before[(y+dy)*w+x+dx]
						if px > 0 {
							want = max(want, v)
						} else {
							want = min(want, v)
						}
					}
				}
				if got := m.Pix[y*w+x]; got != want {
					t.Fatalf("%d x %d by %d: pixel %d, %d is %d, want %d", w, h, px, x, y, got, want)
				}
			}
		}
	}
}

func TestFeather(t *testing.T) {
	t.Parallel()
	for _, px := range []int{1, 2, 3, 8, 40} {
		m := NewMask(200, 150)
		m.Fill(shape(t, "100,0,100,150", false)) // touches three borders
		m.Feather(px)
		row := m.row(75)
		for x := 1; x < 200; x++ {
			if row[x] < row[x-1] {
				t.Fatalf("%d px: falls at %d: %d after %d", px, x, row[x], row[x-1])
			}
		}
		edge := (int(row[99]) + int(row[100])) / 2
		if edge < 122 || edge > 133 || row[max(0, 99-2*px)] > 2 || row[min(199, 100+2*px)] < 253 {
			t.Errorf("%d px: %v", px, row[80:120])
		}
		for _, y := range []int{0, 149} { // no darkening at the picture's border
			if got := m.row(y); !bytes.Equal(got, row) {
				t.Errorf("%d px: row %d differs from the middle", px, y)
			}
		}
		if row[0] != 0 || row[199] != 255 {
			t.Errorf("%d px: far away %d and %d", px, row[0], row[199])
		}
	}
	m := NewMask(3, 3)
	m.Invert()
	m.Feather(50)
	if m.Pix[4] != 255 {
		t.Errorf("a full mask became %d", m.Pix[4])
	}
}

func TestMaskFromPicture(t *testing.T) {
	t.Parallel()
	grid := func(f func(x, y int) color.NRGBA) *Picture {
		img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
		for y := range 8 {
			for x := range 8 {
				img.SetNRGBA(x, y, f(x, y))
			}
		}
		return load(t, encodePNG(t, img))
	}
	left := func(a, b color.NRGBA) *Picture {
		return grid(func(x, _ int) color.NRGBA {
			if x < 4 {
				return a
			}
			return b
		})
	}
	white, black := color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}
	clearBlack, clearWhite := color.NRGBA{0, 0, 0, 0}, color.NRGBA{255, 255, 255, 0}
	photo := color.NRGBA{200, 120, 40, 255}
	for name, c := range map[string]struct {
		p    *Picture
		left bool // the left half is repainted
		note string
	}{
		"white on black":             {left(white, black), true, ""},
		"black on white":             {left(black, white), false, ""},
		"white on nothing":           {left(white, clearBlack), true, ""},
		"white on transparent white": {left(white, clearWhite), true, ""},
		"a hole in black":            {left(clearBlack, black), true, "alpha"},
		"a hole in a photo":          {left(color.NRGBA{200, 120, 40, 0}, photo), true, "alpha"},
	} {
		m, notes := MaskFromPicture(c.p, 8, 8)
		l, r := m.Pix[0], m.Pix[7]
		if c.left != (l > r) || max(l, r) != 255 || min(l, r) != 0 {
			t.Errorf("%s: left %d, right %d", name, l, r)
		}
		if joined := strings.Join(notes, "; "); (c.note == "") != (joined == "") || !strings.Contains(joined, c.note) {
			t.Errorf("%s: %q", name, joined)
		}
	}
	m, notes := MaskFromPicture(left(white, black), 640, 640)
	if len(notes) > 0 || m.Width != 640 || len(m.Pix) != 640*640 || m.row(600)[100] != 255 || m.row(300)[600] != 0 {
		t.Errorf("scaled: %q, %d", notes, m.Width)
	}
	if m, notes = MaskFromPicture(left(white, black), 64, 16); len(notes) != 1 || !strings.Contains(notes[0], "stretched") || m.row(15)[0] != 255 {
		t.Errorf("stretched: %q", notes)
	}
}

func TestMaskFromColorAndAlpha(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 1))
	for x, c := range []color.NRGBA{{255, 0, 255, 255}, {245, 10, 250, 200}, {244, 0, 255, 255}, {255, 0, 255, 0}} {
		img.SetNRGBA(x, 0, c)
	}
	c, err := ParseColor("#F0f")
	if err != nil {
		t.Fatal(err)
	}
	if m := MaskFromColor(img, c, 10); !bytes.Equal(m.Pix, []byte{255, 255, 0, 0}) {
		t.Errorf("by colour: %v", m.Pix)
	}
	if m := MaskFromAlpha(img); !bytes.Equal(m.Pix, []byte{0, 55, 0, 255}) {
		t.Errorf("by alpha: %v", m.Pix)
	}
	for _, bad := range []string{"", "#12", "#12345", "magenta", "#gggggg", "#-12345"} {
		if _, err := ParseColor(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func copied(img *image.NRGBA) *image.NRGBA {
	return &image.NRGBA{Pix: bytes.Clone(img.Pix), Stride: img.Stride, Rect: img.Rect}
}

// The untouched area of an inpainted picture is bit-identical to the original,
// at the original's size, whatever size was generated.
func TestCompositeKeepsTheRest(t *testing.T) {
	t.Parallel()
	original := pattern(301, 203)
	original.SetNRGBA(0, 0, color.NRGBA{9, 8, 7, 0}) // colour below alpha 0
	original.SetNRGBA(1, 0, color.NRGBA{9, 8, 7, 99})
	m := NewMask(301, 203)
	m.Fill(shape(t, "100,80,60,40", true))
	m.Feather(12)
	c := FitGrid(original, 16)
	if c.Image.Rect != image.Rect(0, 0, 304, 208) || c.Content != image.Rect(0, 0, 301, 203) {
		t.Fatalf("%v, %v", c.Image.Rect, c.Content)
	}
	for _, size := range []image.Point{{304, 208}, {152, 104}, {608, 416}, {1000, 700}} {
		generated := image.NewNRGBA(image.Rectangle{Max: size})
		for i := range generated.Pix {
			generated.Pix[i] = 255
		}
		got := copied(original)
		if err := Composite(got, got.Rect, generated, c.Crop(generated.Rect), m); err != nil {
			t.Fatal(err)
		}
		changed := 0
		for y := range 203 {
			for x := range 301 {
				a, b := original.NRGBAAt(x, y), got.NRGBAAt(x, y)
				if m.row(y)[x] == 0 && a != b {
					t.Fatalf("%v: pixel %d, %d outside the mask became %v, was %v", size, x, y, b, a)
				}
				if m.row(y)[x] == 255 && b != (color.NRGBA{255, 255, 255, 255}) {
					t.Fatalf("%v: pixel %d, %d inside the mask is %v", size, x, y, b)
				}
				if a != b {
					changed++
				}
			}
		}
		if changed < 1500 {
			t.Errorf("%v: only %d pixels changed", size, changed)
		}
	}
	if err := Composite(original, original.Rect, c.Image, image.Rect(0, 0, 305, 1), m); err == nil {
		t.Error("an area outside the picture was taken")
	}
	if err := Composite(original, original.Rect, c.Image, c.Content, NewMask(1, 1)); err == nil {
		t.Error("a mask of another size was taken")
	}
}

// A part that comes back as it was sent lands where it was taken from.
func TestCompositePart(t *testing.T) {
	t.Parallel()
	original := pattern(301, 203)
	m := NewMask(301, 203)
	m.Fill(shape(t, "120,90,40,30", true))
	m.Feather(5)
	at := image.Rect(96, 64, 224, 160)
	part := Part(original, at)
	got := copied(original)
	if err := Composite(got, at, part, part.Rect, m); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pix, original.Pix) {
		t.Error("the picture changed")
	}
	for i, v := range m.Part(at).Pix {
		if x, y := at.Min.X+i%at.Dx(), at.Min.Y+i/at.Dx(); v != m.row(y)[x] {
			t.Fatalf("the mask's part has %d at %d, %d, want %d", v, x, y, m.row(y)[x])
		}
	}
	if err := Composite(original, image.Rect(130, 64, 224, 160), part, image.Rect(0, 0, 94, 96), m); err == nil {
		t.Error("a mask that reaches out of what was generated was taken")
	}
}

func TestMixWithAlpha(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to, from, want [4]uint8
		share          uint8
	}{
		{[4]uint8{1, 2, 3, 0}, [4]uint8{200, 100, 50, 255}, [4]uint8{200, 100, 50, 255}, 255},
		{[4]uint8{1, 2, 3, 0}, [4]uint8{200, 100, 50, 255}, [4]uint8{200, 100, 50, 128}, 128},
		{[4]uint8{100, 100, 100, 255}, [4]uint8{0, 0, 0, 0}, [4]uint8{100, 100, 100, 127}, 128},
		{[4]uint8{1, 2, 3, 0}, [4]uint8{0, 0, 0, 0}, [4]uint8{0, 0, 0, 0}, 7},
		{[4]uint8{0, 0, 0, 255}, [4]uint8{255, 255, 255, 255}, [4]uint8{128, 128, 128, 255}, 128},
	} {
		got := c.to
		mix(got[:], c.from[:], c.share)
		if got != c.want {
			t.Errorf("%v to %v by %d: %v, want %v", c.to, c.from, c.share, got, c.want)
		}
	}
}

func TestWithHolesKeepsColour(t *testing.T) {
	t.Parallel()
	img := pattern(70, 130)
	m := NewMask(70, 130)
	m.Fill(shape(t, "10,10,20,20", false))
	got, err := WithHoles(img, m)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(got.Pix); i += 4 {
		if !bytes.Equal(got.Pix[i:i+3], img.Pix[i:i+3]) || got.Pix[i+3] != 255-m.Pix[i/4] {
			t.Fatalf("pixel %d is %v", i/4, got.Pix[i:i+4])
		}
	}
	if back := MaskFromAlpha(got); !bytes.Equal(back.Pix, m.Pix) {
		t.Error("the mask does not come back from the alpha")
	}
	preview, err := PreviewOver(img, m)
	if err != nil || preview.NRGBAAt(5, 5) != img.NRGBAAt(5, 5) || preview.NRGBAAt(15, 15).R < 150 {
		t.Errorf("%v, %v", preview.NRGBAAt(15, 15), err)
	}
}

func TestFlatten(t *testing.T) {
	t.Parallel()
	img := pattern(3, 1)
	if Flatten(img) != img {
		t.Error("an opaque picture was copied")
	}
	img.SetNRGBA(1, 0, color.NRGBA{0, 0, 0, 0})
	img.SetNRGBA(2, 0, color.NRGBA{0, 100, 255, 128})
	got := Flatten(img)
	if got.NRGBAAt(1, 0) != (color.NRGBA{255, 255, 255, 255}) || got.NRGBAAt(2, 0) != (color.NRGBA{127, 177, 255, 255}) {
		t.Errorf("%v %v", got.NRGBAAt(1, 0), got.NRGBAAt(2, 0))
	}
}

func TestFitGrid(t *testing.T) {
	t.Parallel()
	img := pattern(30, 17)
	c := FitGrid(img, 8)
	if c.Image.Rect != image.Rect(0, 0, 32, 24) {
		t.Fatalf("%v", c.Image.Rect)
	}
	for _, p := range []image.Point{{31, 5}, {5, 23}, {31, 23}, {29, 16}} {
		want := img.NRGBAAt(min(p.X, 29), min(p.Y, 16))
		if got := c.Image.NRGBAAt(p.X, p.Y); got != want {
			t.Errorf("%v is %v, want %v", p, got, want)
		}
	}
	m := NewMask(30, 17)
	m.Invert()
	if got := c.Mask(m).Bounds(); got != image.Rect(0, 0, 32, 24) {
		t.Errorf("a mask up to the edge covers %v, want the border too", got)
	}
	inner := NewMask(30, 17)
	inner.row(16)[3] = 255
	if got := c.Mask(inner).Bounds(); got != image.Rect(3, 16, 4, 24) {
		t.Errorf("a mask at the lower edge covers %v", got)
	}
	if same := FitGrid(pattern(32, 24), 8); same.Image.Rect != same.Content {
		t.Errorf("%v", same)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	img := pattern(100, 50)
	margins, err := ParseMargins("left=10, bottom=20%")
	if err != nil {
		t.Fatal(err)
	}
	out, m, err := Expand(img, margins)
	if err != nil {
		t.Fatal(err)
	}
	if out.Rect != image.Rect(0, 0, 110, 60) || m.Width != 110 || m.Height != 60 {
		t.Fatalf("%v, %d x %d", out.Rect, m.Width, m.Height)
	}
	for y := range 60 {
		for x := range 110 {
			inside := x >= 10 && y < 50
			if (m.row(y)[x] == 0) != inside {
				t.Fatalf("mask at %d, %d is %d", x, y, m.row(y)[x])
			}
			if want := img.NRGBAAt(max(x-10, 0), min(y, 49)); out.NRGBAAt(x, y) != want {
				t.Fatalf("pixel %d, %d is %v, want %v", x, y, out.NRGBAAt(x, y), want)
			}
		}
	}
	if _, _, err := Expand(img, Margins{}); !errors.Is(err, ErrEmptyMask) {
		t.Errorf("by nothing: %v", err)
	}
	if _, _, err := Expand(img, Margins{Left: Length{Value: 1e6}, Top: Length{Value: 1e6}}); err == nil {
		t.Error("a huge canvas was made")
	}
	for _, bad := range []string{"", "left", "up=3", "left=-1", "left=x", "left=1,,"} {
		if _, err := ParseMargins(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if all, err := ParseMargins("ALL=5%"); err != nil || all.Top != (Length{5, true}) || all.Left != all.Bottom {
		t.Errorf("%v, %v", all, err)
	}
}
