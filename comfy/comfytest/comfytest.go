// Package comfytest is the conformance suite that every comfy.Backend passes.
//
// It knows nothing of how a backend works: it submits graphs, follows them and
// looks at what came out. What a place cannot do (see Abilities, and the empty
// fields of a Harness) is skipped with a message. It does not test faults of
// the network; those belong to each backend.
package comfytest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Harness tells the suite how to get at a backend and what to run on it.
type Harness struct {
	// New gives a backend that is closed when the test ends. Backends of
	// several tests may be the same place.
	New func(t *testing.T) comfy.Backend
	// Quick gives a graph that runs in moments and saves one picture through
	// the node "save". Each call gives one that no cache knows.
	// nil = EmptyImage and SaveImage.
	Quick func() *comfy.Graph
	// Slow gives a graph that runs until it is cancelled, on a slow machine too,
	// and can be stopped within a second; nil skips the tests that need it.
	Slow func() *comfy.Graph
	// Invalid gives a graph that is refused because of a value; nil = a picture
	// of width -1.
	Invalid func() *comfy.Graph
	// Failing gives a graph one node of which raises an exception; nil skips.
	Failing func() *comfy.Graph
	// Picture gives a graph that loads the file of its target and saves it;
	// nil = LoadImage and SaveImage.
	Picture func() (*comfy.Graph, comfy.Target)
	// LostReply gives a backend that takes the first run it is sent, and whose
	// reply to that does not arrive; nil skips.
	LostReply func(t *testing.T) comfy.Backend
	// Limit bounds each call, to find one that hangs; 0 = 2 min.
	Limit time.Duration
}

var unique atomic.Int64

// Quick is the default of Harness.Quick.
func Quick() *comfy.Graph {
	colour := (time.Now().UnixNano()>>10 + unique.Add(1)*7919) & 0xffffff
	return parse(fmt.Sprintf(`{
		"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": %d}},
		"save": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "easel/suite"}, "_meta": {"title": "Keep"}}}`, colour))
}

// Invalid is the default of Harness.Invalid.
func Invalid() *comfy.Graph {
	g := Quick()
	g.Node("1").Inputs.Set("width", []byte("-1"))
	return g
}

// Picture is the default of Harness.Picture.
func Picture() (*comfy.Graph, comfy.Target) {
	return parse(fmt.Sprintf(`{
		"1": {"class_type": "LoadImage", "inputs": {"image": "none.png"}},
		"save": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "easel/suite%d"}}}`, unique.Add(1))),
		comfy.Target{Node: "1", Input: "image"}
}

// Slow is a graph for Harness.Slow, where a server takes any name of a checkpoint and a step takes
// 20 ms: more than three minutes of sampling.
func Slow() *comfy.Graph {
	return parse(fmt.Sprintf(`{
		"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
		"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
		"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
		"3": {"class_type": "KSampler", "inputs": {"seed": %d, "steps": 10000, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
			"model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0]}},
		"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
		"save": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "easel/slow"}}}`, time.Now().UnixNano()))
}

// FailingClass is the class of the node of Failing that has to raise.
const FailingClass = "ImageInvert"

// Failing is a graph for Harness.Failing, where a server lets FailingClass raise.
func Failing() *comfy.Graph {
	g := Quick()
	g.Set("2", &comfy.Node{Class: FailingClass})
	g.Node("2").Inputs.SetLink("image", comfy.Link{Node: "1"})
	g.Node("save").Inputs.SetLink("images", comfy.Link{Node: "2"})
	return g
}

func parse(s string) *comfy.Graph {
	g, err := comfy.ParseGraph([]byte(s))
	if err != nil {
		panic(err) // the suite's own text
	}
	return g
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	if h.Quick == nil {
		h.Quick = Quick
	}
	if h.Invalid == nil {
		h.Invalid = Invalid
	}
	if h.Picture == nil {
		h.Picture = Picture
	}
	if h.Limit == 0 {
		h.Limit = 2 * time.Minute
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"Describe", testDescribe},
		{"Handle", testHandle},
		{"EmptyHandle", testEmptyHandle},
		{"LostReply", testLostReply},
		{"RunToFile", testRunToFile},
		{"EventsEndWithDone", testEvents},
		{"FollowAfterTheEnd", testFollowAfterTheEnd},
		{"AbandonedFollow", testAbandonedFollow},
		{"SameGraphTwice", testSameGraphTwice},
		{"GraphIsNotModified", testGraphIsNotModified},
		{"Parallel", testParallel},
		{"Upload", testUpload},
		{"UnknownRun", testUnknownRun},
		{"Refused", testRefused},
		{"NodeError", testNodeError},
		{"ContextEndsFollow", testContextEndsFollow},
		{"CancelQueued", testCancelQueued},
		{"CancelRunning", testCancelRunning},
		{"CancelFinished", testCancelFinished},
		{"Withdraw", testWithdraw},
		{"MissingFile", testMissingFile},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, &suite{Harness: h, backend: h.New(t)})
		})
	}
}
