package batch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestChangedPlanIsNamed(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: time.Millisecond}), newBench(t, "id,prompt,steps\na,x,2\nb,y,2\n")
	if _, err := b.run(t.Context(), "a="+h.url); err != nil {
		t.Fatal(err)
	}
	b.csv = "id,prompt,steps\na,x,3\nc,z,2\n"
	_, err := b.run(t.Context())
	var changed *ChangedError
	if !errors.As(err, &changed) || len(changed.Changed) != 1 || !slices.Equal(changed.Added, []string{"c"}) || !slices.Equal(changed.Removed, []string{"b"}) {
		t.Fatalf("%v", err)
	}
	b.ledger.Update = true
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil || sum.Executed != 2 || sum.Committed != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	files, _ := filepath.Glob(filepath.Join(b.out, "*.png"))
	if len(files) != 3 { // b is the user's now
		t.Errorf("%v", files)
	}
}

// A file of an item is replaced when the item is made again, unless somebody has
// worked on it.
func TestEditedFileIsKept(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: time.Millisecond}), newBench(t, "id,prompt,steps\na,x,2\nb,y,2\n")
	if _, err := b.run(t.Context(), "a="+h.url); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(b.out, "a.png")
	if err := os.WriteFile(edited, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.csv = "id,prompt,steps\na,x,3\nb,y,3\n"
	b.ledger.Update = true
	_, err := b.run(t.Context(), "a="+h.url)
	var failed *FailedError
	var kept *run.EditedError
	if !errors.As(err, &failed) || failed.Failed != 1 || !errors.As(failed.First, &kept) {
		t.Fatalf("%v", err)
	}
	if data, _ := os.ReadFile(edited); string(data) != "mine" {
		t.Errorf("the edited file was replaced")
	}
	files, _ := filepath.Glob(filepath.Join(b.out, "*.png"))
	if len(files) != 2 {
		t.Errorf("%v", files)
	}
}
