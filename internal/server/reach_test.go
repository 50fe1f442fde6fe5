package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// TestInputsOfAGraphNeedTheirScope: a key that runs workflows sets their parameters, by
// whatever name, and no other input of a graph; files are those that it may name.
func TestInputsOfAGraphNeedTheirScope(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	plain := []string{"Authorization", "Bearer " + h.key("plain", jobs.ScopeGenerate)}
	graphs := []string{"Authorization", "Bearer " + h.key("graphs", jobs.ScopeGenerate, jobs.ScopeGraphs)}
	for name, c := range map[string]struct {
		as     []string
		call   string
		body   string
		status int
		field  string
	}{
		"one that no parameter sets":     {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"30.ckpt_name":"of-another.safetensors"}}`, 403, "30.ckpt_name"},
		"with the scope":                 {graphs, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"30.ckpt_name":"of-another.safetensors"}}`, 202, ""},
		"the owner of the machine":       {nil, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"30.ckpt_name":"of-another.safetensors"}}`, 202, ""},
		"one of a parameter":             {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"KSampler.steps":30}}`, 202, ""},
		"beyond the parameter's range":   {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"31.steps":30000}}`, 400, "steps"},
		"a file of the ComfyUI":          {plain, "generate", `{"workflow_id":"image_upscale","params":{"LoadImage.image":"of-another.png"}}`, 400, "image"},
		"a file among the inputs":        {plain, "generate", `{"workflow_id":"image_upscale","inputs":{"LoadImage.image":"of-another.png"}}`, 400, "image"},
		"one that there is not":          {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"99.steps":30}}`, 400, "99.steps"},
		"in a sweep":                     {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","sweep":{"30.ckpt_name":"a.safetensors,b.safetensors"}}`, 403, "30.ckpt_name"},
		"a parameter's in a sweep":       {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","sweep":{"31.steps":"3,4"}}`, 202, ""},
		"in an item of a batch":          {plain, "generate/batch", `{"workflow_id":"flux_single","items":[{"prompt":"x","params":{"30.ckpt_name":"a.safetensors"}}]}`, 403, "30.ckpt_name"},
		"when runs are only counted":     {plain, "generate/count", `{"workflow_id":"flux_single","prompt":"x","params":{"30.ckpt_name":"a.safetensors"}}`, 403, "30.ckpt_name"},
		"the folder where a node writes": {plain, "generate", `{"workflow_id":"flux_single","prompt":"x","params":{"SaveImage.filename_prefix":"../x"}}`, 403, "SaveImage.filename_prefix"},
	} {
		r := h.ask("POST", "/api/v1/"+c.call, c.body, c.as...)
		var e statusError
		r.into(t, &e)
		if r.StatusCode != c.status || c.field != "" && (len(e.Errors) == 0 || e.Errors[0].Field != c.field) {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
}

// TestGraphsOfWorkflowsStayWithinThem: the same for graphs that a client bound.
func TestGraphsOfWorkflowsStayWithinThem(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	plain := []string{"Authorization", "Bearer " + h.key("plain", jobs.ScopeGenerate)}
	file := func() string {
		r := h.want(http.StatusCreated, h.ask("POST", "/api/v1/files?name=x.png", "no picture", append(plain, "Content-Type", "application/octet-stream")...))
		var f fileView
		r.into(t, &f)
		return f.ID
	}()
	change := func(id, node, input string, value any) string {
		var g map[string]map[string]any
		if err := json.Unmarshal([]byte(builtInGraph(t, id)), &g); err != nil {
			t.Fatal(err)
		}
		if node != "" {
			g[node]["inputs"].(map[string]any)[input] = value
		}
		data, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	loader := nodeOf(t, "image_upscale", "LoadImage")
	files := func(node, input string) string {
		return fmt.Sprintf(`,"files":[{"id":%q,"name":"mine.png","targets":[{"node":%q,"input":%q}]}]`, file, node, input)
	}
	for name, c := range map[string]struct {
		workflow, graph, files string
		status                 int
		says                   string
	}{
		"as it is":                      {"flux_single", change("flux_single", "", "", nil), "", 202, ""},
		"a parameter":                   {"flux_single", change("flux_single", "31", "steps", 30), "", 202, ""},
		"a parameter out of range":      {"flux_single", change("flux_single", "31", "steps", 30000), "", 400, "steps"},
		"a size out of range":           {"flux_single", change("flux_single", "27", "width", 16384), "", 400, "width"},
		"a model":                       {"flux_single", change("flux_single", "30", "ckpt_name", "of-another.safetensors"), "", 403, "30.ckpt_name"},
		"a further input":               {"flux_single", change("flux_single", "31", "extra", "x"), "", 403, "31.extra"},
		"the folder of a run":           {"flux_single", change("flux_single", "9", "filename_prefix", "easel/1/flux"), "", 202, ""},
		"another folder":                {"flux_single", change("flux_single", "9", "filename_prefix", "easel/../x"), "", 403, "9.filename_prefix"},
		"a file that came with it":      {"image_upscale", change("image_upscale", loader, "image", "mine.png"), files(loader, "image"), 202, ""},
		"a file of the ComfyUI":         {"image_upscale", change("image_upscale", loader, "image", "of-another.png"), "", 403, loader + ".image"},
		"a file where a text is":        {"flux_single", change("flux_single", "", "", nil), files("6", "text"), 403, "6.text"},
		"a workflow that there is not":  {"mine", change("flux_single", "", "", nil), "", 403, "graphs"},
		"the graph of another workflow": {"flux_single", change("image_upscale", "", "", nil), "", 403, "flux_single"},
	} {
		r := h.ask("POST", "/api/v1/generate/graph", fmt.Sprintf(`{"workflow_id":%q,"graph":%s%s}`, c.workflow, c.graph, c.files), plain...)
		if r.StatusCode != c.status || !strings.Contains(string(r.body), c.says) {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
}

// nodeOf is the id of the node of a class in a workflow that is built in.
func nodeOf(t *testing.T, workflow, class string) string {
	t.Helper()
	var g map[string]struct {
		Class string `json:"class_type"`
	}
	if err := json.Unmarshal([]byte(builtInGraph(t, workflow)), &g); err != nil {
		t.Fatal(err)
	}
	for id, n := range g {
		if n.Class == class {
			return id
		}
	}
	t.Fatalf("%s has no %s", workflow, class)
	return ""
}
