package run

// SetModelPixels lowers what every model paints well, so that tests of large
// pictures need none.
func (r *Runner) SetModelPixels(n int) { r.modelPixels = n }
