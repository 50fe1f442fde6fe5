package container

import (
	"context"
	"encoding/binary"
	"io"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// WriteAPNG writes all pictures into one animation, with the texts behind the
// pixels, in the server's own "comf" chunks. ctx is looked at between pictures.
func WriteAPNG(ctx context.Context, w io.Writer, pictures *raster.Frames, fps float64, texts []Text) error {
	p := newPNGWriter(w)
	p.header(pictures.Width, pictures.Height, pictures.Channels())
	p.chunk("acTL", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(pictures.Count)), 0))
	delay := uint16(min(1000/fps, math.MaxUint16))
	sequence := uint32(0)
	for i := range pictures.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		control := binary.BigEndian.AppendUint32(nil, sequence)
		sequence++
		for _, v := range []int{pictures.Width, pictures.Height, 0, 0} {
			control = binary.BigEndian.AppendUint32(control, uint32(v))
		}
		control = binary.BigEndian.AppendUint16(control, delay)
		control = binary.BigEndian.AppendUint16(control, 1000)
		p.chunk("fcTL", append(control, 0, 0))
		pixels := pngPixels(pictures.At(i))
		if i == 0 {
			p.chunk("IDAT", pixels)
			continue
		}
		p.chunk("fdAT", append(binary.BigEndian.AppendUint32(nil, sequence), pixels...))
		sequence++
	}
	for _, t := range texts {
		p.chunk("comf", []byte(t.Key+"\x00"+latin1(t.Value)))
	}
	p.chunk("IEND", nil)
	return p.finish()
}
