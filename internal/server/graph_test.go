package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// A key for workflows runs their graphs with other values, and no graph of its own;
// one for graphs runs any.
func TestGraphsNeedTheirScope(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	secrets := map[string]string{}
	for name, scopes := range map[string][]jobs.Scope{"plain": {jobs.ScopeGenerate}, "graphs": {jobs.ScopeGenerate, jobs.ScopeGraphs}, "reader": {jobs.ScopeManage}} {
		_, secret, err := h.db.AddKey(t.Context(), name, scopes)
		if err != nil {
			t.Fatal(err)
		}
		secrets[name] = "Bearer " + secret
	}
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	wf, err := reg.Workflow("flux_single")
	if err != nil {
		t.Fatal(err)
	}
	g, err := wf.Graph()
	if err != nil {
		t.Fatal(err)
	}
	same := g.Clone()
	for _, id := range same.IDs() {
		if same.Node(id).Class == "KSampler" {
			same.Node(id).Inputs.Set("steps", json.RawMessage("2"))
		}
	}
	more := same.Clone()
	for _, id := range more.IDs() {
		if more.Node(id).Class == "SaveImage" {
			more.Node(id).Class = "PreviewImage"
		}
	}
	body := func(graph any, workflow string) string {
		data, err := json.Marshal(map[string]any{"workflow_id": workflow, "graph": graph})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct {
		name, key, body string
		status          int
		says            string
	}{
		{"a workflow's graph", "plain", body(same, "flux_single"), http.StatusOK, `"state":"succeeded"`},
		{"another one under its name", "plain", body(more, "flux_single"), http.StatusForbidden, "graphs"},
		{"one of no workflow", "plain", body(same, "mine"), http.StatusForbidden, "graphs"},
		{"any, with the scope", "graphs", body(more, "mine"), http.StatusOK, `"state":"succeeded"`},
		{"without any scope to run", "reader", body(same, "flux_single"), http.StatusForbidden, "generate"},
		{"no graph", "graphs", body([]int{1}, "mine"), http.StatusBadRequest, "graph: expected object"},
		{"a link to nothing", "graphs", body(json.RawMessage(`{"1":{"class_type":"SaveImage","inputs":{"images":["7",0]}}}`), "mine"), http.StatusBadRequest, "graph cannot run"},
		{"a file of somebody else", "graphs", strings.Replace(body(same, "flux_single"), `{`, `{"files":[{"id":"`+h.upload("x.png")+`","name":"x.png","targets":[]}],`, 1), http.StatusNotFound, "Not found"},
	} {
		r := h.ask("POST", "/api/v1/generate/graph?wait=60", c.body, "Authorization", secrets[c.key])
		if r.StatusCode != c.status || !strings.Contains(string(r.body), c.says) {
			t.Errorf("%s: %d %s", c.name, r.StatusCode, r.body)
		}
	}
}
