package emulator

import "github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"

// A sound is a value of type AUDIO.
type sound struct {
	rate    int // samples per second
	samples []int16
}

// A film is a value of type VIDEO.
type film struct {
	frames *raster.Frames
	fps    float64
	sound  *sound
}
