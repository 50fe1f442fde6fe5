package registry_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// serverClasses are the definitions that the tests draft with.
const serverClasses = `{
  "KSampler": {"input": {"required": {
    "seed": ["INT", {"min": 0, "max": 18446744073709551615}], "steps": ["INT", {"default": 20, "min": 1, "max": 10000}],
    "cfg": ["FLOAT", {"min": 0.0, "max": 100.0, "step": 0.1}], "sampler_name": [["euler", "ddim"]],
    "scheduler": [["normal", "karras"]], "denoise": ["FLOAT", {"min": 0.0, "max": 1.0, "step": 0.01}]}}},
  "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["random_sd15.safetensors"]]}}},
  "EmptyLatentImage": {"input": {"required": {"width": ["INT", {"min": 16, "max": 16384, "step": 8}], "height": ["INT", {"min": 16, "max": 16384, "step": 8}]}}},
  "ImageScaleBy": {"input": {"required": {"upscale_method": [["area", "bicubic"]], "scale_by": ["FLOAT", {"min": 0.01, "max": 8.0, "step": 0.01}]}}}
}`

func draftOf(t *testing.T, graph string, defs string) (*registry.Workflow, []string) {
	t.Helper()
	g, err := comfy.ParseGraph([]byte(graph))
	if err != nil {
		t.Fatal(err)
	}
	o := registry.DraftOptions{ID: "w", Name: "W", Path: "graphs/w.json"}
	if defs != "" {
		if o.Definitions, err = comfy.ParseObjectInfo([]byte(defs)); err != nil {
			t.Fatal(err)
		}
	}
	wf, notes, err := registry.Draft(g, o)
	if err != nil {
		t.Fatal(err)
	}
	return wf, notes
}

// paramsOf are the parameters of an entry, one text each.
func paramsOf(t *testing.T, wf *registry.Workflow) []string {
	t.Helper()
	raw, err := json.Marshal(wf)
	if err != nil {
		t.Fatal(err)
	}
	members, err := registry.DecodeObject("entry.json", raw)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, m := range members {
		if m.Name != "configurable_params" {
			continue
		}
		params, err := registry.DecodeObject("params.json", m.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range params {
			lines = append(lines, p.Name+" "+string(p.JSON))
		}
	}
	return lines
}

func TestDraftUsualControls(t *testing.T) {
	t.Parallel()
	graph, err := os.ReadFile(filepath.Join("..", "testdata", "project", "graphs", "random_sd15.json"))
	if err != nil {
		t.Fatal(err)
	}
	wf, notes := draftOf(t, string(graph), serverClasses)
	want := []string{
		`prompt {"type":"text","default":"a lighthouse","description":"What the picture shows","label":"Prompt","group":"Prompt","bind":"#Prompt.text"}`,
		`negative {"type":"text","default":"","description":"What the picture must not show","label":"Negative prompt","group":"Prompt","bind":"#Negative prompt.text"}`,
		`width {"type":"int","min":16,"max":16384,"step":8,"default":128,"description":"Width of the picture","label":"Width","group":"Size","unit":"px","bind":"EmptyLatentImage.width"}`,
		`height {"type":"int","min":16,"max":16384,"step":8,"default":128,"description":"Height of the picture","label":"Height","group":"Size","unit":"px","bind":"EmptyLatentImage.height"}`,
		`steps {"type":"int","min":1,"max":10000,"default":3,"description":"Sampling steps; more is slower and finer","label":"Steps","group":"Sampling","bind":"KSampler.steps"}`,
		`cfg {"type":"float","min":0.0,"max":100.0,"step":0.1,"default":7,"description":"How strictly the picture follows the prompt; too high looks burnt","label":"Prompt strength","group":"Sampling","bind":"KSampler.cfg"}`,
		`seed {"type":"seed","default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"KSampler.seed"}`,
		`denoise {"type":"float","min":0.0,"max":1.0,"step":0.01,"default":1,"description":"How much is made anew: 1 starts from noise alone","label":"Change","group":"Sampling","advanced":true,"bind":"KSampler.denoise"}`,
		`sampler {"type":"enum","choices_from":"KSampler.sampler_name","default":"euler","description":"Method that turns noise into the picture","label":"Sampler","group":"Sampling","advanced":true,"bind":"KSampler.sampler_name"}`,
		`scheduler {"type":"enum","choices_from":"KSampler.scheduler","default":"normal","description":"How the noise falls from step to step","label":"Scheduler","group":"Sampling","advanced":true,"bind":"KSampler.scheduler"}`,
		`batch_size {"type":"int","default":1,"description":"Pictures made at a time, in one run","label":"Batch size","group":"Size","advanced":true,"bind":"EmptyLatentImage.batch_size"}`,
		`checkpoint {"type":"model","folder":"checkpoints","default":"random_sd15.safetensors","description":"Which checkpoint of the server to use","label":"Checkpoint","group":"Model","advanced":true,"bind":"CheckpointLoaderSimple.ckpt_name"}`,
	}
	if diff := cmp.Diff(want, paramsOf(t, wf)); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if len(notes) > 0 || len(wf.Check()) > 0 {
		t.Errorf("notes %v, problems %v", notes, wf.Check())
	}
	if wf.Category != "generation" || wf.ModelFamily != "sd" || wf.RequiresInputImage || wf.RequiresMask {
		t.Errorf("category %q, family %q, image %v, mask %v", wf.Category, wf.ModelFamily, wf.RequiresInputImage, wf.RequiresMask)
	}
	if diff := cmp.Diff([]registry.Model{{Folder: "checkpoints", File: "random_sd15.safetensors"}}, wf.Models); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
	for _, role := range []string{"prompt", "negative", "seed"} {
		if wf.Parameter(role) == nil {
			t.Errorf("no %s", role)
		}
	}

	// Without a server, ranges are not known; the types are still right.
	wf, _ = draftOf(t, string(graph), "")
	got := paramsOf(t, wf)
	for _, want := range []string{
		`steps {"type":"int","default":3,"description":"Sampling steps; more is slower and finer","label":"Steps","group":"Sampling","bind":"KSampler.steps"}`,
		`cfg {"type":"float","default":7,"description":"How strictly the picture follows the prompt; too high looks burnt","label":"Prompt strength","group":"Sampling","bind":"KSampler.cfg"}`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
}

func TestDraftReadsTitles(t *testing.T) {
	t.Parallel()
	const scale = `{"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
	  "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": 1.0}, "_meta": {"title": %s}},
	  "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`
	node := func(class, title, inputs string) string {
		return `{"1": {"class_type": "` + class + `", "inputs": ` + inputs + `, "_meta": {"title": "` + title + `"}},
		  "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`
	}
	cases := []struct{ name, graph, want string }{
		{
			"Pixelle", strings.Replace(scale, "%s", `"$factor.scale_by!:how large"`, 1),
			`factor {"type":"float","min":0.01,"max":8.0,"step":0.01,"required":true,"description":"how large","label":"Factor","bind":"ImageScaleBy.scale_by"}`,
		},
		{
			"ComfyUI-Connect", strings.Replace(scale, "%s", `"#scale_by"`, 1),
			`scale_by {"type":"float","min":0.01,"max":8.0,"step":0.01,"default":1.0,"label":"Scale by","bind":"ImageScaleBy.scale_by"}`,
		},
		{
			"Minimalistic Comfy Wrapper", node("PrimitiveInt", "<Number of steps:advanced/Quality:1/2> 1, 50, 1", `{"value": 20}`),
			`number_of_steps {"type":"int","min":1,"max":50,"step":1,"default":20,"label":"Number of steps","group":"Quality","advanced":true,"bind":"PrimitiveInt.value"}`,
		},
		{
			"ViewComfy", node("PrimitiveInt", "VC_ADV Steps", `{"value": 20}`),
			`steps {"type":"int","default":20,"label":"Steps","advanced":true,"bind":"PrimitiveInt.value"}`,
		},
		{
			"ETN_Parameter", node("ETN_Parameter", "Parameter", `{"name": "Hair colour", "type": "number (integer)", "default": 3, "min": 1, "max": 9}`),
			`hair_colour {"type":"int","min":1,"max":9,"default":3,"label":"Hair colour","bind":"ETN_Parameter.default"}`,
		},
		{
			"comfy-pack", node("CPackInputInt", "Count", `{"value": 3, "min": 1, "max": 9}`),
			`count {"type":"int","min":1,"max":9,"default":3,"label":"Count","bind":"CPackInputInt.value"}`,
		},
		{
			"ComfyUI Deploy", node("ComfyUIDeployExternalText", "External Text", `{"input_id": "caption", "display_name": "Caption", "description": "words", "default_value": "x"}`),
			`caption {"type":"text","default":"x","description":"words","label":"Caption","bind":"ComfyUIDeployExternalText.default_value"}`,
		},
		{
			"cmfy", node("CLIPTextEncode", "", `{"text": "${PROMPT}", "clip": ["9", 0]}`),
			`prompt {"type":"text","required":true,"label":"Prompt","bind":"CLIPTextEncode.text"}`,
		},
		{
			"a primitive with a title", node("PrimitiveFloat", "Glow", `{"value": 0.5}`),
			`glow {"type":"float","default":0.5,"label":"Glow","bind":"PrimitiveFloat.value"}`,
		},
		{
			"a title that is a sentence", node("PrimitiveFloat", "How much the lamps glow when the night comes over the harbour town", `{"value": 0.5}`),
			`how_much_the_lamps_glow_when_the_night_comes_over_the {"type":"float","default":0.5,"label":"How much the lamps glow when the night comes over the harbour town","bind":"PrimitiveFloat.value"}`,
		},
		{
			"a primitive without one", `{"1": {"class_type": "PrimitiveFloat", "inputs": {"value": 0.5}, "_meta": {"title": "Float"}},
			  "2": {"class_type": "Blur", "inputs": {"blur_radius": ["1", 0]}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
			`blur_radius {"type":"float","default":0.5,"label":"Blur radius","bind":"PrimitiveFloat.value"}`,
		},
		{
			"nothing is marked", strings.Replace(scale, "%s", `"Scale"`, 1),
			`image {"type":"image","required":true,"description":"Picture to work on","label":"Image","group":"Input","bind":"LoadImage.image"}
scale {"type":"float","min":0.01,"max":8.0,"step":0.01,"default":1.0,"description":"Width and height are multiplied by this","label":"Scale","group":"Size","bind":"ImageScaleBy.scale_by"}
upscale_method {"type":"enum","choices":["area","bicubic"],"default":"area","label":"Upscale method","bind":"ImageScaleBy.upscale_method"}`,
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.name == "cmfy" {
				tc.graph = strings.Replace(tc.graph, `, "clip": ["9", 0]`, "", 1)
			}
			wf, _ := draftOf(t, tc.graph, serverClasses)
			want := strings.Split(tc.want, "\n")
			if diff := cmp.Diff(want, paramsOf(t, wf)); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// Bindings use what survives another export, and say where nothing does.
func TestDraftBindings(t *testing.T) {
	t.Parallel()
	graph := `{
	  "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "Face"}},
	  "2": {"class_type": "LoadImage", "inputs": {"image": "b.png"}, "_meta": {"title": "Load Image"}},
	  "3": {"class_type": "LoadImage", "inputs": {"image": "c.png"}, "_meta": {"title": "Load Image"}},
	  "4": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
	  "5": {"class_type": "ImageBatch", "inputs": {"image1": ["4", 0], "image2": ["3", 0]}},
	  "8": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "x"}},
	  "9": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "x"}, "_meta": {"title": "Half"}}}`
	wf, notes := draftOf(t, graph, `{"LoadImage": {"display_name": "Load Image", "input": {"required": {"image": [["x.png"], {"image_upload": true}]}}}}`)
	want := []string{
		`face {"type":"image","required":true,"label":"Face","group":"Input","bind":"#Face.image"}`,
		`image {"type":"image","required":true,"label":"Image","group":"Input","bind":"2.image"}`,
		`image_2 {"type":"image","required":true,"label":"Image 2","group":"Input","bind":"3.image"}`,
	}
	if diff := cmp.Diff(want, paramsOf(t, wf)); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "image, image_2 are bound by node id") || !strings.Contains(notes[1], "output names 8") {
		t.Errorf("notes %q", notes)
	}
	if problems := wf.Check(); len(problems) > 0 {
		t.Errorf("problems %+v", problems)
	}
}

// The example of a draft names every file that the graph needs.
func TestDraftExample(t *testing.T) {
	t.Parallel()
	wf, _ := draftOf(t, `{
	  "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "Face"}},
	  "2": {"class_type": "LoadImage", "inputs": {"image": "b.png"}, "_meta": {"title": "Coat"}},
	  "3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}},
	  "4": {"class_type": "LoadVideo", "inputs": {"file": "a.mp4"}},
	  "8": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
	  "9": {"class_type": "SaveVideo", "inputs": {"video": ["4", 0], "filename_prefix": "x"}}}`, "")
	want := `{"workflow_id":"w","inputs":{"face":"face.png","coat":"coat.png","video":"video.mp4"}}`
	if got := string(wf.ExamplePayload); got != want {
		t.Errorf("example %s, want %s", got, want)
	}
}

// Further texts are counted on from the prompt, whatever the templates call
// their nodes.
func TestDraftPrompts(t *testing.T) {
	t.Parallel()
	wf, _ := draftOf(t, `{
	  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
	  "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "sky"}, "_meta": {"title": "CLIP Text Encode (Positive Prompt)"}},
	  "7": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "sea"}, "_meta": {"title": "CLIP Text Encode (Positive Prompt)"}},
	  "8": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "sun"}, "_meta": {"title": "CLIP Text Encode (Prompt)"}},
	  "10": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["6", 0], "conditioning_2": ["7", 0]}},
	  "11": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["10", 0], "conditioning_2": ["8", 0]}},
	  "12": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}},
	  "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
	  "3": {"class_type": "KSampler", "inputs": {"model": ["4", 0], "positive": ["11", 0], "negative": ["12", 0], "latent_image": ["5", 0], "seed": 1, "steps": 9, "cfg": 7, "sampler_name": "euler", "scheduler": "normal", "denoise": 1}},
	  "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}}}`, "")
	var prompts []string
	for _, line := range paramsOf(t, wf) {
		if name, _, _ := strings.Cut(line, " "); strings.Contains(name, "prompt") {
			prompts = append(prompts, name)
		}
	}
	if diff := cmp.Diff([]string{"prompt", "prompt_2", "prompt_3"}, prompts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// Every published graph becomes an entry whose parameters all land.
func TestDraftCorpus(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "comfyui-examples", "*.json"))
	if len(files) == 0 {
		t.Skip("the corpus of published graphs is not here")
	}
	recorded, err := os.ReadFile(filepath.Join("..", "..", "shared", "corpus", "object_info-0.3.64.json"))
	if err != nil {
		t.Fatal(err)
	}
	defs, err := comfy.ParseObjectInfo(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pair struct {
			Prompt json.RawMessage `json:"prompt"`
		}
		if err := json.Unmarshal(comfy.ReplaceNonFinite(data), &pair); err != nil {
			t.Fatal(err)
		}
		g, err := comfy.ParseGraph(pair.Prompt)
		if err != nil {
			t.Fatal(err)
		}
		wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "w", Path: "w.json", Definitions: defs})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		for _, p := range wf.Check() {
			t.Errorf("%s: %s", filepath.Base(file), p.Message)
		}
		if params := paramsOf(t, wf); len(params) < 2 {
			t.Errorf("%s: only %q", filepath.Base(file), params)
		}
	}
}

// FuzzDraft: whatever stands in a title or a text, the entry can be read and
// its parameters land.
func FuzzDraft(f *testing.F) {
	for _, title := range []string{"$a.value!:x", "#b", "<A:b/c:1/2> 1, x", "VC_BASIC", "VC_ADV Steps.value", "${X}", "", "Größe in px", "$output.x", "a\x00b\u2028", "#", "<:::>"} {
		f.Add("PrimitiveInt", title, "3")
		f.Add("ETN_Parameter", title, title)
	}
	f.Fuzz(func(t *testing.T, class, title, text string) {
		node := &comfy.Node{Class: class, Title: title}
		node.Inputs.SetString("name", text)
		node.Inputs.SetString("value", text)
		node.Inputs.Set("min", json.RawMessage("1"))
		node.Inputs.SetLink("image", comfy.Link{Node: "9"})
		save := &comfy.Node{Class: "SaveImage"}
		save.Inputs.SetString("filename_prefix", text)
		g := comfy.NewGraph()
		g.Set("1", node)
		g.Set("9", save)
		raw, err := json.Marshal(g)
		if err != nil {
			t.Skip(err)
		}
		if g, err = comfy.ParseGraph(raw); err != nil {
			t.Skip(err)
		}
		wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "w", Path: "w.json"})
		if err != nil {
			if g.Check() == nil && class != "" {
				t.Fatalf("%q %q %q: %v", class, title, text, err)
			}
			return
		}
		for _, p := range wf.Check() {
			if strings.Contains(p.Message, "binding") {
				t.Fatalf("%q %q %q: %s", class, title, text, p.Message)
			}
		}
	})
}

// A text of megabytes counts from the graph and is not repeated in the entry,
// which could not be read then.
func TestDraftOfLongText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a fox ", 9<<20/6)
	wf, _ := draftOf(t, `{"1":{"class_type":"Paid","inputs":{"prompt":"`+long+`","size":"small"}},
	 "2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`, "")
	for _, line := range paramsOf(t, wf) {
		if len(line) > 1<<20 {
			t.Errorf("a parameter of %d bytes", len(line))
		}
	}
	call, err := wf.Resolve(nil, registry.ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := call.Bind(nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := g.Node("1").Inputs.Text("prompt"); text != long {
		t.Errorf("the graph has a text of %d bytes, want %d", len(text), len(long))
	}
}
