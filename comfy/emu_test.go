package comfy_test

import (
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// emulated gives an emulator and a client of it, both closed with the test.
func emulated(tb testing.TB, o emulator.Options, opts ...comfy.Option) (*emulator.Server, *comfy.Client) {
	tb.Helper()
	if o.StepTime == 0 {
		o.StepTime = -1
	}
	s := emulator.New(o)
	c, err := comfy.NewClient("http://"+emulator.Host, append([]comfy.Option{
		comfy.WithHTTPClient(s.Client()), comfy.WithTimeouts(comfy.Timeouts{Idle: 300 * time.Millisecond, Socket: 200 * time.Millisecond}),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.Close()
		_ = s.Close()
	})
	return s, c
}

func TestEmulatorGood(t *testing.T) {
	t.Parallel()
	s, c := emulated(t, emulator.Options{})
	st, files, err := runOnce(t.Context(), c, emptyImage(t))
	t.Log(st, len(files), err)
	for _, r := range s.Requests() {
		t.Log(r.Method, r.Path, r.Status)
	}
}
