package apiv2_test

import (
	"fmt"
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
	for name, opts := range map[string]apiv2test.Options{
		"events": {}, "polled": {NoEvents: true, Expire: 2}, "cloud": {Key: "comfyui-key", Storage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts.Emulator = raising
			comfytest.Run(t, comfytest.Harness{
				New:  func(t *testing.T) comfy.Backend { return client(t, apiv2test.New(t, opts).URL, key(opts.Key)) },
				Slow: slow, Failing: failing,
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
		Slow: slow, Failing: failing,
	})
}
