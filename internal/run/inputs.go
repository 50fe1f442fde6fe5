package run

import (
	"context"

	"github.com/seed-7d77cb5c/easel/registry"
)

func (r *Runner) readInputs(ctx context.Context, t *Ticket, call *registry.Call) (map[string][]string, error) {
	return map[string][]string{}, nil
}
