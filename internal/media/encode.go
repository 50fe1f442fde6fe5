package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/jpeg"
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

// EncodePNG makes a PNG with text and colour profile before the picture.
func EncodePNG(img image.Image, edit PNGEdit) ([]byte, error) {
	plain, encoder := io.Pipe()
	defer plain.Close() // ends the encoder, too
	go func() {
		_, err := Encode(encoder, img)
		encoder.CloseWithError(err)
	}()
	var out bytes.Buffer
	if err := CopyPNG(&out, plain, edit); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// JPEGQuality is the quality of a JPEG where none is asked for: the loss cannot
// be seen.
const JPEGQuality = 92

// EncodeJPEG makes a JPEG of a quality from 1 to 100 with a colour profile, nil
// for none. JPEG knows no transparency: lay the picture on something before.
func EncodeJPEG(img image.Image, quality int, profile []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	const startOfImage = 2 // bytes; segments follow
	plain := out.Bytes()
	return bytes.Join([][]byte{plain[:startOfImage], jpegProfileSegments(profile), plain[startOfImage:]}, nil), nil
}

// jpegProfileSegments cuts a profile into APP2 segments, which hold less than
// 64 KiB each and at most 255 of them a profile. A larger one is left out.
func jpegProfileSegments(profile []byte) (segments []byte) {
	const most = 65535 - 2 - len(jpegProfileMark) - 2 // less the length, the mark, number and count
	count := (len(profile) + most - 1) / most
	if count > 255 {
		return nil
	}
	for n := 1; n <= count; n++ {
		piece := profile[:min(most, len(profile))]
		profile = profile[len(piece):]
		segments = append(segments, 0xff, jpegAPP2)
		segments = binary.BigEndian.AppendUint16(segments, uint16(2+len(jpegProfileMark)+2+len(piece)))
		segments = append(segments, jpegProfileMark...)
		segments = append(segments, byte(n), byte(count))
		segments = append(segments, piece...)
	}
	return segments
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
