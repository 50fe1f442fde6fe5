package comfy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// sampler is a graph that samples for a while.
func sampler(steps int, checkpoint string) *comfy.Graph {
	g, err := comfy.ParseGraph(fmt.Appendf(nil, `{
		"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": %q}},
		"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
		"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
		"7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
		"3": {"class_type": "KSampler", "inputs": {"seed": %d, "steps": %d, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
			"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
		"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
		"save": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "easel/slow"}}}`, checkpoint, time.Now().UnixNano(), steps))
	if err != nil {
		panic(err) // the test's own text
	}
	return g
}

func TestConformanceOnEmulator(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0.3.44", "0.3.64", "0.30.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			slow := comfytest.Slow
			if !comfy.AtLeast(version, "0.3.57") {
				slow = nil // it cannot be stopped there
			}
			comfytest.Run(t, comfytest.Harness{
				New: func(t *testing.T) comfy.Backend {
					_, c := emulated(t, emulator.Options{
						Version: version, StepTime: 20 * time.Millisecond,
						Faults: []emulator.Fault{{Name: emulator.FaultException, Class: comfytest.FailingClass}},
					})
					return c
				},
				Slow: slow,
				LostReply: func(t *testing.T) comfy.Backend {
					_, c := emulated(t, emulator.Options{Version: version, Faults: faults(t, "reply-lost=prompt:1")})
					return c
				},
				Failing: comfytest.Failing,
			})
		})
	}
}

func TestConformanceOnRealServer(t *testing.T) {
	addr := realServer(t)
	h := comfytest.Harness{New: func(t *testing.T) comfy.Backend {
		c, err := comfy.NewClient(addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}}
	h.Failing = func() *comfy.Graph { // a text where a picture should be passes validation and raises
		g := comfytest.Quick()
		g.Node("save").Inputs.Set("images", []byte(`"not a picture"`))
		return g
	}
	c, err := comfy.NewClient(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	models, err := c.Models(t.Context(), "checkpoints")
	if err != nil {
		t.Fatal(err)
	}
	if len(models) > 0 {
		h.Slow = func() *comfy.Graph { return sampler(2000, models[0]) }
	}
	comfytest.Run(t, h)
}
