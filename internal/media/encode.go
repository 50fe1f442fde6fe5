package media

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/png"
	"io"
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
