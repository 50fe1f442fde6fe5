package editor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// Each file of the corpus becomes a graph that a real ComfyUI accepts, but for
// files that it does not have, models and inputs, and for what it refuses of the
// official editor's own prompt too. What needs no model runs to its end.
func TestRealServerAccepts(t *testing.T) {
	addr := os.Getenv("EASEL_TEST_COMFYUI")
	if addr == "" {
		t.Skip("EASEL_TEST_COMFYUI is not set: no real ComfyUI to test against")
	}
	client, err := comfy.NewClient(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	defs, err := client.Definitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(corpus, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skipf("no corpus of real workflows at %s: %v", corpus, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			pair := readPair(t, file)
			res, err := editor.Convert(pair.Workflow, editor.Options{Definitions: defs})
			if err != nil && len(pair.Missing) > 0 {
				t.Skipf("the file is newer than the server: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			var lacks []string
			for _, o := range res.Origins {
				if o.Confidence != editor.Certain && !slices.Contains(lacks, o.Class) {
					lacks = append(lacks, o.Class)
				}
			}
			if len(lacks) > 0 {
				t.Skipf("the server lacks %s", strings.Join(lacks, ", "))
			}
			mine := refusals(t, client, defs, res.Graph)
			if len(mine) == 0 {
				return
			}
			if len(pair.Missing) > 0 { // the editor's prompt is no whole one
				t.Skipf("the file is newer than the server, which refuses: %s", strings.Join(slices.Sorted(maps.Keys(mine)), "; "))
			}
			theirs, err := comfy.ParseGraph(pair.Prompt)
			if err != nil {
				t.Fatal(err)
			}
			editors := refusals(t, client, defs, theirs)
			for what := range mine {
				if editors[what] {
					t.Logf("refused as the editor's own prompt is: %s", what)
				} else {
					t.Errorf("refused, which the editor's own prompt is not: %s", what)
				}
			}
		})
	}
}

// refusals posts a graph and lists what the server refuses but absent files. One
// that is accepted runs when it needs no model, and else comes off the queue.
func refusals(t *testing.T, client *comfy.Client, defs map[string]*comfy.ClassInfo, g *comfy.Graph) map[string]bool {
	t.Helper()
	sub := comfy.Submission{ID: comfy.NewID(), Graph: g}
	if modelFree(g, defs) {
		sub.Files = pictures(g)
	}
	h, err := client.Submit(t.Context(), sub)
	if err == nil {
		if !modelFree(g, defs) {
			if err := client.Cancel(t.Context(), h); err != nil {
				t.Logf("cancel: %v", err)
			}
			return nil
		}
		for e, err := range client.Follow(t.Context(), h) {
			if err != nil {
				t.Fatal(err)
			}
			if e.State != nil && e.State.Phase != comfy.PhaseDone {
				t.Errorf("it was accepted and did not run: %+v", e.State)
			}
		}
		t.Log("it ran")
		return nil
	}
	invalid, ok := errors.AsType[*comfy.ValidationError](err)
	if !ok {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, p := range invalid.Nodes {
		if !absentFile(p) {
			found[fmt.Sprintf("%s.%s: %s %s %s", p.Class, p.Input, p.Type, p.Message, p.Received)] = true
		}
	}
	if len(invalid.Nodes) == 0 {
		found[invalid.Error()] = true
	}
	return found
}

// pictures gives each loader of a graph a picture.
func pictures(g *comfy.Graph) []comfy.File {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))) // into memory
	sum := sha256.Sum256(b.Bytes())
	f := comfy.File{
		Name: hex.EncodeToString(sum[:8]) + ".png", SHA256: hex.EncodeToString(sum[:]), Size: int64(b.Len()),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
	}
	for _, id := range g.OfClass("LoadImage") {
		f.Targets = append(f.Targets, comfy.Target{Node: id, Input: "image"})
	}
	return []comfy.File{f}
}

// absentFile reports whether a problem is that the server lacks a file.
func absentFile(p comfy.NodeProblem) bool {
	return p.Type == "value_not_in_list" && filepath.Ext(p.Received) != "" || p.Type == "custom_validation_failed" && strings.Contains(p.Message, "file")
}

// modelFree reports whether a graph runs without files of models and without a
// paid service.
func modelFree(g *comfy.Graph, defs map[string]*comfy.ClassInfo) bool {
	for _, id := range g.IDs() {
		def := defs[g.Node(id).Class]
		if def.APINode || strings.Contains(def.Name, "Loader") {
			return false
		}
		for _, out := range def.Outputs {
			if out.Type == "MODEL" || out.Type == "CLIP" || out.Type == "VAE" {
				return false
			}
		}
	}
	return true
}
