package workflows_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A definition is one class of a server's /object_info.
type definition struct {
	Input struct {
		Required map[string][]json.RawMessage `json:"required"`
		Optional map[string][]json.RawMessage `json:"optional"`
	} `json:"input"`
	Output []json.RawMessage `json:"output"`
}

type definitions map[string]definition

func decodeDefinitions(t *testing.T, r io.Reader) definitions {
	t.Helper()
	var d definitions
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

// A newerClass is a class that none of the recorded servers has, as the
// official templates of October 2026 (templates-json 0.1.123) use it.
type newerClass struct {
	required, optional, outputs string // space-separated; outputs are types
}

func newerClasses() map[string]newerClass {
	return map[string]newerClass{
		"TextEncodeQwenImage21": {"clip prompt negative_prompt resolution", "vae images.image_1 images.image_2 images.image_3", "CONDITIONING CONDITIONING LATENT"},
		"QwenImage21Cache":      {"model device dtype", "", "MODEL"},
		"ReferenceMultiLatent":  {"positive resolution resolution.megapixels", "negative vae images.image0 images.image1 images.image2", "CONDITIONING CONDITIONING LATENT"},
		"MiniMaxH3ImageToVideo": {"clip vae prompt width height length", "first_frame last_frame", "CONDITIONING LATENT"},
	}
}

// laterInputs came to known classes in later versions. Older servers ignore
// what they do not know, newer ones refuse a graph without the required ones.
func laterInputs() map[string][]string {
	return map[string][]string{
		"ImageScaleToTotalPixels": {"resolution_steps"},
		"CreateVideo":             {"bit_depth", "color_space"},
		"LTXAVTextEncoderLoader":  {"device"},
	}
}

func TestGraphsFitRecordedServers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0.3.64", "0.8.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(filepath.Join("..", "..", "shared", "corpus", "object_info-"+version+".json"))
			if err != nil {
				t.Skipf("no recorded node definitions of ComfyUI %s here: %v", version, err)
			}
			defer f.Close()
			checkAll(t, decodeDefinitions(t, f), version)
		})
	}
}

func TestGraphsFitLiveServer(t *testing.T) {
	t.Parallel()
	server := os.Getenv("EASEL_TEST_COMFYUI")
	if server == "" {
		t.Skip("EASEL_TEST_COMFYUI names no ComfyUI server")
	}
	get := func(path string) io.ReadCloser {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp.Body
	}
	var stats struct {
		System struct {
			Version string `json:"comfyui_version"`
		} `json:"system"`
	}
	if err := json.NewDecoder(get("/system_stats")).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	checkAll(t, decodeDefinitions(t, get("/object_info")), stats.System.Version)
}

// checkAll holds every graph against a server's definitions. A workflow whose
// lowest version the server reaches must fit entirely; of the others only what
// the server knows is looked at, and choices may be missing.
func checkAll(t *testing.T, d definitions, version string) {
	t.Helper()
	strict := 0
	for _, w := range load(t).Workflows() {
		runs := !newer(w.MinVersion, version)
		if runs {
			strict++
		}
		for _, problem := range misfits(d, graphOf(t, w), runs) {
			t.Errorf("%s on %s: %s", w.ID, version, problem)
		}
	}
	t.Logf("%d workflows run on ComfyUI %s", strict, version)
}

// newer reports whether version a is above version b.
func newer(a, b string) bool {
	part := func(s string, i int) int {
		if parts := strings.Split(s, "."); i < len(parts) {
			n, _ := strconv.Atoi(parts[i])
			return n
		}
		return 0
	}
	for i := range 3 {
		if x, y := part(a, i), part(b, i); x != y {
			return x > y
		}
	}
	return false
}

// misfits lists what a server with these definitions would refuse, files apart.
func misfits(d definitions, g *comfy.Graph, strict bool) []string {
	var problems []string
	for _, id := range g.IDs() {
		n := g.Node(id)
		add := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("node %s (%s): ", id, n.Class)+fmt.Sprintf(format, args...))
		}
		def, known := d[n.Class]
		if !known {
			c, recorded := newerClasses()[n.Class]
			switch {
			case recorded && !strict:
				for _, name := range strings.Fields(c.required) {
					if _, ok := n.Inputs.Get(name); !ok {
						add("input %s is missing", name)
					}
				}
				for _, name := range n.Inputs.Names() {
					if !slices.Contains(strings.Fields(c.required+" "+c.optional), name) {
						add("unknown input %s", name)
					}
				}
			case strict:
				add("unknown class; is min_version too low?")
			}
			continue
		}
		for name := range def.Input.Required {
			if _, ok := n.Inputs.Get(name); !ok {
				add("required input %s is missing", name)
			}
		}
		for _, name := range n.Inputs.Names() {
			spec, ok := def.Input.Required[name]
			if !ok {
				spec, ok = def.Input.Optional[name]
			}
			if !ok {
				if !slices.Contains(laterInputs()[n.Class], name) && !dynamic(name) {
					add("unknown input %s", name)
				}
				continue
			}
			v, _ := n.Inputs.Get(name)
			if msg := misfit(d, g, spec, v, strict); msg != "" {
				add("input %s: %s", name, msg)
			}
		}
	}
	return problems
}

// dynamic: inputs that appear by the choice in another one ("resize.width").
func dynamic(name string) bool { return strings.Contains(name, ".") }

// misfit holds one value against its specification.
func misfit(d definitions, g *comfy.Graph, spec []json.RawMessage, v json.RawMessage, strict bool) string {
	var typ string
	var o struct {
		Min, Max *json.Number
		Options  []json.RawMessage
	}
	var choices []json.RawMessage
	if json.Unmarshal(spec[0], &typ) != nil {
		typ = "COMBO"
		_ = json.Unmarshal(spec[0], &choices)
	}
	if len(spec) > 1 {
		_ = json.Unmarshal(spec[1], &o)
		choices = append(choices, o.Options...)
	}
	if l, ok := comfy.LinkOf(v); ok {
		return misfitLink(d, g.Node(l.Node).Class, l.Slot, typ)
	}
	if strings.HasPrefix(typ, "COMFY_DYNAMICCOMBO") {
		return "" // comfy.CheckAgainst knows their choices
	}
	typ, _, _ = strings.Cut(typ, ",") // a value is of the first type of several
	switch typ {
	case "INT", "FLOAT":
		f, err := strconv.ParseFloat(string(v), 64)
		switch {
		case err != nil:
			return fmt.Sprintf("%s is no number", v)
		case typ == "INT" && strings.ContainsAny(string(v), ".eE"):
			return fmt.Sprintf("%s is no whole number", v)
		case o.Min != nil && f < number(*o.Min), o.Max != nil && f > number(*o.Max):
			return fmt.Sprintf("%s is out of range", v)
		}
	case "STRING":
		if v[0] != '"' {
			return fmt.Sprintf("%s is no text", v)
		}
	case "BOOLEAN":
		if string(v) != "true" && string(v) != "false" {
			return fmt.Sprintf("%s is neither true nor false", v)
		}
	case "COMBO":
		file := strings.Contains(string(v), ".safetensors") || strings.Contains(string(v), ".png")
		has := slices.ContainsFunc(choices, func(c json.RawMessage) bool { return string(c) == string(v) })
		if strict && !file && !has {
			return fmt.Sprintf("%s is none of %s", v, choices)
		}
	default:
		return fmt.Sprintf("%s is a value where %s is linked", v, typ)
	}
	return ""
}

func number(n json.Number) float64 {
	f, _ := n.Float64()
	return f
}

func misfitLink(d definitions, class string, slot int, want string) string {
	var outputs []string
	if def, ok := d[class]; ok {
		for _, raw := range def.Output {
			var s string
			_ = json.Unmarshal(raw, &s)
			outputs = append(outputs, s)
		}
	} else {
		outputs = strings.Fields(newerClasses()[class].outputs)
	}
	switch {
	case len(outputs) == 0:
		return "" // a class that this server does not have: reported where it stands
	case slot >= len(outputs):
		return fmt.Sprintf("%s has no output %d", class, slot)
	case !slices.Contains(strings.Split(want, ","), outputs[slot]) && !strings.HasPrefix(want, "COMFY_"):
		return fmt.Sprintf("%s gives %s, not %s", class, outputs[slot], want)
	}
	return ""
}

// TestMisfits shows that the checks above find what they are for.
func TestMisfits(t *testing.T) {
	t.Parallel()
	d := decodeDefinitions(t, strings.NewReader(`{
		"Load": {"input": {"required": {"mode": [["a", "b"]]}}, "output": ["IMAGE"]},
		"Save": {"input": {"required": {"images": ["IMAGE", {}], "level": ["INT", {"min": 1, "max": 9}]}, "optional": {"mask": ["MASK"]}}, "output": []}
	}`))
	tests := []struct{ name, graph, want string }{
		{"good", `{"1":{"class_type":"Load","inputs":{"mode":"a"}},"2":{"class_type":"Save","inputs":{"images":["1",0],"level":9}}}`, ""},
		{"choice", `{"1":{"class_type":"Load","inputs":{"mode":"c"}}}`, `"c" is none of`},
		{"missing", `{"1":{"class_type":"Load","inputs":{}}}`, "required input mode is missing"},
		{"unknown input", `{"1":{"class_type":"Load","inputs":{"mode":"a","x":1}}}`, "unknown input x"},
		{"unknown class", `{"1":{"class_type":"Sharpen","inputs":{}}}`, "unknown class"},
		{"range", `{"1":{"class_type":"Load","inputs":{"mode":"a"}},"2":{"class_type":"Save","inputs":{"images":["1",0],"level":10}}}`, "out of range"},
		{"whole", `{"1":{"class_type":"Load","inputs":{"mode":"a"}},"2":{"class_type":"Save","inputs":{"images":["1",0],"level":1.5}}}`, "no whole number"},
		{"slot", `{"1":{"class_type":"Load","inputs":{"mode":"a"}},"2":{"class_type":"Save","inputs":{"images":["1",1],"level":1}}}`, "has no output 1"},
		{"link type", `{"1":{"class_type":"Load","inputs":{"mode":"a"}},"2":{"class_type":"Save","inputs":{"images":["1",0],"level":1,"mask":["1",0]}}}`, "gives IMAGE, not MASK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := comfy.ParseGraph([]byte(tt.graph))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(misfits(d, g, true), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("misfits are %q, want %q", got, tt.want)
			}
		})
	}
}

// TestMinVersions: every class of a graph is on a server of the lowest version
// that the entry names, as far as a recorded server can tell.
func TestMinVersions(t *testing.T) {
	t.Parallel()
	for _, w := range load(t).Workflows() {
		for class := range newerClasses() {
			if len(graphOf(t, w).OfClass(class)) > 0 && !newer(w.MinVersion, "0.8.0") {
				t.Errorf("%s needs %s, which ComfyUI %s does not have", w.ID, class, w.MinVersion)
			}
		}
	}
	if !newer("0.10.0", "0.9.9") || newer("", "0.3.64") || newer("0.3.64", "0.3.64") {
		t.Error("versions are compared wrongly")
	}
}
