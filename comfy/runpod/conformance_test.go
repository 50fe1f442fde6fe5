package runpod_test

import (
	"os"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
)

// endpoint opens the endpoint of a double.
func endpoint(tb testing.TB, s *runpodtest.Server, opts ...runpod.Option) *runpod.Endpoint {
	tb.Helper()
	return endpointAt(tb, s.URL, "rpa_test", opts...)
}

func endpointAt(tb testing.TB, base, key string, opts ...runpod.Option) *runpod.Endpoint {
	tb.Helper()
	e, err := runpod.NewEndpoint("abc123", base, func() (string, error) { return key, nil }, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close() })
	return e
}

var raising = emulator.Options{
	StepTime: 20 * time.Millisecond,
	Faults:   []emulator.Fault{{Name: emulator.FaultException, Class: comfytest.FailingClass}},
}

func TestConformanceOnDouble(t *testing.T) {
	t.Parallel()
	for name, bucket := range map[string]bool{"inline": false, "bucket": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			comfytest.Run(t, comfytest.Harness{
				New: func(t *testing.T) comfy.Backend {
					return endpoint(t, runpodtest.New(t, runpodtest.Options{Emulator: raising, Bucket: bucket, Cold: 1}))
				},
				Slow: comfytest.Slow, Failing: comfytest.Failing,
				LostReply: func(t *testing.T) comfy.Backend {
					s := runpodtest.New(t, runpodtest.Options{})
					s.Script("run", runpodtest.Answer{After: true, Drop: true})
					return endpoint(t, s)
				},
			})
		})
	}
}

// The SDK's local server does a job when it is asked for its status, tells the
// result once, and cannot cancel.
func TestConformanceOnDevelopmentServer(t *testing.T) {
	t.Parallel()
	comfytest.Run(t, comfytest.Harness{New: func(t *testing.T) comfy.Backend {
		return endpoint(t, runpodtest.New(t, runpodtest.Options{Emulator: raising, Development: true}))
	}})
}

// TestConformanceOnSDK runs the suite against the server that the runpod SDK
// brings for development, with the handler in testdata in it, which drives an
// emulator: see .ci/services/runpod.
func TestConformanceOnSDK(t *testing.T) {
	address := os.Getenv("EASEL_TEST_RUNPOD")
	if address == "" {
		t.Skip("EASEL_TEST_RUNPOD names no local server of the runpod SDK")
	}
	comfytest.Run(t, comfytest.Harness{New: func(t *testing.T) comfy.Backend { return endpointAt(t, address, "") }})
}
