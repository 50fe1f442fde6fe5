package run

import "github.com/seed-7d77cb5c/easel/comfy"

// SetModelPixels lowers what every model paints well, so that tests of large
// pictures need none.
func (r *Runner) SetModelPixels(n int) { r.modelPixels = n }

// LocalGraph is what a backend gets of a ticket's graph.
func (r *Runner) LocalGraph(t *Ticket) *comfy.Graph { return r.localGraph(t) }
