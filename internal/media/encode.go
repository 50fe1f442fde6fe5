package media

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/png"
	"io"

	"golang.org/x/image/draw"
)

// Encoded describes what Encode wrote.
type Encoded struct {
	Size   int64
	SHA256 string // lower-case hex
}

// Encode writes a picture as PNG, fast rather than small, and hashes it on the
// way.
func Encode(w io.Writer, img image.Image) (Encoded, error) {
	hash := sha256.New()
	count := &counter{w: io.MultiWriter(w, hash)}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(count, img); err != nil {
		return Encoded{}, err
	}
	return Encoded{Size: count.n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Thumbnail scales a picture down so that neither side is longer than most; a
// smaller one is copied. Large reductions go through a fast first step.
func Thumbnail(img image.Image, most int) *image.RGBA {
	b := img.Bounds()
	w, h := within(b.Dx(), b.Dy(), most)
	if b.Dx() >= 4*w && b.Dy() >= 4*h {
		half := image.NewRGBA(image.Rect(0, 0, 2*w, 2*h))
		draw.ApproxBiLinear.Scale(half, half.Rect, img, b, draw.Src, nil)
		img, b = half, half.Rect
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// within fits a size into a square of most pixels, keeping its shape.
func within(w, h, most int) (int, int) {
	most = max(1, most)
	switch {
	case w <= most && h <= most:
		return w, h
	case w >= h:
		return most, max(1, (h*most+w/2)/w)
	}
	return max(1, (w*most+h/2)/h), most
}
