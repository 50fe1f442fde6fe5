package problem

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
)

// What a server lacks is named with what it needs.
func TestMissingNodes(t *testing.T) {
	t.Parallel()
	node := func(class, pack string) editor.Origin {
		return editor.Origin{Path: "3", Class: class, Title: class, Pack: pack}
	}
	for hint, nodes := range map[string][]editor.Origin{
		"update ComfyUI there, or take another backend":                              {node("A", "comfy-core")},
		"install impact there, or take another backend":                              {node("A", "impact"), node("B", "impact")},
		"update ComfyUI there, install impact, crisp there, or take another backend": {node("A", "impact"), node("B", "comfy-core"), node("C", "crisp"), node("D", "")},
		"install the pack of these nodes there, or take another backend":             {node("A", "")},
		"install a, b, c, d, ... there, or take another backend":                     {node("A", "a"), node("A", "b"), node("A", "c"), node("A", "d"), node("A", "e"), node("A", "f")},
	} {
		p := Of(&graphfile.MissingError{Name: "x.json", From: "studio", Nodes: nodes, Reason: "no"})
		if p.Hint != hint || p.Code != CodeEditorFormat || p.Exit != ExitInvalid || len(p.Problems) != len(nodes) {
			t.Errorf("%+v, want the hint %q", p, hint)
		}
	}
	p := Of(&graphfile.MissingError{Name: "x.json", Nodes: []editor.Origin{node("A", "")}, Reason: "no"})
	if !strings.Contains(p.Hint, "--backend NAME") {
		t.Errorf("without definitions: %q", p.Hint)
	}
}
