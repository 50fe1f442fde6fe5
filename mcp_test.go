package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestAgentHearsProgress(t *testing.T) {
	t.Parallel()
	a := newAgentRig(t, emulator.Options{StepTime: 30 * time.Millisecond}).start(agentOptions{})
	a.made("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 20})
	last, steps := 0.0, false
	for _, p := range a.heard() {
		if p.ProgressToken != "p" || p.Progress <= last || p.Total != 1 {
			t.Errorf("%+v after %g", p, last)
		}
		last = p.Progress
		steps = steps || strings.HasPrefix(p.Message, "node <data>") && strings.Contains(p.Message, " of 20, ") && strings.HasSuffix(p.Message, " left")
	}
	if !steps {
		t.Errorf("node, step and time left were not told: %d messages", len(a.heard()))
	}
}

func TestAgentCancels(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: time.Hour})
	a := r.start(agentOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := a.CallTool(ctx, &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": "a fox"}})
		over <- err
	}()
	until(t, "it runs", func() bool { return r.busy() == 1 })
	cancel()
	if err := <-over; err == nil {
		t.Error("the call ended well")
	}
	until(t, "it is gone from the server", func() bool { return r.busy() == 0 })
	res := a.made("list_jobs", nil) // the connection lives
	until(t, "the history says so", func() bool {
		res = a.made("list_jobs", nil)
		return strings.Contains(said(res), `"state":"cancelled"`)
	})
}

func TestAgentThatDisappearsLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"closes", "dies"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			r := newAgentRig(t, emulator.Options{StepTime: time.Hour})
			c := r.command("mcp", "--out", r.path("out"))
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for _, m := range []string{
				`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`,
				`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
				`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"flux_single","arguments":{"prompt":"a fox"}}}`,
			} {
				fmt.Fprintln(in, m)
			}
			until(t, "it runs", func() bool { return r.busy() == 1 })
			if way == "dies" {
				out.Close()
			}
			in.Close()
			if err := c.Wait(); err != nil {
				t.Errorf("easel ended with %v", err)
			}
			until(t, "the server has no run left", func() bool { return r.busy() == 0 })
		})
	}
}

func TestAgentCallsTwiceAtOnce(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: 20 * time.Millisecond})
	a := r.start(agentOptions{})
	done := make(chan *sdk.CallToolResult, 2)
	most := 0
	for i := range 2 {
		go func() {
			p := &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": fmt.Sprintf("fox %d", i), "width": 256, "height": 256, "steps": 5}}
			p.SetProgressToken(fmt.Sprint("call", i))
			res, err := a.CallTool(t.Context(), p)
			if err != nil {
				t.Error(err)
			}
			done <- res
		}()
	}
	ended := 0
	until(t, "both end", func() bool {
		most = max(most, r.busy())
		select {
		case res := <-done:
			if ended++; res == nil || res.IsError {
				t.Error("a call failed")
			}
		default:
		}
		return ended == 2
	})
	if most != 1 {
		t.Errorf("%d runs at once, want 1", most)
	}
	if !slices.ContainsFunc(a.heard(), func(p *sdk.ProgressNotificationParams) bool { return p.Message == "waiting for another run" }) {
		t.Error("the second did not say that it waits")
	}
}

func TestAgentReachesItsLimits(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{}, "--max-runs", "1")
	a.call("flux_single", map[string]any{"steps": 0}) // refused calls do not count
	a.made("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	res := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	if !res.IsError || !strings.HasPrefix(said(res), "max_runs: all of the 1 runs") {
		t.Errorf("the second: %s", said(res))
	}
	res = r.start(agentOptions{}, "--max-cost", "1").call("flux_single", map[string]any{"prompt": "a fox", "steps": 1})
	if !res.IsError || !strings.Contains(said(res), "--usd-per-hour") {
		t.Errorf("without a price: %s", said(res))
	}
	if err := r.command("backends", "add", "dear", r.comfyui, "--usd-per-hour", "3600000").Run(); err != nil {
		t.Fatal(err)
	}
	priced := r.start(agentOptions{}, "--max-cost", "0.01", "--backend", "dear")
	priced.made("flux_single", map[string]any{"prompt": "a hare", "width": 256, "height": 256, "steps": 20})
	res = priced.call("flux_single", map[string]any{"prompt": "a fox", "steps": 1})
	if !res.IsError || !strings.HasPrefix(said(res), "max_cost: ") {
		t.Errorf("the second, dear one: %s", said(res))
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

// aPicture is a small PNG.
func aPicture(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("workflows/examples/seal.png")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAgentGivesPictures(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	photo := aPicture(t)
	for _, dir := range []string{"root", "inputs", "secret"} {
		if err := os.MkdirAll(r.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.path(dir, "photo.png"), photo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(r.path("secret", "photo.png"), r.path("root", "link.png")); err != nil && runtime.GOOS != "windows" { // where it needs a right
		t.Fatal(err)
	}
	data := "data:image/png;base64," + base64.StdEncoding.EncodeToString(photo)
	for _, version := range sdk.SupportedProtocolVersions()[:2] {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
			a := r.start(agentOptions{roots: []string{r.path("root")}, version: version}, "--inputs", r.path("inputs"))
			first := a.made("qwen_upscale", map[string]any{"image": data})
			var res struct {
				Outputs []struct{ File string }
			}
			if err := json.Unmarshal(a.structured(), &res); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{
				"photo.png", r.path("root", "photo.png"), fileURI(r.path("root", "photo.png")), r.path("inputs", "photo.png"), link(t, first), res.Outputs[0].File,
			} {
				a.made("qwen_upscale", map[string]any{"image": name})
			}
			for _, name := range []string{
				r.path("secret", "photo.png"), "../secret/photo.png", "link.png", r.path("root", "..", "secret", "photo.png"), fileURI(r.path("secret", "photo.png")),
				"https://example.com/photo.png", "easel://outputs/nothing/1", "data:image/png;base64,aGVsbG8=", "-", "",
			} {
				res := a.call("qwen_upscale", map[string]any{"image": name})
				if !res.IsError || !strings.HasPrefix(said(res), "invalid_input: image ") {
					t.Errorf("%q: %s", name, said(res))
				}
			}
		})
	}
	t.Run("rootless", func(t *testing.T) {
		t.Parallel()
		r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
		a := r.start(agentOptions{rootless: true})
		res := a.call("qwen_upscale", map[string]any{"image": r.path("root", "photo.png")})
		if !res.IsError || !strings.Contains(said(res), "--inputs DIR") {
			t.Errorf("without roots: %s", said(res))
		}
		a.made("qwen_upscale", map[string]any{"image": data})
	})
}

func TestAgentStaysWithinItsArguments(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{})
	for _, name := range []string{"12.steps", "SaveImage.filename_prefix", "#Sampler.steps"} {
		res := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, name: "x"})
		if !res.IsError || !strings.Contains(said(res), "Parameter '"+name+"' not supported") {
			t.Errorf("%s: %s", name, said(res))
		}
	}
	photo := "data:image/png;base64," + base64.StdEncoding.EncodeToString(aPicture(t))
	res := a.call("qwen_inpaint", map[string]any{"prompt": "a hat", "image": photo})
	if !res.IsError || !strings.Contains(said(res), "- mask: ") {
		t.Errorf("without a mask: %s", said(res))
	}
	mask := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range mask.Pix {
		mask.Pix[i] = byte(255 * (i / 32 % 2))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, mask); err != nil {
		t.Fatal(err)
	}
	a.made("qwen_inpaint", map[string]any{"prompt": "a hat", "image": photo, "mask": "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())})
	if len(r.outcomes()) != 1 {
		t.Errorf("%d runs", len(r.outcomes()))
	}
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
