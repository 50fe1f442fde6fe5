package ledger

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPauses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "paused")
	p := OpenPauses(dir)
	if _, paused := p.Of("http://a:8188"); paused {
		t.Error("paused from the beginning")
	}
	if ended, err := p.Resume("http://a:8188"); ended || err != nil {
		t.Error(ended, err)
	}
	for range 2 {
		if err := p.Pause("http://a:8188"); err != nil {
			t.Fatal(err)
		}
	}
	got, paused := OpenPauses(dir).Of("http://a:8188")
	if !paused || got.Place != "http://a:8188" || got.Since.IsZero() {
		t.Errorf("%+v %v", got, paused)
	}
	if _, paused := p.Of("http://b:8188"); paused {
		t.Error("another place is paused too")
	}
	if err := os.WriteFile(p.path("http://a:8188"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, paused := p.Of("http://a:8188"); !paused {
		t.Error("a damaged file is no pause")
	}
	if ended, err := p.Resume("http://a:8188"); !ended || err != nil {
		t.Error(ended, err)
	}
	if _, paused := p.Of("http://a:8188"); paused {
		t.Error("it did not end")
	}
}
