package editor_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// corpus is where pairs of an editor's file and the prompt that the official
// editor made of it lie, beside the repository.
const corpus = "../../../shared/corpus"

// different are the pairs in which easel differs from the editor on purpose or
// because the two halves of the file do not belong together.
var different = map[string]string{
	"t018-Image_capybara_v0_1_text_to_image":             "the editor sends null for a value that an instance leaves open; the inner one is what the author saw",
	"t018-image_qwen_image_instantx_controlnet":          "the same",
	"t018-video_capybara_v0_1_video_edit":                "the same",
	"t018-video_ltx2_i2v":                                "the same",
	"api_hunyuan3d_model2uv":                             "the browser draws a picture of the 3D model and names it by the time",
	"api_hunyuan3d_smart_topology":                       "the same",
	"stable_cascade__stable_cascade__inpaint_controlnet": "the workflow was edited after the prompt was made: the group node is not in it",
}

func definitions(t testing.TB, version string) map[string]*comfy.ClassInfo {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(corpus, "object_info-"+version+".json"))
	if err != nil {
		t.Skipf("no corpus of real workflows at %s: %v", corpus, err)
	}
	defs, err := comfy.ParseObjectInfo(data)
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// Each file of the corpus becomes what the official editor made of it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, set := range []struct{ folder, version string }{{"comfyui-examples", "0.3.64"}, {"frontend-1.58", "0.8.0"}} {
		defs := definitions(t, set.version)
		for class, def := range definitions(t, "0.8.0") {
			if defs[class] == nil { // the examples were made over years
				defs[class] = def
			}
		}
		files, err := filepath.Glob(filepath.Join(corpus, set.folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no pairs in %s: %v", set.folder, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			t.Run(set.folder+"/"+name, func(t *testing.T) {
				t.Parallel()
				diff := comparePair(t, file, defs)
				if why, listed := different[name]; listed != (diff != "") {
					t.Errorf("difference %q, listed %q", diff, why)
				}
			})
		}
	}
}

// comparePair converts the editor's half of a pair and returns the first
// difference to the other half, "" when there is none.
func comparePair(t *testing.T, file string, defs map[string]*comfy.ClassInfo) string {
	t.Helper()
	pair := readPair(t, file)
	res, err := editor.Convert(pair.Workflow, editor.Options{Definitions: defs})
	if err != nil {
		return err.Error()
	}
	got, err := json.Marshal(res.Graph)
	if err != nil {
		t.Fatal(err)
	}
	want, mine := readPrompt(t, pair.Prompt), readPrompt(t, got)
	for id, n := range want {
		if n.class == "" { // a class that the editor's server lacked: only its links are known
			n.onlyLinks(want)
			if other := mine[id]; other != nil {
				other.class = ""
				other.onlyLinks(mine)
			}
		}
	}
	first := firstDifference(want, mine, defs)
	if first != "" && slices.Equal(colours(want), colours(mine)) {
		return "" // the same but for ids inside of subgraphs
	}
	return first
}

type pair struct {
	Workflow, Prompt json.RawMessage
	Missing          []string `json:"missing_nodes"` // classes that the editor's server did not have
}

func readPair(t testing.TB, file string) pair {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p pair
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

type promptNode struct {
	class  string
	inputs map[string]any // a number is its exact value
}

func (n *promptNode) onlyLinks(all map[string]*promptNode) {
	maps.DeleteFunc(n.inputs, func(_ string, v any) bool { _, link := linkIn(v, all); return !link })
}

func linkIn(v any, all map[string]*promptNode) (string, bool) {
	list, ok := v.([]any)
	if !ok || len(list) != 2 {
		return "", false
	}
	id := fmt.Sprint(list[0])
	return id, all[id] != nil
}

func readPrompt(t *testing.T, data []byte) map[string]*promptNode {
	t.Helper()
	var raw map[string]struct {
		Class  string         `json:"class_type"`
		Inputs map[string]any `json:"inputs"`
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if err := dec.Decode(&raw); err != nil {
		t.Fatal(err)
	}
	all := map[string]*promptNode{}
	for id, n := range raw {
		for name, v := range n.Inputs {
			n.Inputs[name] = plainNumbers(v)
		}
		all[id] = &promptNode{n.Class, n.Inputs}
	}
	return all
}

// plainNumbers makes numbers of equal value equal: 1 and 1.0. The editor's own
// went through a float, so large ones are compared as such.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return v
		}
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

// editorOnly are inputs that older editors sent and no server reads.
var editorOnly = []string{"upload", "choose file to upload", "video-preview", "audioUI"}

func firstDifference(want, got map[string]*promptNode, defs map[string]*comfy.ClassInfo) string {
	for _, id := range slices.Sorted(maps.Keys(want)) {
		w, g := want[id], got[id]
		switch {
		case g == nil:
			return "node " + id + " (" + w.class + ") is missing"
		case w.class != g.class:
			return "node " + id + " is a " + g.class + ", not a " + w.class
		}
		for name, v := range w.inputs {
			other, ok := g.inputs[name]
			if !ok && !slices.Contains(editorOnly, name) || ok && !reflect.DeepEqual(v, other) {
				return fmt.Sprintf("node %s (%s): %s is %v, not %v", id, w.class, name, other, v)
			}
		}
		for name, v := range g.inputs {
			if _, ok := w.inputs[name]; ok || isDefault(defs[g.class], name, v) {
				continue
			}
			return fmt.Sprintf("node %s (%s): %s = %v should not be there", id, g.class, name, v)
		}
	}
	for id, n := range got {
		if want[id] == nil {
			return "node " + id + " (" + n.class + ") should not be there"
		}
	}
	return ""
}

// isDefault reports whether an input has the value that a definition newer than
// the file gives it.
func isDefault(def *comfy.ClassInfo, name string, v any) bool {
	if def == nil || def.Input(name) == nil {
		return false
	}
	in := def.Input(name)
	raw := in.Default
	if raw == nil && len(in.Values) > 0 {
		raw = in.Values[0]
	}
	var want any
	return json.Unmarshal(raw, &want) == nil && reflect.DeepEqual(want, v)
}

// colours describes each node by what it is and what is around it, without ids.
func colours(all map[string]*promptNode) []string {
	colour := map[string]string{}
	for range len(all) + 1 {
		next := map[string]string{}
		for id, n := range all {
			var parts []string
			for name, v := range n.inputs {
				if from, ok := linkIn(v, all); ok {
					parts = append(parts, fmt.Sprintf("%s<-%s.%v", name, colour[from], v.([]any)[1]))
				} else {
					parts = append(parts, fmt.Sprintf("%s=%v", name, v))
				}
			}
			slices.Sort(parts)
			sum := digest(n.class + strings.Join(parts, "\x00"))
			next[id] = sum
		}
		if maps.Equal(colour, next) {
			break
		}
		colour = next
	}
	return slices.Sorted(maps.Values(colour))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
