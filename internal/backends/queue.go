package backends

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// Queue lists the place's queue in the order of execution; errors.ErrUnsupported
// where it is not shown (Abilities.Queue).
func (b *Backend) Queue(ctx context.Context) ([]comfy.QueueEntry, error) {
	if q, ok := b.Backend.(interface {
		Queue(context.Context) ([]comfy.QueueEntry, error)
	}); ok {
		return q.Queue(ctx)
	}
	return nil, errors.ErrUnsupported
}

// Move changes the place of a waiting run in the queue; errors.ErrUnsupported where
// that cannot be done.
func (b *Backend) Move(ctx context.Context, id string, to comfy.Spot) error {
	if m, ok := b.Backend.(interface {
		Move(context.Context, string, comfy.Spot) error
	}); ok {
		return m.Move(ctx, id, to)
	}
	return errors.ErrUnsupported
}

// Withdraw implements comfy.Withdrawer; errors.ErrUnsupported where a run that has just
// begun might be stopped.
func (b *Backend) Withdraw(ctx context.Context, h comfy.Handle) (bool, error) {
	if w, ok := b.Backend.(comfy.Withdrawer); ok {
		return w.Withdraw(ctx, h)
	}
	return false, errors.ErrUnsupported
}

// NameOf is what records call a backend, without opening it; of a pod without a name
// in the settings it is as written.
func (o *Opener) NameOf(spec string) string {
	if _, named := o.Config.Backends[spec]; named || spec == comfyCloud || !strings.Contains(spec, "://") {
		spec, _, _ = strings.Cut(spec, "?")
		return spec
	}
	if word, _, ok := cutPod(spec); ok {
		return word
	}
	if id, ok := cutEndpoint(spec); ok {
		return id
	}
	base, _ := cutComfyAPI(spec)
	return HostOf(base)
}

// Place is what the place of a backend is known by on this machine, whatever name
// it goes by: its address as it is written, without credentials. "" for one that
// ends with its process.
func (o *Opener) Place(spec string) string {
	if b, named := o.Config.Backends[spec]; named {
		spec = b.URL
	}
	if _, ok := CutEmulator(spec); ok {
		return ""
	}
	return strings.TrimSuffix(config.WithoutUser(spec), "/")
}
