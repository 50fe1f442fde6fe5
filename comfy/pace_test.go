package comfy_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// A run of a minute whose server has no socket is asked for ever less often, from 250 ms
// to 2 s; one whose socket tells is asked for until it is known how slow its steps are,
// then every 30 s, in case that the socket lies, and at its end.
func TestPollingBacksOffAndIsSilentBesideASocket(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]emulator.Fault{"socket": nil, "no socket": faults(t, "ws-refuse")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, c := emulated(t, emulator.Options{StepTime: time.Second, Faults: faults})
				h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(60, "m.safetensors")})
				if err != nil {
					t.Fatal(err)
				}
				for _, err := range c.Follow(t.Context(), h) {
					if err != nil {
						t.Fatal(err)
					}
				}
				var asked []time.Time // polls, each of one or several requests
				for _, r := range s.Requests() {
					if strings.HasSuffix(r.Path, "/prompt") || strings.HasSuffix(r.Path, "/ws") {
						continue
					}
					if n := len(asked); n == 0 || r.Time.Sub(asked[n-1]) > 10*time.Millisecond {
						asked = append(asked, r.Time)
					}
				}
				if faults == nil {
					if n := len(asked); n < 2 || n > 5 {
						t.Errorf("a run of a minute was asked for %d times beside the socket", len(asked))
					}
					return
				}
				var last time.Duration
				for i := 2; i < len(asked); i++ {
					gap := asked[i].Sub(asked[i-1])
					if gap < last || gap < 250*time.Millisecond || gap > 2*time.Second {
						t.Errorf("poll %d came after %s, the one before after %s", i, gap, last)
					}
					last = gap
				}
				if len(asked) < 30 || last != 2*time.Second {
					t.Errorf("%d polls, the last %s apart", len(asked), last)
				}
			})
		})
	}
}
