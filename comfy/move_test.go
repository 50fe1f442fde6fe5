package comfy_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// queueOfThree is a server that executes one run while three wait, whose ids it gives.
func queueOfThree(t *testing.T, o emulator.Options) (*emulator.Server, *comfy.Client, string, []string) {
	t.Helper()
	o.StepTime = 20 * time.Millisecond
	s, c := emulated(t, o)
	var ids []string
	for i := range 4 {
		id := comfy.NewID()
		if _, err := c.Submit(t.Context(), comfy.Submission{ID: id, Graph: sampler(10+i, "m.safetensors")}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	time.Sleep(50 * time.Millisecond) // of virtual time: the first executes
	return s, c, ids[0], ids[1:]
}

func waiting(t *testing.T, c *comfy.Client) (ids []string) {
	t.Helper()
	q, err := c.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range q {
		if !e.Running {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// A moved run has its new place, is executed once, and whoever follows it does not
// notice.
func TestMove(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]struct {
		run  int
		to   func(ids []string) comfy.Spot
		want []int
	}{
		"first":               {2, func([]string) comfy.Spot { return comfy.Spot{} }, []int{2, 0, 1}},
		"last":                {0, func([]string) comfy.Spot { return comfy.Spot{Last: true} }, []int{1, 2, 0}},
		"before":              {2, func(ids []string) comfy.Spot { return comfy.Spot{Before: ids[1]} }, []int{0, 2, 1}},
		"where it is":         {0, func([]string) comfy.Spot { return comfy.Spot{} }, []int{0, 1, 2}},
		"before what follows": {1, func(ids []string) comfy.Spot { return comfy.Spot{Before: ids[2]} }, []int{0, 1, 2}},
	} {
		for _, version := range []string{"0.3.64", "0.30.0"} {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s, c, _, ids := queueOfThree(t, emulator.Options{Version: version})
					if err := newClient(t, "http://"+emulator.Host, comfy.WithHTTPClient(s.Client())).Move(t.Context(), ids[move.run], move.to(ids)); err != nil {
						t.Fatal(err)
					}
					var want []string
					for _, i := range move.want {
						want = append(want, ids[i])
					}
					if got := waiting(t, c); !slices.Equal(got, want) {
						t.Errorf("the queue is %v, want %v", got, want)
					}
					progress := 0
					for e, err := range c.Follow(t.Context(), comfy.Handle(ids[move.run])) {
						if err != nil {
							t.Fatal(err)
						}
						switch e.Type {
						case comfy.EventProgress:
							progress++
						case comfy.EventDone:
							if e.State.Phase != comfy.PhaseDone {
								t.Errorf("it ended as %+v", e.State)
							}
						}
					}
					if progress == 0 {
						t.Error("its follower heard nothing of it")
					}
					for _, id := range ids {
						for range c.Follow(t.Context(), comfy.Handle(id)) {
						}
					}
					if n := executions(s); n != 4 {
						t.Errorf("%d executions of 4 runs", n)
					}
				})
			})
		}
	}
}

// What does not wait is not moved, and what is moved is never lost without a word.
func TestMoveRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c, running, ids := queueOfThree(t, emulator.Options{})
		for id, to := range map[string]comfy.Spot{
			running:       {},
			comfy.NewID(): {Last: true},
			ids[0]:        {Before: running},
			ids[1]:        {Before: ids[1]},
		} {
			var refused *comfy.MoveError
			if err := c.Move(t.Context(), id, to); !errors.As(err, &refused) || refused.Removed {
				t.Errorf("move %s: %v", id, err)
			}
		}
		if got := waiting(t, c); !slices.Equal(got, ids) {
			t.Errorf("the queue is %v, want %v", got, ids)
		}
	})
	t.Run("an old server", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, c, _, ids := queueOfThree(t, emulator.Options{Version: "0.3.40"})
			var refused *comfy.MoveError
			if err := c.Move(t.Context(), ids[0], comfy.Spot{}); !errors.As(err, &refused) || refused.Removed {
				t.Error(err)
			}
		})
	})
	t.Run("not taken again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _, _, ids := queueOfThree(t, emulator.Options{})
			hc := s.Client()
			inner := hc.Transport
			hc.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/prompt") {
					return nil, errors.New("connection refused")
				}
				return inner.RoundTrip(r)
			})
			c := newClient(t, "http://"+emulator.Host, comfy.WithHTTPClient(hc))
			var refused *comfy.MoveError
			if err := c.Move(t.Context(), ids[0], comfy.Spot{}); !errors.As(err, &refused) || !refused.Removed {
				t.Error(err)
			}
		})
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
