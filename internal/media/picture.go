package media

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// MaxBytes is how large a picture file may be: 256 MiB.
const MaxBytes = 256 << 20

// Limits bound what Load reads; zero fields have defaults.
type Limits struct {
	Bytes  int64 // of the file; MaxBytes
	Pixels int64 // of the picture; 100 million
}

func (l Limits) bytes() int64 {
	if l.Bytes > 0 {
		return l.Bytes
	}
	return MaxBytes
}

func (l Limits) pixels() int64 {
	if l.Pixels > 0 {
		return l.Pixels
	}
	return 100_000_000
}

// ImageError says why a file cannot be used as a picture.
type ImageError struct {
	Reason string // "is empty", "is not an image but an HTML page", ...
	Err    error  // the decoder's error, if any
}

func (e *ImageError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Reason, e.Err)
	}
	return e.Reason
}
func (e *ImageError) Unwrap() error { return e.Err }

// A Picture is an input picture as workflows take it: upright, 8 bits a
// channel, one frame.
type Picture struct {
	Image    *image.NRGBA // its bounds begin at 0, 0
	Format   Format       // of the file
	HadAlpha bool         // some pixel is not opaque
	Oriented bool         // it was turned or mirrored as its EXIF said
	Notes    []string     // what was changed, for the user
	Profile  []byte       // the file's ICC colour profile, nil for sRGB

	// ProfileLost says why the file's colour profile is not Profile, "" when nothing
	// was left out.
	ProfileLost string

	original []byte
}

// Width of the upright picture in pixels.
func (p *Picture) Width() int { return p.Image.Rect.Dx() }

// Height of the upright picture in pixels.
func (p *Picture) Height() int { return p.Image.Rect.Dy() }

// Original is the file itself, when it needed no change and can be sent as it
// is; nil otherwise.
func (p *Picture) Original() []byte {
	if p.Oriented || len(p.Notes) > 0 {
		return nil
	}
	return p.original
}

// Load reads a PNG, JPEG, GIF, WebP, TIFF or BMP. The size in the header is
// checked before any pixel is decoded. Failures are *ImageError, apart from
// those of r.
func Load(r io.Reader, limits Limits) (*Picture, error) {
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if n == 0 {
		return nil, &ImageError{Reason: "is empty"}
	}
	f := sniff(head[:n])
	codec, ok := codecs()[f.Ext]
	if !ok { // before the rest is read, which may have no end
		return nil, &ImageError{Reason: unusable(f)}
	}
	data, err := readRest(head[:n], r, limits.bytes())
	if err != nil {
		return nil, err
	}
	config, err := codec.config(bytes.NewReader(data))
	if err != nil {
		return nil, broken(data, err)
	}
	if err := limits.check(config); err != nil {
		return nil, err
	}
	img, err := codec.decode(bytes.NewReader(data))
	if err != nil {
		return nil, broken(data, err)
	}
	p := &Picture{Format: f, original: data}
	p.Profile, p.ProfileLost = profileOf(f, data)
	p.notes(config, img)
	p.Image = toNRGBA(img, config)
	if o := orientationOf(f, data); o != 1 {
		p.Image, p.Oriented = orient(p.Image, o), true
	}
	p.HadAlpha = !opaque(p.Image)
	return p, nil
}

// readRest puts what r still has behind head, up to a limit. It gathers pieces:
// a buffer that grows would hold the file twice, and more than twice what is
// refused.
func readRest(head []byte, r io.Reader, limit int64) ([]byte, error) {
	pieces, size := [][]byte{head}, int64(len(head))
	for piece := 64 << 10; ; piece = min(2*piece, 4<<20) {
		next := make([]byte, piece)
		n, err := io.ReadFull(r, next)
		pieces, size = append(pieces, next[:n]), size+int64(n)
		switch {
		case size > limit:
			return nil, &ImageError{Reason: fmt.Sprintf("is larger than %d MiB", limit>>20)}
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return slices.Concat(pieces...), nil
		case err != nil:
			return nil, err
		}
	}
}

func (l Limits) check(c image.Config) error {
	size := fmt.Sprintf("%d x %d pixels", c.Width, c.Height)
	switch {
	case c.Width <= 0 || c.Height <= 0:
		return &ImageError{Reason: "has " + size}
	case int64(c.Width) > l.pixels()/int64(c.Height):
		return &ImageError{Reason: fmt.Sprintf("has %s, more than the limit of %d million", size, l.pixels()/1_000_000)}
	}
	return nil
}

type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

func codecs() map[string]codec {
	return map[string]codec{
		".png":  {png.DecodeConfig, png.Decode},
		".jpg":  {jpeg.DecodeConfig, jpeg.Decode},
		".gif":  {gif.DecodeConfig, gif.Decode}, // the first frame
		".webp": {webpConfig, decodeWebP},
		".tiff": {tiff.DecodeConfig, tiff.Decode},
		".bmp":  {bmp.DecodeConfig, bmp.Decode},
	}
}

// unusable names what a file is that Load does not read.
func unusable(f Format) string {
	switch {
	case f.Kind == KindImage:
		return fmt.Sprintf("is %s, which easel cannot decode; convert it to PNG, JPEG or WebP", f.Name())
	case f.MediaType == Unknown().MediaType:
		return "is not an image"
	}
	return "is not an image but " + f.Name()
}

// broken explains a decoder's failure by what the checker finds.
func broken(data []byte, err error) error {
	c := NewChecker()
	_, _ = c.Write(data) // never fails
	reason := c.Report().Reason
	if reason == "" {
		return &ImageError{Reason: "cannot be decoded", Err: err}
	}
	return &ImageError{Reason: "cannot be decoded", Err: errors.New(reason)}
}

func (p *Picture) notes(c image.Config, img image.Image) {
	switch c.ColorModel {
	case color.NRGBA64Model, color.RGBA64Model, color.Gray16Model:
		p.Notes = append(p.Notes, "16 bits a channel were reduced to 8")
	case color.CMYKModel:
		p.Notes = append(p.Notes, "CMYK was converted to RGB; colours may differ from print")
	}
	if p.Format.Animated || p.Format.Ext == ".gif" && gifFrames(p.original) > 1 {
		p.Notes = append(p.Notes, "only the first frame of the animation is used")
	}
	if b := img.Bounds(); b.Dx() != c.Width || b.Dy() != c.Height {
		p.original = nil // a GIF whose first frame does not fill it
	}
}

func gifFrames(data []byte) int {
	s := &scanner{}
	scanGIF(s)
	s.feed(data)
	return s.frames
}

// orientationOf reads the EXIF orientation, 1 to 8.
func orientationOf(f Format, data []byte) int {
	r := io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
	o := 1
	see := func(block []byte) { o = readEXIF(block).orientation }
	switch f.Ext {
	case ".jpg":
		_ = walkJPEG(r, func(marker byte, pos, size int64) error {
			if end := pos + size; marker == jpegAPP1 && end <= int64(len(data)) && hasPrefix(data[pos:end], "Exif\x00\x00") {
				see(data[pos:end])
				return io.EOF
			}
			return nil
		})
	case ".png":
		budget := int64(maxMetadata)
		_ = walkPNG(r, func(c pngChunk) error {
			if c.kind != "eXIf" {
				return c.discard()
			}
			body, err := c.read(&budget)
			see(body)
			return err
		})
	case ".webp":
		for kind, body := range webpChunks(data) {
			if kind == "EXIF" {
				see(body)
			}
		}
	}
	return o
}
