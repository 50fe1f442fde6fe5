package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

// heard runs a prompt on one side and gives what its client heard.
func (s side) heard(t *testing.T, prompt string) ([]message, map[string]any) {
	t.Helper()
	id := newUUID()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/ws?clientId="+id, &websocket.DialOptions{HTTPClient: s.client})
	if err != nil {
		t.Fatalf("dial %s: %v", s.base, err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1)
	e := &ear{T: t, conn: conn}
	e.next()
	a, err := s.ask(t.Context(), "POST", "/prompt", fmt.Sprintf(`{"prompt": %s, "prompt_id": %q, "client_id": %q}`, prompt, id, id), nil)
	if err != nil || a.Status != 200 {
		t.Fatalf("submit to %s: %v %v", s.base, a, err)
	}
	list := slices.DeleteFunc(e.until(id), func(m message) bool { return m.Type == "status" })
	res, err := s.client.Get(s.base + "/history/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var all map[string]map[string]any
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return list, timeless(all[id], id).(map[string]any)
}

// timeless takes the times and the run's own id out of a value.
func timeless(v any, id string) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			switch k {
			case "timestamp", "create_time", "execution_start_time", "execution_end_time", "priority", "traceback", "exception_message", "exception_type":
				m[k] = "varies"
			case "current_inputs":
				m[k] = slices.Sorted(maps.Keys(e.(map[string]any)))
			case "current_outputs": // in the order of a set
				list := slices.Clone(e.([]any))
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
				m[k] = list
			default:
				m[strings.ReplaceAll(k, id, "ID")] = timeless(e, id)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = timeless(e, id)
		}
		return list
	case string:
		if strings.HasPrefix(v, "ComfyUI_temp_") { // five letters that the node draws
			return "ComfyUI_temp"
		}
		return strings.ReplaceAll(v, id, "ID")
	}
	return v
}

// TestConformanceOfRuns is not parallel: a run of somebody else empties the
// real server's cache.
func TestConformanceOfRuns(t *testing.T) {
	ours, theirs := sides(t, Options{})
	unique := strings.ReplaceAll(newUUID(), "-", "")
	node := func(id, class, inputs string) string {
		return fmt.Sprintf(`%q: {"class_type": %q, "inputs": {%s}}`, id, class, inputs)
	}
	prompt := func(nodes ...string) string { return "{" + strings.Join(nodes, ", ") + "}" }
	empty := func(id string, color int) string {
		return node(id, "EmptyImage", fmt.Sprintf(`"width": 16, "height": "8", "batch_size": 1.9, "color": %d`, color))
	}
	save := func(id, from, prefix string) string {
		return node(id, "SaveImage", fmt.Sprintf(`"images": [%q, 0], "filename_prefix": "easel-conformance/%s/%s"`, from, unique, prefix))
	}
	preview := func(id, from string) string { return node(id, "PreviewImage", fmt.Sprintf(`"images": [%q, 0]`, from)) }
	tests := []struct{ name, prompt string }{
		{"plain", prompt(empty("1", 1), save("9", "1", "a"))},
		{"cached", prompt(empty("1", 1), save("9", "1", "a"))},
		{"renumbered", prompt(empty("x", 1), save("y", "x", "a"))},
		{"new prefix", prompt(empty("1", 1), save("9", "1", "b"))},
		{"same prefix again", prompt(empty("1", 2), save("9", "1", "b"))},
		{"twins", prompt(empty("1", 3), save("8", "1", "c"), save("9", "1", "c"))},
		{"chain", prompt(save("9", "3", "d"), node("3", "ImageInvert", `"image": ["2", 0]`), node("2", "ImageInvert", `"image": ["1", 0]`), empty("1", 4))},
		{"node error", prompt(empty("1", 5), node("2", "ImageCrop", `"image": "text", "width": 8, "height": 8, "x": 0, "y": 0`), save("9", "2", "e"))},
		{"outside", prompt(empty("1", 5), node("9", "SaveImage", `"images": ["1", 0], "filename_prefix": "../../x"`))},
		{"unused node", prompt(empty("1", 6), empty("2", 7), save("9", "1", "f"))},
		{"partly valid", prompt(empty("1", 8), save("9", "1", "g"), node("8", "SaveImage", `"images": ["1", 0]`))},
		{"with preview", prompt(empty("1", 9), preview("9", "1"))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want, wantEntry := theirs.heard(t, test.prompt)
			if outputs := wantEntry["prompt"].([]any)[4]; cmp.Equal(outputs, []any{"9", "8"}) {
				// The real server's order is that of a set; the emulator's is the prompt's.
				test.prompt = strings.NewReplacer(`"8": {`, `"9": {`, `"9": {`, `"8": {`).Replace(test.prompt)
			}
			got, gotEntry := ours.heard(t, test.prompt)
			if diff := cmp.Diff(kinds(want), kinds(got)); diff != "" {
				t.Errorf("events (-real +emulator):\n%s", diff)
			}
			for _, e := range []map[string]any{wantEntry, gotEntry} {
				e["prompt"].([]any)[0] = "varies"
			}
			if diff := cmp.Diff(wantEntry, gotEntry); diff != "" {
				t.Errorf("history (-real +emulator):\n%s", diff)
			}
		})
	}
}
