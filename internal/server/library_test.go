package server

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

const cardGraph = `{"1": {"class_type": "EmptyImage", "inputs": {"width": 32, "height": 32, "batch_size": 1, "color": 255}},
 "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`

func TestImportEditAndRemoveAWorkflow(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	raw := []string{"Content-Type", "application/octet-stream"}
	var got importedView
	h.want(200, h.ask("POST", "/api/v1/workflows/import?dry_run=true&filename=My%20Card.json", cardGraph, raw...)).into(t, &got)
	if got.ID != "my_card" || got.Written || len(got.Inputs) != 4 || got.Inputs[0].Targets[0] != "1.width" || got.Backend == nil {
		t.Fatalf("the draft is %+v", got)
	}
	h.want(404, h.ask("GET", "/api/v1/workflows/my_card", ""))
	h.want(200, h.ask("POST", "/api/v1/workflows/import?filename=My%20Card.json&id=card&drop=batch_size", cardGraph, raw...)).into(t, &got)
	if !got.Written || len(got.Inputs) != 3 {
		t.Fatalf("the import is %+v", got)
	}
	h.want(409, h.ask("POST", "/api/v1/workflows/import?id=card", cardGraph, raw...))
	h.want(400, h.ask("POST", "/api/v1/workflows/import?id=card", `{"no": "graph"}`, raw...))
	h.want(400, h.ask("POST", "/api/v1/workflows/import?id=..", cardGraph, raw...))

	var list struct {
		Workflows []workflowDoc     `json:"workflows"`
		Sources   map[string]string `json:"sources"`
	}
	h.want(200, h.ask("GET", "/api/v1/workflows", "")).into(t, &list)
	if list.Sources["card"] != "user" || list.Sources["qwen_single"] != "built-in" {
		t.Errorf("the sources are %v", list.Sources)
	}
	var graph workflowGraph
	h.want(200, h.ask("GET", "/api/v1/workflows/card/graph", "")).into(t, &graph)
	if len(graph.Bindings) != 3 || graph.Bindings[0].Class != "EmptyImage" || !slices.Equal(graph.Outputs, []string{"2"}) {
		t.Errorf("the graph is %+v", graph)
	}

	tag := h.ask("GET", "/api/v1/workflows/card", "").Header.Get("ETag")
	var entry workflowDoc
	patch := `{"name": "Karte", "params": {"width": {"label": "Breite", "max": 64, "default": 48, "step": null}}}`
	h.want(200, h.ask("PATCH", "/api/v1/workflows/card", patch, "If-Match", tag)).into(t, &entry)
	if w := entry.ConfigurableParams["width"]; entry.Name != "Karte" || w.Label != "Breite" || string(w.Max.RawMessage) != "64" || string(w.Default.RawMessage) != "48" || w.Step.RawMessage != nil {
		t.Errorf("the entry is %+v", entry)
	}
	h.want(412, h.ask("PATCH", "/api/v1/workflows/card", patch, "If-Match", tag))
	for name, body := range map[string]string{
		"a default beyond its range": `{"params": {"width": {"default": 65}}}`,
		"no such parameter":          `{"params": {"widht": {"max": 3}}}`,
		"what is not changed here":   `{"params": {"width": {"bind": ["2.images"]}}}`,
		"another kind of value":      `{"params": {"width": {"max": "many"}}}`,
	} {
		r := h.ask("PATCH", "/api/v1/workflows/card", body)
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	h.want(409, h.ask("PATCH", "/api/v1/workflows/qwen_single", `{"name": "x"}`))
	h.want(400, h.ask("POST", "/api/v1/generate", `{"workflow_id": "card", "params": {"width": 65}}`))
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id": "card"}`)).into(t, &job)
	if job.State != jobs.Succeeded || *job.Outputs[0].Width != 48 {
		t.Errorf("the job is %+v", job)
	}
	h.want(409, h.ask("DELETE", "/api/v1/workflows/qwen_single", ""))
	h.want(204, h.ask("DELETE", "/api/v1/workflows/card", ""))
	h.want(404, h.ask("GET", "/api/v1/workflows/card", ""))
}

func TestLiveChoices(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	var schema workflowSchema
	h.want(200, h.ask("GET", "/api/v1/workflows/qwen_single/schema", "")).into(t, &schema)
	i := slices.IndexFunc(schema.Inputs, func(i input) bool { return i.Name == "sampler" || i.Name == "sampler_name" })
	if schema.Backend == nil || i >= 0 && (schema.Inputs[i].ChoicesState != choicesLive || !slices.Contains(schema.Inputs[i].Choices, "euler")) {
		t.Errorf("the schema is %+v", schema)
	}
	if i = slices.IndexFunc(schema.Inputs, func(i input) bool { return i.ChoicesState == choicesLive }); i < 0 {
		t.Errorf("no input has live choices: %+v", schema.Inputs)
	}
	h.want(404, h.ask("GET", "/api/v1/workflows/qwen_single/schema?backend=nowhere", ""))
	var models struct {
		Models []struct{ Folder, Name string }
	}
	h.want(200, h.ask("GET", "/api/v1/backends/emulator/models?folder=samplers", "")).into(t, &models)
	if len(models.Models) == 0 || models.Models[0].Folder != "samplers" {
		t.Errorf("the samplers are %+v", models)
	}
	h.want(404, h.ask("GET", "/api/v1/backends/emulator/models?folder=smaplers", ""))
}

// TestReadiness holds imported workflows with a node, or with a model, that the
// backend does not have beside one that it has.
func TestReadiness(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "1ms&strict-models=true"})
	raw := []string{"Content-Type", "application/octet-stream"}
	graph, err := os.ReadFile("../../workflows/flux/single.json")
	if err != nil {
		t.Fatal(err)
	}
	model := strings.ReplaceAll(string(graph), "flux1-dev-fp8.safetensors", "dunes-v9.safetensors")
	node := strings.ReplaceAll(string(graph), "FluxGuidance", "DuneGuidance")
	h.want(200, h.ask("POST", "/api/v1/workflows/import?id=model", model, raw...))
	h.want(200, h.ask("POST", "/api/v1/workflows/import?id=node", node, raw...))
	loader := strings.ReplaceAll(model, "CheckpointLoaderSimple", "DuneLoader")
	var dry importedView
	h.want(200, h.ask("POST", "/api/v1/workflows/import?id=loader&dry_run=true", loader, raw...)).into(t, &dry)
	if len(dry.Missing) != 1 || len(dry.Models) != 1 || dry.Models[0].State != "unknown" {
		t.Errorf("of a loader that is not there it says %+v, %+v", dry.Missing, dry.Models)
	}
	h.want(200, h.ask("POST", "/api/v1/workflows/import?id=model&dry_run=true&force=true", model, raw...)).into(t, &dry)
	if len(dry.Models) != 1 || dry.Models[0].State != "missing" {
		t.Errorf("of a model that is not there it says %+v", dry.Models)
	}
	// One whose entry lists no models.
	bare := filepath.Join(h.dir, "workflows")
	if err := errors.Join(os.WriteFile(filepath.Join(bare, "bare.json"), []byte(model), 0o644),
		os.WriteFile(filepath.Join(bare, "registry.yaml"), []byte(`{"workflows": {"bare": {"id": "bare", "name": "Bare", "description": "d", "workflow_path": "bare.json",
			"configurable_params": {"checkpoint": {"type": "model", "folder": "checkpoints", "default": "mesa-v2.safetensors", "bind": "CheckpointLoaderSimple.ckpt_name"}}}}}`), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := h.s.o.Changed(); err != nil {
		t.Fatal(err)
	}
	var got readiness
	h.want(200, h.ask("GET", "/api/v1/backends/emulator/workflows", "")).into(t, &got.Body)
	for _, c := range []struct {
		id, lacks, state string
		models           int
	}{
		{"sd_image", "", "there", 1},
		{"model", "checkpoints/dunes-v9.safetensors", "missing", 1},
		{"node", "node DuneGuidance", "there", 1},
		{"bare", "checkpoints/mesa-v2.safetensors", "missing", 1},
	} {
		i := slices.IndexFunc(got.Body.Workflows, func(w readyWorkflow) bool { return w.ID == c.id })
		if i < 0 || got.Body.Workflows[i].Ready == nil {
			t.Fatalf("nothing is said of %s: %+v", c.id, got.Body)
		}
		w := got.Body.Workflows[i]
		if *w.Ready != (c.lacks == "") || c.lacks != "" && !slices.ContainsFunc(w.Missing, func(l lack) bool { return l.What == c.lacks && l.Message != "" }) {
			t.Errorf("%s lacks %+v", c.id, w.Missing)
		}
		if len(w.Models) != c.models || w.Models[0].State != c.state {
			t.Errorf("the models of %s are %+v", c.id, w.Models)
		}
	}
	h.want(404, h.ask("GET", "/api/v1/backends/nowhere/workflows", ""))

	// What the settings put in place of a workflow's own model is not lacking: a job
	// gets it too.
	h.s.o.Backends[0].Models = func(folder string) string {
		return map[string]string{"checkpoints": "flux1-dev-fp8.safetensors"}[folder]
	}
	h.want(200, h.ask("GET", "/api/v1/backends/emulator/workflows", "")).into(t, &got.Body)
	for id, ready := range map[string]bool{"model": true, "bare": true, "node": false} {
		i := slices.IndexFunc(got.Body.Workflows, func(w readyWorkflow) bool { return w.ID == id })
		if w := got.Body.Workflows[i]; *w.Ready != ready {
			t.Errorf("with a model of the settings %s lacks %+v", id, w.Missing)
		}
	}
}

func TestCharacters(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	file := h.upload("face.png")
	var c characterDoc
	h.want(200, h.ask("PUT", "/api/v1/characters/anna", `{"name": "Anna", "trigger": "anna woman", "defaults": {"steps": 24}, "reference_image": "`+file+`"}`)).into(t, &c)
	if c.ID != "anna" || c.ReferenceImage != "references/anna.png" {
		t.Fatalf("the character is %+v", c)
	}
	var list characterListDoc
	h.want(200, h.ask("GET", "/api/v1/characters", "")).into(t, &list)
	if list.Sources["anna"] != "user" {
		t.Errorf("the list is %+v", list)
	}
	small := h.want(200, h.ask("GET", list.Images["anna"], "", "Origin", "http://x", "Sec-Fetch-Site", "none"))
	if m, err := png.Decode(bytes.NewReader(small.body)); err != nil || m.Bounds() != image.Rect(0, 0, 64, 48) {
		t.Errorf("the picture: %v", err)
	}
	h.want(200, h.ask("PUT", "/api/v1/characters/anna", `{"name": "Anna B", "trigger": "anna", "reference_image": "references/anna.png"}`)).into(t, &c)
	if c.Name != "Anna B" || c.ReferenceImage == "" {
		t.Errorf("the picture did not stay: %+v", c)
	}
	h.want(200, h.ask("PUT", "/api/v1/characters/anna", `{"trigger": "anna"}`)).into(t, &c)
	h.want(404, h.ask("GET", "/api/v1/characters/anna/image", ""))
	for name, body := range map[string]string{
		"unknown key":       `{"tigger": "x"}`,
		"unknown parameter": `{"trigger": "x", "defaults": {"stepz": 3}}`,
		"another id":        `{"id": "bob", "trigger": "x"}`,
		"no such file":      `{"trigger": "x", "reference_image": "nothing.png"}`,
		"no object":         `[]`,
		"a wrong strength":  `{"lora": "a.safetensors", "lora_strength": "strong"}`,
	} {
		if r := h.ask("PUT", "/api/v1/characters/anna", body); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	h.want(400, h.ask("PUT", "/api/v1/characters/..%2Fx", `{"trigger": "x"}`))
	h.want(409, h.ask("DELETE", "/api/v1/characters/milan", ""))
	h.want(204, h.ask("DELETE", "/api/v1/characters/anna", ""))
	h.want(404, h.ask("DELETE", "/api/v1/characters/anna", ""))
}

var sweptName = regexp.MustCompile(` steps=[12]0 guidance=(2|2\.5|3)\.png$`)

func TestSweepsAndTheirGrid(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	body := `{"workflow_id": "flux_single", "prompt": "a fox", "sweep": {"steps": "10,20", "guidance": "2:3:0.5"}}`
	var count struct {
		Runs int    `json:"runs"`
		Each *int64 `json:"each_ms"`
	}
	h.want(200, h.ask("POST", "/api/v1/generate/count", body)).into(t, &count)
	if count.Runs != 6 || count.Each != nil {
		t.Errorf("the count is %+v", count)
	}
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate", body)).into(t, &b)
	if b.Total != 6 {
		t.Fatalf("the batch is %+v", b)
	}
	seeds, points := map[string]bool{}, []string{}
	for _, id := range b.Jobs {
		var j jobView
		h.want(200, h.ask("GET", "/api/v1/jobs/"+id+"?wait=60", "")).into(t, &j)
		if j.State != jobs.Succeeded {
			t.Fatalf("the job is %+v", j)
		}
		seeds[*j.Seed] = true
		points = append(points, string(j.Sweep.RawMessage))
	}
	if len(seeds) != 1 {
		t.Errorf("the seeds differ: %v", seeds)
	}
	if points[0] != `{"steps":"10","guidance":"2"}` || points[5] != `{"steps":"20","guidance":"3"}` {
		t.Errorf("the points are %v", points)
	}
	h.want(200, h.ask("POST", "/api/v1/generate/count", body)).into(t, &count)
	if count.Each == nil {
		t.Error("nothing is estimated after six runs")
	}
	for name, c := range map[string]struct{ sweep, field string }{
		"no range":        {`{"steps": "1..x"}`, "sweep.steps"},
		"beyond":          {`{"steps": "1,9999"}`, "steps"},
		"no parameter":    {`{"stepz": "1,2"}`, "stepz"},
		"too many":        {`{"seed": "1..20000"}`, "count"},
		"no object":       {`"steps"`, "sweep"},
		"workflows":       {`{"workflow": "a,b"}`, "sweep.workflow"},
		"zip of one":      {`{"steps": "1,2"}, "zip": true`, "zip"},
		"zip of two ways": {`{"steps": "1,2", "guidance": "1,2,3"}, "zip": true`, "sweep.guidance"},
	} {
		r := h.ask("POST", "/api/v1/generate", fmt.Sprintf(`{"workflow_id": "flux_single", "prompt": "x", "sweep": %s}`, c.sweep))
		var e statusError
		r.into(t, &e)
		if r.StatusCode != http.StatusBadRequest || len(e.Errors) == 0 || e.Errors[0].Field != c.field {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}

	// What was made is found again in every way, and comes in one file.
	var found struct {
		Outputs []outputView `json:"outputs"`
		Next    *string      `json:"next_cursor"`
	}
	for query, want := range map[string]int{
		"": 6, "?batch=" + b.ID: 6, "?workflow=flux_single&kind=image": 6, "?workflow=qwen_single": 0, "?character=milan": 0, "?search=FOX": 6,
		"?search=fo%25": 0, "?job=" + b.Jobs[0]: 1, "?favourite=true": 0, "?since=2099-01-01T00:00:00Z": 0, "?until=2099-01-01T00:00:00Z": 6, "?limit=4": 4,
	} {
		h.want(200, h.ask("GET", "/api/v1/outputs"+query, "")).into(t, &found)
		if len(found.Outputs) != want {
			t.Errorf("%s finds %d outputs, want %d", query, len(found.Outputs), want)
		}
	}
	h.want(200, h.ask("GET", "/api/v1/outputs?limit=4", "")).into(t, &found)
	first := found.Outputs[0]
	if first.Prompt != "a fox" || first.Workflow != "flux_single" || first.Seed == nil || first.Sweep.RawMessage == nil || found.Next == nil {
		t.Errorf("the output is %+v", first)
	}
	h.want(200, h.ask("GET", "/api/v1/outputs?limit=4&cursor="+*found.Next, "")).into(t, &found)
	if len(found.Outputs) != 2 || found.Next != nil {
		t.Errorf("the second page has %d", len(found.Outputs))
	}
	var link struct{ URL string }
	h.want(200, h.ask("POST", "/api/v1/outputs/archive", `{"ids": ["`+first.ID+`", "`+found.Outputs[0].ID+`"]}`)).into(t, &link)
	for at, want := range map[string]int{link.URL: 2, "/api/v1/outputs/archive?batch=" + b.ID: 6} {
		r := h.want(200, h.ask("GET", at, ""))
		z, err := zip.NewReader(bytes.NewReader(r.body), int64(len(r.body)))
		if err != nil || len(z.File) != want {
			t.Fatalf("%s: %v, %d files", at, err, len(z.File))
		}
		points := map[string]bool{}
		for _, f := range z.File {
			point := sweptName.FindString(f.Name)
			points[point] = true
			if point == "" || f.UncompressedSize64 == 0 {
				t.Errorf("the archive has %s", f.Name)
			}
		}
		if len(points) != want {
			t.Errorf("%d files name the points %v", want, points)
		}
	}
	h.want(403, h.ask("GET", strings.Replace(link.URL, first.ID, found.Outputs[1].ID, 1), ""))
	h.want(404, h.ask("GET", "/api/v1/outputs/archive?ids=nothing", ""))
	h.want(400, h.ask("GET", "/api/v1/outputs/archive", ""))

	// A result is an input, by its id.
	var again jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id": "qwen_single", "prompt": "x", "input_image": "`+first.ID+`"}`)).into(t, &again)
	if again.State != jobs.Succeeded {
		t.Errorf("the job on a result is %+v", again)
	}
	var backends backendList
	h.want(200, h.ask("GET", "/api/v1/backends", "")).into(t, &backends.Body)
	if len(backends.Body.Backends) != 1 || backends.Body.Backends[0].Slots != 2 {
		t.Errorf("the backends are %+v", backends.Body)
	}
	var thumbs thumbnailMap
	h.want(200, h.ask("GET", "/api/v1/workflows/thumbnails", "")).into(t, &thumbs.Body)
	h.want(200, h.ask("GET", thumbs.Body.Thumbnails["flux_single"], ""))
}

func TestNamesInArchives(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 300)
	for _, c := range []struct{ name, sweep, want string }{
		{"2026/fox.png", "", "fox.png"},
		{"2026/fox.png", `{"steps":"10","sampler":"dpm++/2m:x"}`, "fox steps=10 sampler=dpm++_2m_x.png"},
		{"noending", `{"steps":"10"}`, "noending steps=10"},
		{long + ".webp", `{"prompt":"` + long + `"}`, strings.Repeat("ü", 49) + " prompt=" + strings.Repeat("ü", 46) + ".webp"},
		{"fox.png", `[1]`, "fox.png"},
	} {
		if got := archivedName(jobs.Output{Name: c.name, Sweep: json.RawMessage(c.sweep)}); got != c.want {
			t.Errorf("%s at %s is %q, want %q", c.name, c.sweep, got, c.want)
		}
	}
}

func TestClearingAndCancellingTheQueue(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id": "flux_single", "prompt": "x", "count": 3}`)).into(t, &b)
	var changed struct{ Jobs int }
	h.want(200, h.ask("POST", "/api/v1/queue/cancel", "")).into(t, &changed)
	if changed.Jobs != 3 {
		t.Errorf("cancelled are %d", changed.Jobs)
	}
	h.want(400, h.ask("POST", "/api/v1/queue/clear", `{"states": ["queued"]}`))
	for _, step := range []struct{ body, list string }{{`{"states": ["failed"]}`, "3"}, {"", "0"}} {
		h.want(200, h.ask("POST", "/api/v1/queue/clear", step.body))
		var list struct{ Jobs []jobView }
		h.want(200, h.ask("GET", "/api/v1/jobs", "")).into(t, &list)
		if fmt.Sprint(len(list.Jobs)) != step.list {
			t.Errorf("after clearing %s: %d jobs", step.body, len(list.Jobs))
		}
	}
	var list struct{ Jobs []jobView }
	h.want(200, h.ask("GET", "/api/v1/jobs?cleared=true&order=oldest", "")).into(t, &list)
	if len(list.Jobs) != 3 || list.Jobs[0].ID != b.Jobs[0] {
		t.Errorf("all jobs are %+v", list.Jobs)
	}
	h.want(200, h.ask("POST", "/api/v1/jobs/"+b.Jobs[0]+"/retry", ""))
	h.want(200, h.ask("GET", "/api/v1/jobs", "")).into(t, &list)
	if len(list.Jobs) != 1 {
		t.Errorf("a job that is tried again is not listed: %+v", list.Jobs)
	}
	var who struct {
		Local, Editable bool
		Scopes          []string
	}
	h.want(200, h.ask("GET", "/api/v1/session", "")).into(t, &who)
	if !who.Local || !who.Editable || len(who.Scopes) != 3 {
		t.Errorf("the session is %+v", who)
	}
	_, secret, err := h.db.AddKey(t.Context(), "small", []jobs.Scope{jobs.ScopeGenerate})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range [][2]string{{"PUT", "/api/v1/characters/x"}, {"DELETE", "/api/v1/workflows/flux_single"}, {"PATCH", "/api/v1/workflows/flux_single"}, {"POST", "/api/v1/workflows/import"}, {"POST", "/api/v1/queue/pause"}} {
		h.want(http.StatusForbidden, h.ask(call[0], call[1], "{}", "Authorization", "Bearer "+secret))
	}
	h.want(200, h.ask("POST", "/api/v1/queue/cancel", "", "Authorization", "Bearer "+secret)).into(t, &changed)
	if changed.Jobs != 0 {
		t.Error("a key cancelled jobs of another")
	}
	h.want(http.StatusOK, h.ask("PUT", "/api/v1/presets/noir", `{"workflow_id": "flux_single", "params": {"steps": 9}}`))
	var preset presetView
	h.want(200, h.ask("GET", "/api/v1/presets/noir", "")).into(t, &preset)
	if !json.Valid(preset.Request.RawMessage) || preset.Name != "noir" {
		t.Errorf("the preset is %+v", preset)
	}
	h.want(404, h.ask("GET", "/api/v1/presets/neu", ""))
}

// A registry or graph file of the server that is broken is no fault of who asks: it is
// a 500, whose place only a manager is told, and what works goes on.
func TestBrokenFilesOfTheServer(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	raw := []string{"Content-Type", "application/octet-stream"}
	for _, id := range []string{"card", "other"} {
		h.want(200, h.ask("POST", "/api/v1/workflows/import?id="+id, cardGraph, raw...))
	}
	dir := filepath.Join(h.dir, "workflows")
	file, characters, graph := filepath.Join(dir, "registry.json"), filepath.Join(dir, "characters.json"), filepath.Join(dir, "graphs", "other.json")
	whole, err := os.ReadFile(file)
	if err := errors.Join(err, os.WriteFile(file, append([]byte("{,"), whole...), 0o600), os.WriteFile(characters, []byte("[["), 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]reply{
		"PATCH": h.ask("PATCH", "/api/v1/workflows/card", `{"name": "x"}`), "DELETE": h.ask("DELETE", "/api/v1/workflows/card", ""),
		"import": h.ask("POST", "/api/v1/workflows/import?id=third", cardGraph, raw...), "PUT": h.ask("PUT", "/api/v1/characters/eva", `{"name": "Eva"}`),
	} {
		var e statusError
		r.into(t, &e)
		if r.StatusCode != http.StatusInternalServerError || !strings.Contains(e.Detail, dir) || !strings.Contains(e.Hint, "mend that file") {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	h.want(200, h.ask("GET", "/api/v1/workflows/card", ""))
	if err := errors.Join(os.WriteFile(file, whole, 0o600), os.Remove(characters), os.WriteFile(graph, []byte("{"), 0o600)); err != nil {
		t.Fatal(err)
	}
	as := []string{"Authorization", "Bearer " + h.key("k", jobs.ScopeGenerate)}
	for range 2 { // a graph that is broken, and one that is gone
		if err := h.s.changed(); err != nil {
			t.Fatal(err)
		}
		for _, r := range []reply{
			h.ask("POST", "/api/v1/generate", `{"workflow_id": "other"}`, as...), h.ask("GET", "/api/v1/workflows/other/graph", "", as...), h.ask("GET", "/api/v1/workflows/other/schema", "", as...),
		} {
			var e statusError
			r.into(t, &e)
			if r.StatusCode != http.StatusInternalServerError || strings.Contains(string(r.body), h.dir) || !strings.Contains(e.Detail, "other") || !strings.Contains(e.Hint, "log") {
				t.Errorf("%s: %d %s", r.Request.URL.Path, r.StatusCode, r.body)
			}
		}
		if err := os.RemoveAll(graph); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(h.log.String(), file) {
		t.Error("the log does not say which file it is")
	}
}
