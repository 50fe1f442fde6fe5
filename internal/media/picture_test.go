package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pattern is a picture in which every pixel is different.
func pattern(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x>>8<<4 | y>>8), 255})
		}
	}
	return img
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load(t testing.TB, data []byte) *Picture {
	t.Helper()
	p, err := Load(bytes.NewReader(data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The pixel that the generator of testdata put at x, y.
func at(x, y int) color.NRGBA {
	return color.NRGBA{uint8(x * 16), uint8(y * 20), uint8((x + y) * 8), 255}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file     string
		note     string // of the only one
		same     bool   // the file can be sent as it is
		w, h     int
		exact    bool // pixels are those of the generator
		oriented bool
	}{
		{"comfy.png", "", true, 16, 12, true, false},
		{"palette.png", "", true, 16, 12, false, false},
		{"gray16.png", "16 bits", false, 16, 12, false, false},
		{"turned.png", "", false, 16, 12, false, true},
		{"turned.jpg", "", false, 12, 16, false, true},
		{"progressive.jpg", "", true, 16, 12, false, false},
		{"cmyk.jpg", "CMYK", false, 16, 12, false, false},
		{"still.webp", "", true, 16, 12, true, false},
		{"lossy.webp", "", true, 16, 12, false, false},
		{"alpha.webp", "", true, 16, 12, true, false},
		{"animated.webp", "first frame", false, 16, 12, true, false},
		{"animated.gif", "first frame", false, 16, 12, false, false},
		{"picture.tiff", "", true, 16, 12, true, false},
		{"picture.bmp", "", true, 16, 12, true, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			data := testdata(t, c.file)
			p := load(t, data)
			if p.Width() != c.w || p.Height() != c.h || p.Image.Rect.Min != (image.Point{}) || p.Oriented != c.oriented {
				t.Errorf("%d x %d at %v, oriented %v", p.Width(), p.Height(), p.Image.Rect.Min, p.Oriented)
			}
			if c.note == "" && len(p.Notes) > 0 || c.note != "" && (len(p.Notes) != 1 || !strings.Contains(p.Notes[0], c.note)) {
				t.Errorf("notes %q, want %q", p.Notes, c.note)
			}
			if same := bytes.Equal(p.Original(), data); same != c.same {
				t.Errorf("sent as it is: %v", same)
			}
			if p.HadAlpha {
				t.Error("has alpha")
			}
			for y := range c.h {
				for x := range c.w {
					if got := p.Image.NRGBAAt(x, y); c.exact && got != at(x, y) {
						t.Fatalf("pixel %d, %d is %v, want %v", x, y, got, at(x, y))
					}
				}
			}
		})
	}
}

func TestLoadTurnsUpright(t *testing.T) {
	t.Parallel()
	p := load(t, testdata(t, "turned.png")) // orientation 3
	if got := p.Image.NRGBAAt(0, 0); got != at(15, 11) {
		t.Errorf("the first pixel is %v, want %v", got, at(15, 11))
	}
}

// Each orientation, against a plain implementation of its definition in EXIF.
func TestOrient(t *testing.T) {
	t.Parallel()
	src := pattern(150, 70)
	w, h := 150, 70
	for o, from := range map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	} {
		got := orient(src, o)
		want := image.Rect(0, 0, w, h)
		if o >= 5 {
			want = image.Rect(0, 0, h, w)
		}
		if got.Rect != want {
			t.Errorf("orientation %d: %v", o, got.Rect)
			continue
		}
		for y := range want.Dy() {
			for x := range want.Dx() {
				sx, sy := from(x, y)
				if got.NRGBAAt(x, y) != src.NRGBAAt(sx, sy) {
					t.Fatalf("orientation %d: pixel %d, %d is %v", o, x, y, got.NRGBAAt(x, y))
				}
			}
		}
	}
}

func TestLoadKinds(t *testing.T) {
	t.Parallel()
	half := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	half.SetNRGBA(1, 1, color.NRGBA{200, 100, 50, 128})
	deep := image.NewNRGBA64(image.Rect(0, 0, 2, 2))
	deep.SetNRGBA64(1, 0, color.NRGBA64{0xff00, 0x8012, 0x00ff, 0x8000})
	gray := image.NewGray(image.Rect(0, 0, 2, 2))
	gray.Pix[3] = 77
	for name, c := range map[string]struct {
		img   image.Image
		x, y  int
		want  color.NRGBA
		alpha bool
	}{
		"alpha":   {half, 1, 1, color.NRGBA{200, 100, 50, 128}, true},
		"16 bits": {deep, 1, 0, color.NRGBA{0xff, 0x80, 0, 0x80}, true},
		"gray":    {gray, 1, 1, color.NRGBA{77, 77, 77, 255}, false},
	} {
		p := load(t, encodePNG(t, c.img))
		if got := p.Image.NRGBAAt(c.x, c.y); got != c.want || p.HadAlpha != c.alpha {
			t.Errorf("%s: %v, alpha %v", name, got, p.HadAlpha)
		}
	}
}

// A GIF whose first frame covers only a part lies on the GIF's canvas.
func TestLoadGIFWithSmallFrame(t *testing.T) {
	t.Parallel()
	frame := image.NewPaletted(image.Rect(2, 1, 4, 3), color.Palette{color.NRGBA{255, 0, 0, 255}})
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 6, Height: 5}})
	if err != nil {
		t.Fatal(err)
	}
	p := load(t, b.Bytes())
	if p.Width() != 6 || p.Height() != 5 || p.Original() != nil {
		t.Fatalf("%d x %d", p.Width(), p.Height())
	}
	if in, out := p.Image.NRGBAAt(2, 1), p.Image.NRGBAAt(1, 1); in != (color.NRGBA{255, 0, 0, 255}) || out.A != 0 {
		t.Errorf("inside %v, outside %v", in, out)
	}
}

// header makes a PNG that only announces a size.
func header(t *testing.T, w, h uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(pngMagic)
	body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	if err := writeChunk(&b, "IHDR", append(body, 8, 2, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	whole := testdata(t, "comfy.png")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":        {nil, "is empty"},
		"a page":         {[]byte("<html>not found"), "is not an image but an HTML page"},
		"a video":        {testdata(t, "video.mp4"), "is not an image but an MP4 video"},
		"bytes":          {[]byte{1, 2, 3, 0xff}, "is not an image"},
		"an AVIF":        {testdata(t, "picture.avif"), "is an AVIF image, which easel cannot decode; convert it to PNG, JPEG or WebP"},
		"an SVG":         {[]byte("<svg/>"), "is an SVG image, which easel cannot decode; convert it to PNG, JPEG or WebP"},
		"65535 x 65535":  {header(t, 65535, 65535), "has 65535 x 65535 pixels, more than the limit of 100 million"},
		"no pixels":      {header(t, 0, 5), "cannot be decoded"},
		"a header":       {header(t, 5, 5), "cannot be decoded: it is cut off: there is no IEND chunk"},
		"half a picture": {whole[:len(whole)-30], "cannot be decoded: it is cut off"},
	} {
		_, err := Load(bytes.NewReader(c.data), Limits{})
		var ie *ImageError
		if !errors.As(err, &ie) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if _, err := Load(bytes.NewReader(whole), Limits{Bytes: 10}); err == nil {
		t.Error("a file above the limit was read")
	}
	if _, err := Load(bytes.NewReader(whole), Limits{Pixels: 100}); err == nil {
		t.Error("a picture above the limit was decoded")
	}
	broken := errors.New("disk")
	if _, err := Load(io.MultiReader(bytes.NewReader(whole[:9]), failing{broken}), Limits{}); !errors.Is(err, broken) {
		t.Errorf("a failing reader: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestEncode(t *testing.T) {
	t.Parallel()
	img := pattern(40, 30)
	img.SetNRGBA(3, 4, color.NRGBA{1, 2, 3, 0}) // colour below alpha 0 must live
	var b bytes.Buffer
	enc, err := Encode(&b, img)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	if enc.Size != int64(b.Len()) || enc.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v of %d bytes", enc, b.Len())
	}
	if d := cmp.Diff(img.Pix, load(t, b.Bytes()).Image.Pix); d != "" {
		t.Error(d)
	}
	disk := errors.New("disk")
	if _, err := Encode(failingWriter{disk}, img); !errors.Is(err, disk) {
		t.Errorf("a failing writer: %v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"comfy.png", "turned.jpg", "cmyk.jpg", "animated.webp", "alpha.webp", "lossy.webp", "animated.gif", "picture.tiff", "picture.bmp", "gray16.png"} {
		f.Add(testdata(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load(bytes.NewReader(data), Limits{Pixels: 1 << 16})
		var ie *ImageError
		if err != nil {
			if !errors.As(err, &ie) {
				t.Errorf("%v (%T)", err, err)
			}
			return
		}
		if p.Image.Rect.Min != (image.Point{}) || p.Width()*p.Height() > 1<<16 || p.Width() <= 0 {
			t.Errorf("%v", p.Image.Rect)
		}
	})
}

func photo(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 6000, 4000), image.YCbCrSubsampleRatio420)
	seed := uint32(1)
	for i := range img.Y {
		seed = seed*1664525 + 1013904223
		img.Y[i] = uint8(i/6000/20 + i%6000/40 + int(seed>>30))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(i/3000/12), uint8(i%3000/12)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		tb.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	segment := binary.BigEndian.AppendUint16([]byte("\xff\xe1"), uint16(2+len(exif)))
	return append(append(append([]byte("\xff\xd8"), segment...), exif...), b.Bytes()[2:]...)
}

// BenchmarkPhoto compares the preparation of a photo of 24 million pixels with
// what decoding and encoding alone take.
func BenchmarkPhoto(b *testing.B) {
	data := photo(b)
	b.Run("decode+encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			size := image.Config{Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
			enc := png.Encoder{CompressionLevel: png.BestSpeed}
			if err := enc.Encode(io.Discard, toNRGBA(img, size)); err != nil { // the encoder is slow on YCbCr itself
				b.Fatal(err)
			}
		}
	})
	b.Run("prepare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := Load(bytes.NewReader(data), Limits{})
			if err != nil {
				b.Fatal(err)
			}
			if !p.Oriented || p.Width() != 4000 {
				b.Fatal("not turned")
			}
			m := NewMask(p.Width(), p.Height())
			shape, err := ParseShape("10%,10%,80%,80%", true)
			if err != nil {
				b.Fatal(err)
			}
			m.Fill(shape)
			m.Grow(16)
			m.Feather(32)
			c := FitGrid(p.Image, 16)
			out, err := WithHoles(c.Image, c.Mask(m))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := Encode(io.Discard, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
