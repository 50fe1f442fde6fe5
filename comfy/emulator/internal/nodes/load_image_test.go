package nodes

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// turnedJPEG is a 16x8 picture, red at the left, stored with an orientation.
func turnedJPEG(t *testing.T, orientation byte) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 16, 8))
	for y := range 8 {
		for x := range 16 {
			img.Set(x, y, color.RGBA{0, 0, 255, 255})
			if x < 8 {
				img.Set(x, y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return append(append([]byte{0xff, 0xd8}, append(segment, exif...)...), plain.Bytes()[2:]...)
}

func TestLoadImageTurnsUpright(t *testing.T) {
	t.Parallel()
	tests := map[byte]struct{ width, height, redX, redY int }{
		1: {16, 8, 2, 4}, 2: {16, 8, 13, 4}, 3: {16, 8, 13, 4}, 4: {16, 8, 2, 4},
		5: {8, 16, 4, 2}, 6: {8, 16, 4, 2}, 7: {8, 16, 4, 13}, 8: {8, 16, 4, 13}, 9: {16, 8, 2, 4},
	}
	for orientation, want := range tests {
		b := newBench(t)
		b.shelf.files["input/a.jpg"] = turnedJPEG(t, orientation)
		got := b.image("LoadImage", in{"image": "a.jpg"})
		if got.Width != want.width || got.Height != want.height {
			t.Errorf("orientation %d: %dx%d", orientation, got.Width, got.Height)
			continue
		}
		if p := got.At(want.redX, want.redY); p[0] < 0.8 || p[2] > 0.3 {
			t.Errorf("orientation %d: %v where red belongs", orientation, p)
		}
	}
}

func TestLoadImageMaskIsTransparency(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 2))
	img.SetNRGBA(1, 1, color.NRGBA{200, 100, 50, 0})
	img.SetNRGBA(2, 1, color.NRGBA{200, 100, 50, 255})
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.shelf.files["output/sub/a.png"] = data.Bytes()
	out := b.run("LoadImage", in{"image": "sub/a.png [output]"})
	picture, mask := out[0].(*raster.Frames).At(0), out[1].(*raster.Frames).At(0)
	if picture.Channels != 3 || raster.Level(picture.At(1, 1)[0]) != 200 {
		t.Errorf("the colour under transparency is lost: %v", picture.At(1, 1))
	}
	if mask.At(1, 1)[0] != 1 || mask.At(2, 1)[0] != 0 {
		t.Errorf("mask %v", mask.Pix)
	}
	b.shelf.files["input/opaque.png"] = pngOf(t, gradient(9, 9, 3))
	if mask := b.run("LoadImage", in{"image": "opaque.png"})[1].(*raster.Frames); mask.Width != 64 || mask.Height != 64 {
		t.Errorf("without alpha the mask is %dx%d, want 64x64", mask.Width, mask.Height)
	}
}

// A lossy WebP stores neither 0 nor 255; black is black all the same.
func TestLoadImageWebPRange(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "internal", "media", "testdata", "range.webp"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.shelf.files["input/range.webp"] = data
	img := b.image("LoadImage", in{"image": "range.webp"})
	for x, want := range map[int][3]float32{2: {0, 0, 0}, 29: {1, 0, 0}} {
		got := img.At(x, 5)
		for k := range 3 {
			if math.Abs(float64(got[k]-want[k])) > 3.0/255 {
				t.Errorf("column %d is %v, want %v", x, got, want)
				break
			}
		}
	}
}

func TestLoadImageRefuses(t *testing.T) {
	t.Parallel()
	whole := pngOf(t, gradient(30, 30, 3))
	huge := bytes.Clone(whole)
	binary.BigEndian.PutUint32(huge[16:], 65535)
	binary.BigEndian.PutUint32(huge[20:], 65535)
	tests := map[string]struct {
		data []byte
		want string
	}{
		"no image":  {[]byte("hello"), "PIL.UnidentifiedImageError"},
		"empty":     {nil, "PIL.UnidentifiedImageError"},
		"truncated": {whole[:len(whole)/2], "OSError"},
	}
	for name, test := range tests {
		b := newBench(t)
		b.shelf.files["input/x.png"] = test.data
		_, err := b.fails("LoadImage", in{"image": "x.png"})
		var raised *pyval.Exception
		if !errors.As(err, &raised) || raised.Type != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	b := newBench(t)
	b.shelf.files["input/x.png"] = huge
	if _, err := b.fails("LoadImage", in{"image": "x.png"}); err == nil {
		t.Error("a picture of 65535x65535 pixels was loaded")
	}
	c := b.call("LoadImage", in{"image": "missing.png"})
	if name, reason := c.Class.Validate(c); name != "image" || reason != "Invalid image file: missing.png" {
		t.Errorf("validation says %q: %q", name, reason)
	}
}

func FuzzEXIFOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x08eXIfII\x2a\x00\x08\x00\x00\x00"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPEXIF\x04\x00\x00\x00II\x2a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v := container.Orientation(data); v < 1 || v > 8 {
			t.Fatalf("orientation %d", v)
		}
	})
}
