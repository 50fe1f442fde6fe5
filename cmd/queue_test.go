package cmd

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// Places that show nobody's queue are asked for our runs one by one; they cancel them,
// and say that they cannot move one.
func TestQueueOfPlacesThatShowNone(t *testing.T) {
	t.Parallel()
	slow := emulator.Options{StepTime: 200 * time.Millisecond}
	service := apiv2test.New(t, apiv2test.Options{Emulator: slow})
	for name, backend := range map[string]string{"serverless": "runpod://abc123", "Comfy API": "comfy-api+" + service.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, runpodtest.Options{Emulator: slow})
			code, out, errs := a.easel(t, "generate", "flux_single", "a slow fox", "--width", "256", "--height", "256", "--steps", "90", "--backend", backend, "--detach")
			if code != 0 {
				t.Fatal(errs)
			}
			run := strings.TrimSpace(out)
			// The easel that submitted it is gone; here it is this process.
			h, err := ledger.Open(filepath.Join(a.home, "data", "easel", "history"))
			if err != nil {
				t.Fatal(err)
			}
			rec, err := h.Get(run)
			if err != nil {
				t.Fatal(err)
			}
			rec.PID = 0
			if err := h.Put(rec); err != nil {
				t.Fatal(err)
			}
			list := func() string {
				t.Helper()
				code, out, errs := a.easel(t, "queue", "list", "--backend", backend, "--jq", ".[] | [.run, .state, .ours] | tojson")
				if code != 0 {
					t.Fatalf("%d\n%s", code, errs)
				}
				return out
			}
			if got := list(); got != `["`+run+`","running",true]`+"\n" && got != `["`+run+`","queued",true]`+"\n" {
				t.Errorf("the list is %q", got)
			}
			if code, _, errs := a.easel(t, "queue", "move", run); code != problem.ExitUsage || !strings.Contains(errs, "cannot move a run") {
				t.Errorf("move: %d\n%s", code, errs)
			}
			if code, _, errs := a.easel(t, "queue", "cancel", run, "--backend", "http://127.0.0.1:1"); code != problem.ExitInvalid {
				t.Errorf("cancel elsewhere: %d\n%s", code, errs)
			}
			if code, _, errs := a.easel(t, "queue", "cancel", run, "--backend", backend); code != 0 {
				t.Errorf("cancel: %d\n%s", code, errs)
			}
			if got := list(); got != "" {
				t.Errorf("after the cancel the list is %q", got)
			}
			for _, do := range []string{"pause", "resume"} {
				if code, _, errs := a.easel(t, "queue", do, "--backend", backend); code != 0 {
					t.Errorf("%s: %d\n%s", do, code, errs)
				}
			}
		})
	}
}
