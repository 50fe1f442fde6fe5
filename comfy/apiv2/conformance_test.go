package apiv2_test

import (
	"os"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

func client(tb testing.TB, address string, opts ...apiv2.Option) *apiv2.Client {
	tb.Helper()
	c, err := apiv2.NewClient(address, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func key(k string) apiv2.Option { return apiv2.WithToken(func() (string, error) { return k, nil }) }

var raising = emulator.Options{
	StepTime: 20 * time.Millisecond,
	Faults:   []emulator.Fault{{Name: emulator.FaultException, Class: comfytest.FailingClass}},
}

func TestConformanceOnDouble(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]apiv2test.Options{
		"events": {}, "polled": {NoEvents: true, Expire: 2}, "cloud": {Key: "comfyui-key", Storage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts.Emulator = raising
			comfytest.Run(t, comfytest.Harness{
				New:  func(t *testing.T) comfy.Backend { return client(t, apiv2test.New(t, opts).URL, key(opts.Key)) },
				Slow: comfytest.Slow, Failing: comfytest.Failing,
				LostReply: func(t *testing.T) comfy.Backend {
					s := apiv2test.New(t, apiv2test.Options{})
					s.Script("submit", apiv2test.Answer{After: true, Drop: true})
					return client(t, s.URL)
				},
			})
		})
	}
}

// TestConformanceOnProxy runs the suite against comfy-api-proxy in front of an
// emulator: see .ci/services/comfy-api-proxy.
func TestConformanceOnProxy(t *testing.T) {
	address := os.Getenv("EASEL_TEST_COMFY_API")
	if address == "" {
		t.Skip("EASEL_TEST_COMFY_API names no comfy-api-proxy")
	}
	comfytest.Run(t, comfytest.Harness{
		New:  func(t *testing.T) comfy.Backend { return client(t, address) },
		Slow: comfytest.Slow, Failing: comfytest.Failing,
	})
}
