package emulator

import "sync"

// film returns the frames of a video, each drawn when it is asked for.
func (j sampling) film() *frames {
	width, height, count := j.latent.width, j.latent.height, max(1, j.latent.count)
	move := newCamera(j.positive.text, j.seed, width, height, count)
	plate := sync.OnceValue(func() *raster { return j.plate(move.plate()) })
	return &frames{width: width, height: height, count: count, draw: func(i int) *raster {
		frame := j.anchored(move.frame(plate(), i), i, count)
		caption(frame, j.positive.text)
		return frame
	}}
}

// plate is the drawing that the camera moves over; a video that starts from a
// picture moves over that picture.
func (j sampling) plate(width, height int) *raster {
	out := j.refer(paint(j.recipe(), width, height))
	if first := j.latent.first; first != nil {
		out = edited(covering(first.at(0).withChannels(3), width, height), out)
	}
	if start := j.start(0, width, height); start != nil && j.denoise < 1 {
		out = mix(start, out, float32(min(max(j.denoise, 0), 1)))
	}
	return out
}

// anchored fades from the given first frame, and into the given last one.
func (j sampling) anchored(frame *raster, i, count int) *raster {
	span := float64(max(2, count/3))
	if first := j.latent.first; first != nil {
		if share := 1 - float64(i)/span; share > 0 {
			frame = mix(frame, covering(first.at(min(i, first.count-1)).withChannels(3), frame.width, frame.height), float32(share*share))
		}
	}
	if last := j.latent.last; last != nil {
		if share := 1 - float64(count-1-i)/span; share > 0 {
			frame = mix(frame, covering(last.at(0).withChannels(3), frame.width, frame.height), float32(share*share))
		}
	}
	return frame
}
