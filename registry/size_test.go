package registry_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
)

// TestSizesGoInSteps: a size that the model cannot make becomes the nearest that
// it can, which is recorded and told.
func TestSizesGoInSteps(t *testing.T) {
	t.Parallel()
	declared := `"configurable_params":{"width":{"type":"int","min":256,"max":1000,"step":16},
	 "height":{"type":"int","min":20,"max":30,"step":16,"default":21}}`
	for _, tt := range []struct {
		graph, entry, name, given, want, note string
	}{
		{fluxCheckpoint, declared, "width", "512", "512", ""},
		{fluxCheckpoint, declared, "width", "520", "528", "width 520 is made 528: sizes go in steps of 16"},
		{fluxCheckpoint, declared, "width", "519", "512", "width 519 is made 512: sizes go in steps of 16"},
		{fluxCheckpoint, declared, "width", "1000", "992", "width 1000 is made 992: sizes go in steps of 16"},
		{fluxCheckpoint, declared, "height", "21", "21", ""}, // no step within the limits
		{fluxCheckpoint, `"name":"x"`, "width", "1001", "1008", "width 1001 is made 1008: sizes go in steps of 16"},
		{fluxCheckpoint, `"configurable_params":{"size":{"type":"size"}}`, "size", "1001x505", `"1008x512"`, "size 1001x505 is made 1008x512: sizes go in steps of 16"},
		{fluxCheckpoint, `"configurable_params":{"guidance":{"type":"float","step":0.5}}`, "guidance", "3.3", "3.3", ""},
	} {
		w := oneWorkflow(t, tt.graph, tt.entry)
		c := mustResolve(t, w, registry.ResolveOptions{}, flag(tt.name, tt.given))
		if v, _ := c.Value(tt.name); string(v.JSON) != tt.want {
			t.Errorf("%s %s is %s, want %s", tt.name, tt.given, v.JSON, tt.want)
		}
		if got := strings.Join(c.Notes, "; "); got != tt.note {
			t.Errorf("%s %s: note %q, want %q", tt.name, tt.given, got, tt.note)
		}
	}
	// What the graph or the registry says itself is nobody's mistake.
	w := oneWorkflow(t, fluxCheckpoint, `"configurable_params":{"width":{"type":"int","step":16,"default":1001}}`)
	if c := mustResolve(t, w, registry.ResolveOptions{}); len(c.Notes) > 0 {
		t.Error(c.Notes)
	}
}

// TestNoSizeIsExplained says only what is true of the graph.
func TestNoSizeIsExplained(t *testing.T) {
	t.Parallel()
	scaled := strings.Replace(qwenImage, "12 VAEEncode pixels=@10.0", "11 ImageScaleToTotalPixels image=@10.0 megapixels=1\n12 VAEEncode pixels=@11.0", 1)
	for graph, want := range map[string]string{
		qwenImage: "the size of the result is that of its input",
		scaled:    "the graph makes the size of the result from that of its input",
		"1 EmptyImage width=64 height=64\n2 SaveImage images=@1.0": "no node was found that gives the result its size",
	} {
		bad := problems(t, oneWorkflow(t, graph, `"name":"x"`), registry.ResolveOptions{}, flag("width", "64"))
		if !slices.ContainsFunc(bad, func(p registry.Problem) bool { return strings.HasSuffix(p.Hint, ": "+want) }) {
			t.Errorf("%s: %+v, want %q", graph, bad, want)
		}
	}
}
