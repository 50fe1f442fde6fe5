package run_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
)

// scene is a picture in which every place looks different.
func scene(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8(x ^ y), 255})
		}
	}
	return img
}

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// turnedJPEG is a photo that its EXIF turns a quarter to the right: the file
// is w x h, what one sees h x w.
func turnedJPEG(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, scene(w, h), &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	app1 := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return append(append([]byte{0xff, 0xd8}, app1...), b.Bytes()[2:]...)
}

func load(t *testing.T, data []byte) *image.NRGBA {
	t.Helper()
	p, err := media.Load(bytes.NewReader(data), media.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Image
}

// differences is the smallest rectangle around all pixels that differ.
func differences(a, b *image.NRGBA) image.Rectangle {
	m := media.NewMask(a.Rect.Dx(), a.Rect.Dy())
	for y := range m.Height {
		if bytes.Equal(a.Pix[y*a.Stride:][:4*m.Width], b.Pix[y*b.Stride:][:4*m.Width]) {
			continue
		}
		for x := range m.Width {
			if a.NRGBAAt(x, y) != b.NRGBAAt(x, y) {
				m.Pix[y*m.Width+x] = 255
			}
		}
	}
	return m.Bounds()
}

func TestRepaintKeepsTheRest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		workflow string
		pixels   int // what the model likes
		file     []byte
		mask     run.MaskSpec
		within   image.Rectangle // nothing outside may change
		around   image.Rectangle // all of this is painted on
	}{
		{
			"as large as the model likes", "qwen_inpaint", 0, pngOf(t, scene(320, 240)),
			run.MaskSpec{Rects: []string{"80,60,100,50"}},
			image.Rect(80, 60, 180, 110), image.Rect(100, 70, 160, 100),
		},
		{
			"odd sides", "flux_inpaint", 0, pngOf(t, scene(333, 251)),
			run.MaskSpec{Ellipses: []string{"10%,10%,50%,50%"}},
			image.Rect(33, 25, 200, 151), image.Rect(80, 60, 150, 110),
		},
		{
			"turned photo, feathered, larger than the model likes", "sd_inpaint", 40_000, turnedJPEG(t, 250, 175),
			run.MaskSpec{Rects: []string{"50,75,75,75"}, Grow: 2, Feather: 4},
			image.Rect(50-2-8, 75-2-8, 125+2+8, 150+2+8), image.Rect(60, 85, 115, 140),
		},
		{
			"only around the mask of a turned photo", "sd_inpaint", 40_000, turnedJPEG(t, 375, 275),
			run.MaskSpec{Ellipses: []string{"175,225,75,40"}, Feather: 2},
			image.Rect(175-4, 225-4, 250+4, 265+4), image.Rect(200, 235, 225, 255),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.SetModelPixels(test.pixels)
			b.put("photo", test.file)
			req := b.request(t, test.workflow, "image", "photo", "prompt", "a red door", "steps", "2", "seed", "7")
			req.Mask = &test.mask
			res, err := b.Run(t.Context(), req, ignore)
			if err != nil {
				t.Fatal(err)
			}
			data := b.stored(t, res.Outputs[0])
			got, want := load(t, data), load(t, test.file)
			if got.Rect != want.Rect {
				t.Fatalf("the result has %v, the upright original %v", got.Rect, want.Rect)
			}
			changed := differences(got, want)
			if !changed.In(test.within) {
				t.Errorf("pixels changed in %v, which reaches out of %v", changed, test.within)
			}
			if !test.around.In(changed) {
				t.Errorf("pixels changed only in %v, want around %v", changed, test.around)
			}
			texts, err := media.ReadPNGText(bytes.NewReader(data))
			if err != nil || len(texts) == 0 || texts[0].Keyword != "prompt" {
				t.Errorf("the text of the server's file is gone: %v, %v", texts, err)
			}
			if len(res.Outputs) != 1 || *res.Outputs[0].Width != want.Rect.Dx() {
				t.Errorf("outputs %+v", res.Outputs)
			}
		})
	}
}

// Of a photo that is larger than the model likes, the model sees what is around
// the mask at its own size, unless it is asked to see the whole.
func TestLargePhoto(t *testing.T) {
	t.Parallel()
	photo := pngOf(t, scene(600, 400))
	tests := []struct {
		name string
		mask run.MaskSpec
		want repaint.Geometry
		note string
	}{
		{
			"small mask",
			run.MaskSpec{Rects: []string{"250,175,25,25"}},
			repaint.Geometry{Area: [4]int{166, 91, 192, 192}, Sent: [2]int{192, 192}, Content: [2]int{192, 192}},
			"photo of 600 x 400 pixels: the model sees the 192 x 192 around the mask; mask_whole shows it the whole picture",
		},
		{
			"in a corner",
			run.MaskSpec{Rects: []string{"597,397,3,3"}},
			repaint.Geometry{Area: [4]int{408, 208, 192, 192}, Sent: [2]int{192, 192}, Content: [2]int{192, 192}},
			"photo of 600 x 400 pixels: the model sees the 192 x 192 around the mask; mask_whole shows it the whole picture",
		},
		{
			"wide mask",
			run.MaskSpec{Rects: []string{"50,25,200,25"}},
			repaint.Geometry{Area: [4]int{0, 0, 400, 192}, Sent: [2]int{280, 136}, Content: [2]int{279, 134}},
			"photo of 600 x 400 pixels: the model sees the 400 x 192 around the mask, at 279 x 134; mask_whole shows it the whole picture",
		},
		{
			"large mask",
			run.MaskSpec{Rects: []string{"10%,10%,70%,70%"}},
			repaint.Geometry{Area: [4]int{0, 0, 600, 400}, Sent: [2]int{240, 160}, Content: [2]int{237, 158}},
			"photo of 600 x 400 pixels is painted at 237 x 158 and keeps its size",
		},
		{
			"whole",
			run.MaskSpec{Rects: []string{"250,175,25,25"}, Whole: true},
			repaint.Geometry{Area: [4]int{0, 0, 600, 400}, Sent: [2]int{240, 160}, Content: [2]int{237, 158}},
			"photo of 600 x 400 pixels is painted at 237 x 158 and keeps its size",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.SetModelPixels(600_000 / 16)
			b.put("photo", photo)
			req := b.request(t, "sd_inpaint", "image", "photo", "prompt", "x")
			req.Mask = &test.mask
			ticket, err := b.Prepare(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Spec = test.mask
			if diff := cmp.Diff(test.want, ticket.Repaint.Geometry); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{test.note}, ticket.Warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// SD 1.5 was trained on 512 x 512 and paints little more well.
func TestModelPixels(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo", pngOf(t, image.NewGray(image.Rect(0, 0, 1000, 605))))
	req := b.request(t, "sd_inpaint", "image", "photo", "prompt", "x")
	req.Mask = &run.MaskSpec{Rects: []string{"0,0,10%,10%"}}
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if want := [2]int{995, 602}; ticket.Repaint.Content != want {
		t.Errorf("%v pixels were sent, want %v, just below 600 000", ticket.Repaint.Content, want)
	}
}

func TestMaskFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	photo := scene(320, 240)
	b.put("photo.png", pngOf(t, photo))
	small := image.NewGray(image.Rect(0, 0, 80, 60)) // a quarter of the size
	for y := 15; y < 45; y++ {
		for x := 20; x < 60; x++ {
			small.SetGray(x, y, color.Gray{255})
		}
	}
	b.put("mask.png", pngOf(t, small))
	res, err := b.Run(t.Context(), b.request(t, "qwen_inpaint", "image", "photo.png", "mask", "mask.png", "prompt", "x", "steps", "2"), ignore)
	if err != nil {
		t.Fatal(err)
	}
	changed := differences(load(t, b.stored(t, res.Outputs[0])), photo)
	if limit := image.Rect(76, 56, 244, 184); !changed.In(limit) || changed.Dx() < 150 {
		t.Errorf("pixels changed in %v, want about the mask at the picture's size, %v", changed, limit)
	}
	req := b.request(t, "qwen_inpaint", "image", "photo.png", "mask", "mask.png", "prompt", "x", "steps", "2")
	req.Mask = &run.MaskSpec{Invert: true}
	res, err = b.Run(t.Context(), req, ignore)
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, b.stored(t, res.Outputs[0]))
	if got.NRGBAAt(160, 120) != photo.NRGBAAt(160, 120) || differences(got, photo) != photo.Rect {
		t.Error("an inverted mask does not paint around and keep the middle")
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	photo := scene(300, 200)
	b.put("photo.png", pngOf(t, photo))
	req := b.request(t, "flux_inpaint", "image", "photo.png", "prompt", "a meadow", "steps", "2")
	req.Mask = &run.MaskSpec{Expand: "left=100,bottom=10%"}
	res, err := b.Run(t.Context(), req, ignore)
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, b.stored(t, res.Outputs[0]))
	if got.Rect != image.Rect(0, 0, 400, 220) {
		t.Fatalf("the result has %v, want 400 x 220", got.Rect)
	}
	for y := range 200 {
		for x := range 300 {
			if got.NRGBAAt(100+x, y) != photo.NRGBAAt(x, y) {
				t.Fatalf("pixel %d,%d of the picture changed", x, y)
			}
		}
	}
}

func TestBadMasks(t *testing.T) {
	t.Parallel()
	black := pngOf(t, image.NewGray(image.Rect(0, 0, 32, 32)))
	tests := []struct {
		name, workflow string
		mask           *run.MaskSpec
		file           string
		want           string
	}{
		{"no mask", "qwen_inpaint", nil, "", "Parameter 'mask' is required"},
		{"empty file", "qwen_inpaint", nil, "black.png", "mask is empty: nothing would be repainted"},
		{"outside", "qwen_inpaint", &run.MaskSpec{Rects: []string{"900,900,10,10"}}, "", "mask is empty"},
		{"opaque alpha", "qwen_inpaint", &run.MaskSpec{Alpha: true}, "", "mask is empty"},
		{"colour that is not there", "qwen_inpaint", &run.MaskSpec{Color: "#123456"}, "", "mask is empty"},
		{"workflow without", "image_upscale", &run.MaskSpec{Rects: []string{"0,0,10,10"}}, "", "workflow image_upscale takes no mask"},
		{"no area", "qwen_inpaint", &run.MaskSpec{Rects: []string{"1,2,3"}}, "", `rect: "1,2,3" is no area`},
		{"no colour", "qwen_inpaint", &run.MaskSpec{Color: "puce"}, "", `color: "puce" is no colour`},
		{"no margin", "qwen_inpaint", &run.MaskSpec{Expand: "up=3"}, "", `expand: "up=3" is no margin`},
		{"margin of nothing", "qwen_inpaint", &run.MaskSpec{Expand: "left=0"}, "", "expand: adds nothing to the picture"},
		{"negative feather", "qwen_inpaint", &run.MaskSpec{Rects: []string{"0,0,10,10"}, Feather: -1}, "", "feather: -1 is not 0 to 2000"},
		{"missing file", "qwen_inpaint", nil, "none.png", "mask none.png: there is no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.put("photo.png", pngOf(t, scene(64, 48)))
			b.put("black.png", black)
			pairs := []string{"image", "photo.png"}
			if test.workflow != "image_upscale" {
				pairs = append(pairs, "prompt", "x")
			}
			if test.file != "" {
				pairs = append(pairs, "mask", test.file)
			}
			req := b.request(t, test.workflow, pairs...)
			req.Mask = test.mask
			_, err := b.Run(t.Context(), req, ignore)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if n := len(b.server.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// A picture that changed or vanished while the run went on cannot take the
// painted area: the file of the server is kept, and that is said.
func TestOriginalGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(96, 80)))
	req := b.request(t, "qwen_inpaint", "image", "photo.png", "prompt", "x", "steps", "2")
	req.Mask = &run.MaskSpec{Rects: []string{"0,0,64,64"}}
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Submit(t.Context(), ticket, ignore); err != nil {
		t.Fatal(err)
	}
	b.put("photo.png", pngOf(t, scene(97, 80)))
	res, err := b.Collect(t.Context(), ticket, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Outputs) != 1 || len(res.Warnings) != 1 || !strings.Contains(res.Warnings[0], "photo.png has changed since the run began") {
		t.Errorf("%d outputs, warnings %q", len(res.Outputs), res.Warnings)
	}
}

// reopened is the ticket as another process reads it.
func reopened(t *testing.T, ticket *run.Ticket) *run.Ticket {
	t.Helper()
	data, err := json.Marshal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	again, err := run.OpenTicket(data)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// Another process finishes the run with what the ticket says.
func TestResumeRepaint(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	photo := scene(320, 240)
	b.put("photo.png", pngOf(t, photo))
	req := b.request(t, "sd_inpaint", "image", "photo.png", "prompt", "x", "steps", "2")
	req.Mask = &run.MaskSpec{Rects: []string{"96,64,64,64"}, Feather: 4}
	ticket, err := b.Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Submit(t.Context(), ticket, ignore); err != nil {
		t.Fatal(err)
	}
	again := reopened(t, ticket)
	res, err := b.Collect(t.Context(), again, ignore)
	if err != nil {
		t.Fatal(err)
	}
	changed := differences(load(t, b.stored(t, res.Outputs[0])), photo)
	if limit := image.Rect(88, 56, 168, 136); changed.Empty() || !changed.In(limit) || len(res.Warnings) > 0 {
		t.Errorf("pixels changed in %v, want within %v; warnings %q", changed, limit, res.Warnings)
	}
}

// Runs that differ in their seed prepare the picture once.
func TestMaskedPictureIsSentOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(96, 80)))
	for _, seed := range []string{"1", "2", "3"} {
		req := b.request(t, "qwen_inpaint", "image", "photo.png", "prompt", "x", "steps", "2", "seed", seed)
		req.Mask = &run.MaskSpec{Rects: []string{"0,0,64,64"}}
		if _, err := b.Run(t.Context(), req, ignore); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.sent("/upload/image"); n != 1 {
		t.Errorf("%d uploads, want 1", n)
	}
}

func TestMaskNeedsAPicture(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	req := b.request(t, "qwen_inpaint", "prompt", "x")
	req.Mask = &run.MaskSpec{Rects: []string{"0,0,64,64"}}
	_, err := b.Run(t.Context(), req, ignore)
	if err == nil || !strings.Contains(err.Error(), "Parameter 'image' is required") {
		t.Errorf("error %v, want that the picture is missing", err)
	}
	var input *run.InputError
	if errors.As(err, &input) {
		t.Errorf("%T for a value that is missing", err)
	}
}
