package emulator

// A sound is a value of type AUDIO.
type sound struct {
	rate    int // samples per second
	samples []int16
}

// A film is a value of type VIDEO.
type film struct {
	frames *frames
	fps    float64
	sound  *sound
}
