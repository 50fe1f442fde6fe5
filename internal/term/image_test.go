package term

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi/sixel"
)

// gradient runs from black to red rightwards and to blue downwards.
func gradient(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{R: uint8(x * 255 / max(w-1, 1)), B: uint8(y * 255 / max(h-1, 1)), A: 255})
		}
	}
	return img
}

func shown(t *testing.T, img image.Image, o ImageOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := ShowImage(&b, img, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHalfBlocks(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 2, 3))
	red, blue := color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}
	img.SetNRGBA(0, 0, red)
	img.SetNRGBA(1, 0, red)
	img.SetNRGBA(0, 1, blue)
	img.SetNRGBA(1, 1, blue)
	img.SetNRGBA(0, 2, blue) // the other one is transparent: black
	o := ImageOptions{Graphics: HalfBlocks, MaxCols: 10, MaxRows: 10, TrueColor: true}
	want := "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[m\n\x1b[38;2;0;0;255m▀\x1b[38;2;0;0;0m▀\x1b[m\n"
	if got := shown(t, img, o); got != want {
		t.Errorf("24 bit\n got %q\nwant %q", got, want)
	}
	o.TrueColor = false
	want = "\x1b[38;5;196;48;5;21m▀▀\x1b[m\n\x1b[38;5;21m▀\x1b[38;5;16m▀\x1b[m\n"
	if got := shown(t, img, o); got != want {
		t.Errorf("256 colours\n got %q\nwant %q", got, want)
	}
}

func TestPicturesFit(t *testing.T) {
	t.Parallel()
	tests := []struct{ w, h, cols, rows, wantW, wantH int }{
		{1024, 1024, 80, 24, 48, 48},
		{2000, 10, 80, 24, 80, 1},
		{10, 2000, 80, 24, 1, 48},
		{5, 5, 80, 24, 5, 5},
		{1, 5000, 1, 1, 1, 2},
	}
	for _, tt := range tests {
		size := fit(gradient(tt.w, tt.h), tt.cols, tt.rows*2, nil).Bounds().Size()
		if size != image.Pt(tt.wantW, tt.wantH) {
			t.Errorf("%dx%d in %dx%d cells: %v", tt.w, tt.h, tt.cols, tt.rows, size)
		}
	}
}

// body takes apart what inRoom puts around a picture.
func body(t *testing.T, out string, rows int) string {
	t.Helper()
	r := string(rune('0' + rows))
	before, after := strings.Repeat("\n", rows)+"\x1b["+r+"A\x1b7", "\x1b8\x1b["+r+"B\r"
	if !strings.HasPrefix(out, before) || !strings.HasSuffix(out, after) {
		t.Fatalf("no room of %d rows in %.80q", rows, out)
	}
	return out[len(before) : len(out)-len(after)]
}

func TestKitty(t *testing.T) {
	t.Parallel()
	out := body(t, shown(t, gradient(400, 200), ImageOptions{Graphics: Kitty, MaxCols: 20, MaxRows: 9, id: 7}), 5)
	chunks := regexp.MustCompile("\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\\\").FindAllStringSubmatch(out, -1)
	var payload, rest string
	for _, c := range chunks {
		if len(c[2]) > 4096 {
			t.Errorf("a chunk of %d bytes", len(c[2]))
		}
		payload += c[2]
	}
	rest = regexp.MustCompile("\x1b_G[^\x1b]*\x1b\\\\").ReplaceAllString(out, "")
	if rest != "" {
		t.Errorf("besides the picture: %q", rest)
	}
	for _, option := range []string{"a=T", "f=100", "q=2", "C=1", "c=20", "r=5", "i=7"} {
		if !strings.Contains(","+chunks[0][1]+",", ","+option+",") {
			t.Errorf("%s is not in %s", option, chunks[0][1])
		}
	}
	sameSize(t, payload, 200, 100)
	plain := shown(t, gradient(4, 4), ImageOptions{Graphics: Kitty, MaxCols: 20, MaxRows: 9})
	if strings.Contains(plain, "i=") {
		t.Errorf("a picture that stays has the id of previews: %q", plain)
	}
}

func TestITerm2(t *testing.T) {
	t.Parallel()
	out := body(t, shown(t, gradient(400, 200), ImageOptions{Graphics: ITerm2, MaxCols: 20, MaxRows: 9}), 5)
	m := regexp.MustCompile("^\x1b\\]1337;File=size=([0-9]+);width=20;height=5;inline=1:([A-Za-z0-9+/=]+)\x07$").FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("got %.120q", out)
	}
	sameSize(t, m[2], 200, 100)
}

func sameSize(t *testing.T, encoded string, w, h int) {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width != w || cfg.Height != h {
		t.Errorf("sent %dx%d, not %dx%d: %v", cfg.Width, cfg.Height, w, h, err)
	}
}

func TestSixel(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 30, 30))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	out := body(t, shown(t, img, ImageOptions{Graphics: Sixel, MaxCols: 20, MaxRows: 9}), 2)
	payload, ok := strings.CutPrefix(out, "\x1bP0;1q")
	payload, end := strings.CutSuffix(payload, "\x1b\\")
	if !ok || !end {
		t.Fatalf("got %.80q", out)
	}
	got, err := new(sixel.Decoder).Decode(strings.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	if size := got.Bounds().Size(); size.X != 30 {
		t.Errorf("size %v", size)
	}
	if r, g, b, _ := got.At(10, 10).RGBA(); r>>8 != 255 || g>>8 != 255 || b>>8 != 255 {
		t.Errorf("white became %v", got.At(10, 10))
	}
}

func TestPicturesThatCannotBeShown(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := ShowImage(&b, gradient(2, 2), ImageOptions{}); err != nil || b.Len() > 0 {
		t.Errorf("no graphics: %q, %v", &b, err)
	}
	for name, o := range map[string]ImageOptions{
		"no room":     {Graphics: HalfBlocks},
		"unknown way": {Graphics: 99, MaxCols: 5, MaxRows: 5},
	} {
		if err := ShowImage(&b, gradient(2, 2), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := ShowImage(&b, image.NewNRGBA(image.Rectangle{}), ImageOptions{Graphics: Kitty, MaxCols: 5, MaxRows: 5}); err == nil {
		t.Error("an empty picture: no error")
	}
}

func BenchmarkPreview(b *testing.B) {
	img := gradient(512, 512)
	for _, g := range []Graphics{HalfBlocks, Sixel, ITerm2, Kitty} {
		b.Run(g.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := render(img, ImageOptions{Graphics: g, MaxCols: 80, MaxRows: 24}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
