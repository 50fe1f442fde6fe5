package nodes

import (
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/painter"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// film returns the frames of a video, each drawn when it is asked for.
func (j sampling) film() *raster.Frames {
	width, height, count := j.latent.width, j.latent.height, max(1, j.latent.count)
	move := painter.NewCamera(j.positive.text, j.seed, width, height, count)
	plate := sync.OnceValue(func() *raster.Raster { return j.plate(move.Plate()) })
	return &raster.Frames{Width: width, Height: height, Count: count, Draw: func(i int) *raster.Raster {
		frame := j.anchored(move.Frame(plate(), i), i, count)
		painter.Caption(frame, j.positive.text)
		return frame
	}}
}

// plate is the drawing that the camera moves over; a video that starts from a
// picture moves over that picture.
func (j sampling) plate(width, height int) *raster.Raster {
	out := j.refer(painter.Paint(j.recipe(), width, height))
	if first := j.latent.first; first != nil {
		out = painter.Edited(raster.Covering(first.At(0).WithChannels(3), width, height), out)
	}
	if start := j.start(0, width, height); start != nil && j.denoise < 1 {
		out = raster.Mix(start, out, float32(min(max(j.denoise, 0), 1)))
	}
	return out
}

// anchored fades from the given first frame, and into the given last one.
func (j sampling) anchored(frame *raster.Raster, i, count int) *raster.Raster {
	span := float64(max(2, count/3))
	if first := j.latent.first; first != nil {
		if share := 1 - float64(i)/span; share > 0 {
			frame = raster.Mix(frame, raster.Covering(first.At(min(i, first.Count-1)).WithChannels(3), frame.Width, frame.Height), float32(share*share))
		}
	}
	if last := j.latent.last; last != nil {
		if share := 1 - float64(count-1-i)/span; share > 0 {
			frame = raster.Mix(frame, raster.Covering(last.At(0).WithChannels(3), frame.Width, frame.Height), float32(share*share))
		}
	}
	return frame
}
