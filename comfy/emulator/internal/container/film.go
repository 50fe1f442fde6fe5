package container

import "github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"

// A Sound is a value of type AUDIO.
type Sound struct {
	Rate    int // samples per second
	Samples []int16
}

// A Film is a value of type VIDEO.
type Film struct {
	Frames *raster.Frames
	FPS    float64
	Sound  *Sound
}
