package run_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// photo24 is a JPEG of 6000 x 4000 pixels (24 megapixels) with soft forms and
// grain, which compress about as a photo does.
func photo24(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 6000, 4000))
	grain := uint32(1)
	for y := range 4000 {
		wave := 40 * math.Sin(float64(y)/170)
		for x := range 6000 {
			grain = grain*1664525 + 1013904223
			v := 128 + wave + 60*math.Sin(float64(x)/230) + float64(grain>>28) - 8
			img.SetNRGBA(x, y, color.NRGBA{uint8(v), uint8(v * 0.8), uint8(255 - v), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkPhoto24 compares preparing a masked photo with decoding and
// encoding it, which nobody can do without.
func BenchmarkPhoto24(b *testing.B) {
	photo := photo24(b)
	prepare := func(b *testing.B, workflow string) {
		be := newBench(b)
		be.put("photo.jpg", photo)
		b.ReportAllocs()
		for b.Loop() {
			req := be.request(b, workflow, "image", "photo.jpg", "prompt", "x")
			req.Mask = &run.MaskSpec{Rects: []string{"20%,20%,30%,40%"}, Grow: 16, Feather: 32}
			r := &run.Runner{OpenInput: be.open} // a new one: what it prepared is not kept
			if _, err := r.Prepare(b.Context(), req); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("decode and encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := media.Load(bytes.NewReader(photo), media.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := media.Encode(io.Discard, p.Image); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepare", func(b *testing.B) { prepare(b, "qwen_inpaint") })
	b.Run("put back", func(b *testing.B) {
		p, err := media.Load(bytes.NewReader(photo), media.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		painted := media.Resize(p.Image, 1584, 1056)
		mask := media.NewMask(p.Width(), p.Height())
		shape, err := media.ParseShape("20%,20%,30%,40%", false)
		if err != nil {
			b.Fatal(err)
		}
		mask.Fill(shape)
		mask.Feather(32)
		b.ReportAllocs()
		for b.Loop() {
			if err := media.Composite(p.Image, p.Image.Rect, painted, painted.Rect, mask); err != nil {
				b.Fatal(err)
			}
			if _, err := media.Encode(io.Discard, p.Image); err != nil {
				b.Fatal(err)
			}
		}
	})
}
