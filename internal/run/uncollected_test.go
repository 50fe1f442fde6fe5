package run_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A fullStore takes nothing.
type fullStore struct{ storage.Store }

func (fullStore) Create(context.Context, storage.Object) (storage.Writer, error) {
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

// A keeper hands out nothing of node 2, or nothing at all.
type keeper struct {
	comfy.Backend
	all bool
}

func (k keeper) Open(ctx context.Context, o comfy.Output) (io.ReadCloser, int64, error) {
	if k.all || o.Node == "2" {
		return nil, 0, &comfy.WithheldError{Output: o, Status: 403, Reason: "Forbidden (403)"}
	}
	return k.Backend.Open(ctx, o)
}

// What a backend keeps to itself costs only itself, and the run is closed: resume
// would be refused the same.
func TestWithheldOutputs(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		b := newBench(t)
		b.Backend = keeper{lasting(b.Backend, true), all}
		g, err := comfy.ParseGraph([]byte(`{
		  "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 7}},
		  "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "second"}},
		  "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "first"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "two", Path: "two.json", KeepFiles: true})
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.Run(t.Context(), run.Request{Workflow: wf}, ignore)
		var uncollected *run.UncollectedError
		var incomplete *run.IncompleteError
		switch {
		case res == nil || errors.As(err, &uncollected):
			t.Errorf("all withheld %t: the run stays open: %v", all, err)
		case all && !errors.As(err, &incomplete):
			t.Errorf("nothing came, and the error is %v", err)
		case !all && (err != nil || res.Status != run.Partial || len(res.Outputs) != 1 || len(res.Warnings) != 1):
			t.Errorf("%s with %d outputs, warnings %q, %v", res.Status, len(res.Outputs), res.Warnings, err)
		}
	}
}
