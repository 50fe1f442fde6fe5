package repaint_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/registry"
)

func picture(t *testing.T, w, h int) (*media.Picture, []byte) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	p, err := media.Load(bytes.NewReader(b.Bytes()), media.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p, b.Bytes()
}

// What is wrong with a spec is a fact that names its part.
func TestSpecErrors(t *testing.T) {
	t.Parallel()
	for part, spec := range map[repaint.Part]repaint.Spec{
		repaint.PartRect:    {Rects: []string{"1,2,3"}},
		repaint.PartEllipse: {Ellipses: []string{"round"}},
		repaint.PartColor:   {Color: "puce"},
		repaint.PartExpand:  {Expand: "up=3"},
		repaint.PartGrow:    {Grow: 2001},
		repaint.PartFeather: {Feather: -1},
	} {
		var wrong *repaint.SpecError
		if _, err := spec.Plan(); !errors.As(err, &wrong) || wrong.Part != part {
			t.Errorf("%s: error %v", part, err)
		}
	}
}

// Paint and PutBack together change nothing outside the mask, and everything
// inside it.
func TestPutBack(t *testing.T) {
	t.Parallel()
	pic, _ := picture(t, 100, 80)
	pic.Profile = make([]byte, 200) // the least that is taken for a profile
	copy(pic.Profile[16:], "RGB ")
	copy(pic.Profile[36:], "acsp")
	plan, err := repaint.Spec{Rects: []string{"20,10,30,40"}}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	painting, err := plan.Paint(repaint.Fit{Grid: 16}, &registry.Parameter{Channel: "red"}, pic, nil)
	if err != nil {
		t.Fatal(err)
	}
	if painting.Sent != [2]int{112, 80} || painting.Mask == nil || painting.Shown != "" {
		t.Fatalf("sends %v, mask %v, shown %q", painting.Sent, painting.Mask, painting.Shown)
	}
	painted := image.NewNRGBA(image.Rect(0, 0, 112, 80))
	for i := range painted.Pix {
		painted.Pix[i] = 255 // white all over
	}
	var file bytes.Buffer
	if err := png.Encode(&file, painted); err != nil {
		t.Fatal(err)
	}
	back, err := painting.Read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := back.PutBack(pic, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := media.Load(bytes.NewReader(whole), media.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Profile, pic.Profile) {
		t.Errorf("the colour profile is gone: %d bytes", len(got.Profile))
	}
	mask, white := image.Rect(20, 10, 50, 50), color.NRGBA{255, 255, 255, 255}
	for y := range 80 {
		for x := range 100 {
			want := pic.Image.NRGBAAt(x, y)
			if image.Pt(x, y).In(mask) {
				want = white
			}
			if c := got.Image.NRGBAAt(x, y); c != want {
				t.Fatalf("at %d,%d: %v, want %v", x, y, c, want)
			}
		}
	}
}

// A picture of another shape cannot be put back, and nothing is read for it.
func TestAnotherShapeIsNotPutBack(t *testing.T) {
	t.Parallel()
	_, file := picture(t, 64, 64)
	g := repaint.Geometry{Sent: [2]int{112, 80}}
	if _, err := g.Read(file); err == nil || !strings.Contains(err.Error(), "64 x 64 pixels, which is another shape than the 112 x 80") {
		t.Errorf("error %v", err)
	}
}
