package runpod_test

import (
	"fmt"
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

// slow is a graph that samples until it is stopped.
func slow() *comfy.Graph {
	g, err := comfy.ParseGraph(fmt.Appendf(nil, `{
		"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
		"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
		"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
		"3": {"class_type": "KSampler", "inputs": {"seed": %d, "steps": 10000, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
			"model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0]}},
		"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
		"save": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "easel/slow"}}}`, time.Now().UnixNano()))
	if err != nil {
		panic(err) // the test's own text
	}
	return g
}

// failing is a graph whose node 2 raises, where the emulator lets it.
func failing() *comfy.Graph {
	g := comfytest.Quick()
	g.Set("2", &comfy.Node{Class: "ImageInvert"})
	g.Node("2").Inputs.SetLink("image", comfy.Link{Node: "1"})
	g.Node("save").Inputs.SetLink("images", comfy.Link{Node: "2"})
	return g
}

var raising = emulator.Options{
	StepTime: 20 * time.Millisecond,
	Faults:   []emulator.Fault{{Name: emulator.FaultException, Class: "ImageInvert"}},
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
				Slow: slow, Failing: failing,
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
