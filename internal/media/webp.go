package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"io"
	"iter"

	"golang.org/x/image/webp"
)

var errWebP = errors.New("it has no picture")

// webpChunks yields the chunks of a WebP file.
func webpChunks(data []byte) iter.Seq2[string, []byte] { return riffChunks(data[min(12, len(data)):]) }

func riffChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(data) >= 8 {
			size := int64(binary.LittleEndian.Uint32(data[4:]))
			body := data[8 : 8+min(size, int64(len(data)-8))]
			if !yield(string(data[:4]), body) {
				return
			}
			data = data[min(8+size+size&1, int64(len(data))):]
		}
	}
}

func webpConfig(r io.Reader) (image.Config, error) {
	data := make([]byte, 30)
	if _, err := io.ReadFull(r, data); err != nil {
		return image.Config{}, err
	}
	w, h := webpSize(data[12:])
	return image.Config{ColorModel: color.NRGBAModel, Width: w, Height: h}, nil
}

// decodeWebP decodes a still picture or the first frame of an animation, on
// the animation's canvas.
func decodeWebP(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	frame, at := firstFrame(data)
	if frame == nil {
		return decodeStill(data)
	}
	config, err := webpConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	inner, err := webp.DecodeConfig(bytes.NewReader(frame))
	if err != nil {
		return nil, err
	}
	canvas := image.Rect(0, 0, config.Width, config.Height)
	place := image.Rect(0, 0, inner.Width, inner.Height).Add(at)
	if !place.In(canvas) {
		return nil, errWebP
	}
	img, err := decodeStill(frame)
	if err != nil || place == canvas {
		return img, err
	}
	out := image.NewNRGBA(canvas)
	draw.Draw(out, place, img, image.Point{}, draw.Src)
	return out, nil
}

// decodeStill decodes a picture without animation. Lossy WebP keeps brightness
// in 16 to 235 and colour in 16 to 240, as video does (RFC 6386, section 9.2),
// where image.YCbCr means 0 to 255, as JPEG: left alone, black would be gray.
func decodeStill(data []byte) (image.Image, error) {
	img, err := webp.Decode(bytes.NewReader(data))
	switch img := img.(type) {
	case *image.YCbCr:
		fullRange(img)
	case *image.NYCbCrA:
		fullRange(&img.YCbCr)
	}
	return img, err
}

// fullRange stretches the samples of video to those of JPEG.
func fullRange(img *image.YCbCr) {
	var luma, chroma [256]uint8
	for i := range 256 {
		luma[i] = clamp8((float32(i) - 16) * 255 / 219)
		chroma[i] = clamp8((float32(i)-128)*255/224 + 128)
	}
	stretch(img.Y, &luma)
	stretch(img.Cb, &chroma)
	stretch(img.Cr, &chroma)
}

func stretch(samples []uint8, to *[256]uint8) {
	for i, v := range samples {
		samples[i] = to[v]
	}
}

// firstFrame makes a still WebP of the first frame of an animation, and says
// where it lies; nil when there is no animation.
func firstFrame(data []byte) ([]byte, image.Point) {
	for kind, body := range webpChunks(data) {
		if kind != "ANMF" || len(body) < 16 {
			continue
		}
		at := image.Pt(2*uint24(body), 2*uint24(body[3:]))
		size := body[6:12]
		chunks := body[16:]
		if hasPrefix(chunks, "ALPH") {
			header := append([]byte("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"), size...) // flag: has alpha
			chunks = append(header, chunks...)
		}
		still := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(chunks)))
		return append(append(still, "WEBP"...), chunks...), at
	}
	return nil, image.Point{}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
