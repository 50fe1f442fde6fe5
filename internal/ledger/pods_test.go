package ledger

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A machine whose command goes on is nobody's business; one whose command is gone
// is found, with what it has cost.
func TestLeftPods(t *testing.T) {
	t.Parallel()
	p := OpenPods(filepath.Join(t.TempDir(), "pods"))
	if left := p.Left(); left != nil {
		t.Errorf("%+v", left)
	}
	began := time.Now().Add(-90 * time.Minute)
	for _, pod := range []StartedPod{
		{ID: "mine", Cost: 0.6, Started: began},
		{ID: "gone", Name: "studio", Cost: 0.6, Started: began, PID: 1 << 30},
	} {
		if err := p.Start(pod); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(p.dir, "odd.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	left := p.Left()
	if len(left) != 1 || left[0].Name != "studio" {
		t.Fatalf("%+v", left)
	}
	if spent := left[0].Spent(began.Add(90 * time.Minute)); spent < 0.89 || spent > 0.91 {
		t.Errorf("it cost %.2f", spent)
	}
	for _, id := range []string{"gone", "gone", "never"} {
		if err := p.Stop(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if len(p.Left()) != 0 {
		t.Error("it is still there")
	}
	if err := p.Start(StartedPod{ID: "../x"}); err == nil {
		t.Error("a path was taken")
	}
}
