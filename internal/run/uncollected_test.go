package run_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A fullStore takes nothing.
type fullStore struct{ storage.Store }

func (fullStore) Create(context.Context) (storage.Writer, error) {
	return nil, &storage.Error{Op: "create", Location: "art", Err: storage.ErrFull}
}

// What was not stored waits on the backend for resume, unless the backend ends
// with this process: then it must not be promised.
func TestOnlyABackendThatStaysKeepsOutputs(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{true, false} {
		b := newBench(t)
		b.put("photo.png", pngOf(t, scene(64, 48)))
		b.Store = fullStore{b.store}
		b.Backend = lasting(b.Backend, waits)
		_, err := b.Run(t.Context(), b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5"), ignore)
		var uncollected *run.UncollectedError
		if !errors.Is(err, storage.ErrFull) || errors.As(err, &uncollected) != waits {
			t.Errorf("a backend that stays %t: %#v", waits, err)
		}
	}
}
