package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

func TestAgentListsTools(t *testing.T) {
	t.Parallel()
	a := newAgentRig(t, emulator.Options{}).start(agentOptions{}, "--workflows", "flux_single,qwen_inpaint")
	tools := map[string]*sdk.Tool{}
	for tool, err := range a.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		tools[tool.Name] = tool
	}
	for _, name := range []string{"list_workflows", "list_characters", "list_models", "list_jobs"} {
		if tools[name] == nil || !tools[name].Annotations.ReadOnlyHint {
			t.Errorf("%s is no tool that only reads", name)
		}
	}
	if len(tools) != 6 {
		t.Errorf("%d tools, want 6", len(tools))
	}
	flux := tools["flux_single"]
	if flux == nil {
		t.Fatal("flux_single is no tool")
	}
	if h := flux.Annotations; h.ReadOnlyHint || h.DestructiveHint == nil || *h.DestructiveHint {
		t.Errorf("hints: %+v", h)
	}
	schema := flux.InputSchema.(map[string]any)
	properties := schema["properties"].(map[string]any)
	steps := properties["steps"].(map[string]any)
	if steps["type"] != "integer" || steps["minimum"] != 1.0 || steps["maximum"] == nil || steps["default"] == nil {
		t.Errorf("steps: %v", steps)
	}
	if seed := properties["seed"].(map[string]any); seed["type"] != "string" {
		t.Errorf("seed: %v", seed)
	}
	sampler := properties["sampler"].(map[string]any)
	if names, _ := sampler["enum"].([]any); !slices.Contains(names, any("euler")) { // as the server lists them
		t.Errorf("sampler: %v", sampler)
	}
	if schema["additionalProperties"] != false {
		t.Errorf("the schema takes anything")
	}
	masked := tools["qwen_inpaint"].InputSchema.(map[string]any)["properties"].(map[string]any)
	if masked["mask_rect"] == nil || masked["image"] == nil {
		t.Errorf("qwen_inpaint takes %v", masked)
	}
}

func TestAgentCorrectsItself(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{})
	wrong := map[string]any{"prompt": "a fox", "steps": 0, "sampler": "eulr", "stepz": 3}
	res := a.call("flux_single", wrong)
	if !res.IsError {
		t.Fatalf("it was taken: %s", said(res))
	}
	text := said(res)
	for _, want := range []string{"- steps: Parameter 'steps' below minimum 1 (allowed: 1 to ", "- stepz: ", "did you mean steps"} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer has no %q:\n%s", want, text)
		}
	}
	// The command line says the same.
	c := r.command("generate", "flux_single", "--json", "--params", r.path("params.json"), "--out", r.path("other"))
	if err := os.WriteFile(r.path("params.json"), []byte(`{"prompt":"a fox","steps":0,"sampler":"eulr","stepz":3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := c.Output()
	if err == nil {
		t.Fatal("generate took it")
	}
	var cli, mine struct {
		Error struct {
			Code     string
			Problems []any
		}
	}
	if err := json.Unmarshal(out, &cli); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal(a.structured(), &mine); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cli, mine); diff != "" {
		t.Errorf("-generate +agent:\n%s", diff)
	}
	if len(r.outcomes()) != 0 {
		t.Error("something ran")
	}
	wrong["steps"], wrong["sampler"] = 4, "euler"
	delete(wrong, "stepz")
	a.made("flux_single", wrong)
}

func TestAgentGetsWhatGeneratePrints(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{})
	const seed = "18446744073709551615"
	res := a.made("flux_single", map[string]any{"prompt": "a lighthouse", "width": 256, "height": 256, "steps": 3, "seed": seed})
	mine := a.structured()
	c := r.command("generate", "flux_single", "a lighthouse", "--steps", "3", "--width", "256", "--height", "256", "--seed", seed, "--json", "--out", r.path("out"))
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	decode := func(raw []byte) map[string]any {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v map[string]any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		return v
	}
	got, want := decode(mine), decode(out)
	for _, v := range []map[string]any{got, want} { // what differs from run to run
		if _, ok := v["id"].(string); !ok {
			t.Errorf("no id: %v", v)
		}
		delete(v, "id")
		delete(v, "prompt_id")
		delete(v, "timing")
		delete(v, "cached")
		delete(v["cost"].(map[string]any), "gpu_seconds")
		for _, o := range v["outputs"].([]any) {
			o := o.(map[string]any)
			if !strings.HasPrefix(o["file"].(string), r.path("out")) {
				t.Errorf("it is stored as %v", o["file"])
			}
			for _, key := range []string{"path", "file", "sha256", "bytes"} { // the record in the file differs
				delete(o, key)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-generate +agent:\n%s", diff)
	}
	if got["seed"] != json.Number(seed) || !strings.Contains(said(res), "seed "+seed) {
		t.Errorf("the seed is %v:\n%s", got["seed"], said(res))
	}
	if pictures := shown(res); len(pictures) != 1 || len(pictures[0].Data) == 0 {
		t.Errorf("%d pictures", len(pictures))
	}
	stored, err := filepath.Glob(r.path("out", "*.png"))
	if err != nil || len(stored) != 2 {
		t.Errorf("%v, %v", stored, err)
	}
}

func TestAgentSeesScaledPictures(t *testing.T) {
	t.Parallel()
	a := newAgentRig(t, emulator.Options{}).start(agentOptions{}, "--max-image", "128")
	res := a.made("flux_single", map[string]any{"prompt": "a fox", "steps": 1, "width": 512, "height": 256})
	pictures := shown(res)
	if len(pictures) != 1 {
		t.Fatalf("%d pictures", len(pictures))
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(pictures[0].Data))
	if err != nil || c.Width != 128 || c.Height != 64 || "image/"+kind != pictures[0].MIMEType {
		t.Errorf("%s of %dx%d, said to be %s: %v", kind, c.Width, c.Height, pictures[0].MIMEType, err)
	}
	whole, err := a.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: link(t, res)})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(whole.Contents[0].Blob)); err != nil || c.Width != 512 {
		t.Errorf("the resource is %d wide: %v", c.Width, err)
	}
}

func TestAgentHas200Tools(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	entries := map[string]any{}
	for i := range 200 {
		id := fmt.Sprintf("tool.%03d", i)
		entries[id] = map[string]any{"id": id, "name": id, "description": "d", "workflow_path": "graph.json"}
	}
	registry, err := json.Marshal(map[string]any{"workflows": entries})
	if err != nil {
		t.Fatal(err)
	}
	graph := `{"1":{"class_type":"EmptyImage","inputs":{"width":8,"height":8,"batch_size":1,"color":0}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`
	for name, content := range map[string]string{"registry.json": string(registry), "graph.json": graph} {
		if err := os.WriteFile(r.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := r.start(agentOptions{}, "--registry", r.path("registry.json"))
	found := 0
	for tool, err := range a.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(tool.Name, "tool_") {
			found++
		}
	}
	if found != 200 {
		t.Errorf("%d tools, want 200", found)
	}
	a.made("tool_199", nil)
}

func TestAgentFindsNewWorkflows(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{})
	has := func(name string) bool {
		tools, err := a.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(tools.Tools, func(tool *sdk.Tool) bool { return tool.Name == name })
	}
	if has("new") {
		t.Fatal("it is there already")
	}
	dir := r.path("config", "easel", "workflows")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range [][2]string{
		{"graph.json", `{"1":{"class_type":"EmptyImage","inputs":{"width":8,"height":8,"batch_size":1,"color":0}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`},
		{"registry.json", `{"workflows":{"new":{"id":"new","name":"New","description":"d","workflow_path":"graph.json"}}}`},
	} {
		if err := os.WriteFile(filepath.Join(dir, file[0]), []byte(file[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it is there", func() bool { return has("new") })
	a.made("new", nil)
	if err := os.Remove(filepath.Join(dir, "registry.json")); err != nil {
		t.Fatal(err)
	}
	until(t, "it is gone", func() bool { return !has("new") })
}

func TestAgentWithoutABackend(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{}, "--backend", "http://127.0.0.1:1")
	tools, err := a.ListTools(t.Context(), nil)
	if err != nil || len(tools.Tools) < 10 {
		t.Fatalf("%v, %v", tools, err)
	}
	for _, res := range []*sdk.CallToolResult{a.call("flux_single", map[string]any{"prompt": "a fox"}), a.call("list_models", nil)} {
		if !res.IsError || !strings.HasPrefix(said(res), "unreachable: ") || !strings.Contains(said(res), "may work later") {
			t.Errorf("it says %s", said(res))
		}
	}
}

func TestAgentSpeaksEarlierRevisions(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	for _, version := range sdk.SupportedProtocolVersions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
			a := r.start(agentOptions{version: version})
			res := a.made("flux_single", map[string]any{"prompt": "a fox " + version, "width": 256, "height": 256, "steps": 1})
			if len(shown(res)) != 1 {
				t.Error("no picture")
			}
			if old := version < "2025-06-18"; old != strings.Contains(said(res), `"prompt_id":`) {
				t.Errorf("the result as text: %s", said(res))
			}
		})
	}
}

func TestAgentReadsWhatServersSayAsData(t *testing.T) {
	t.Parallel()
	fault, err := emulator.ParseFault("exception=KSampler")
	if err != nil {
		t.Fatal(err)
	}
	r := newAgentRig(t, emulator.Options{Faults: []emulator.Fault{fault}})
	a := r.start(agentOptions{})
	res := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	if !res.IsError || !strings.HasPrefix(said(res), `node_error: <data>"`) {
		t.Errorf("the failure: %s", said(res))
	}
	if !strings.Contains(a.InitializeResult().Instructions, "<data>") {
		t.Error("the instructions do not say what data is")
	}
}

func TestAgentSeesResourcesAndPrompts(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	if err := os.MkdirAll(r.path("config", "easel"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path("config", "easel", "config.yaml"), []byte("presets:\n  quick: {workflow: flux_single, params: {steps: 2}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := r.start(agentOptions{})
	res := a.made("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	list, err := a.ListResources(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Resources) != 2 || list.Resources[0].URI != link(t, res) {
		t.Fatalf("resources: %+v", list.Resources)
	}
	record, err := a.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: list.Resources[1].URI})
	if err != nil || !strings.Contains(record.Contents[0].Text, `"prompt": "a fox"`) {
		t.Errorf("the record: %v, %v", record, err)
	}
	if _, err := a.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "easel://outputs/../1"}); err == nil {
		t.Error("something else was read")
	}
	prompts, err := a.ListPrompts(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range prompts.Prompts {
		names = append(names, p.Name)
	}
	if !slices.Contains(names, "character_milan") || !slices.Contains(names, "preset_quick") {
		t.Errorf("prompts: %v", names)
	}
	got, err := a.GetPrompt(t.Context(), &sdk.GetPromptParams{Name: "preset_quick", Arguments: map[string]string{"prompt": "a hare"}})
	if err != nil {
		t.Fatal(err)
	}
	if text := got.Messages[0].Content.(*sdk.TextContent).Text; !strings.Contains(text, `flux_single`) || !strings.Contains(text, `{"prompt":"a hare","steps":2}`) {
		t.Errorf("it says %s", text)
	}
	for _, list := range []string{"list_workflows", "list_characters", "list_models", "list_jobs"} {
		if text := said(a.made(list, nil)); len(text) < 20 {
			t.Errorf("%s: %s", list, text)
		}
	}
}
