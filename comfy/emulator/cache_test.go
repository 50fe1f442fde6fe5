package emulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (f *fixture) images(id, node string) []string {
	f.Helper()
	outputs, _ := f.history(id)["outputs"].(map[string]any)
	ui, _ := outputs[node].(map[string]any)
	list, _ := ui["images"].([]any)
	var names []string
	for _, item := range list {
		names = append(names, item.(map[string]any)["filename"].(string))
	}
	return names
}

func TestSecondRunIsCachedAndRepeatsTheNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.run("first", graph(1, 2))
	e := f.listen("c")
	f.submit("second", "c", graph(1, 2))
	got := kinds(e.until("second"))
	want := "status(1) status(1) execution_start execution_cached executed(3) ps execution_success status(0) executing(<nil>)"
	if got != want {
		t.Errorf("events: got %s, want %s", got, want)
	}
	if diff := cmp.Diff(f.images("first", "3"), f.images("second", "3")); diff != "" {
		t.Errorf("names (-first +second):\n%s", diff)
	}
	x := f.server.Executions()[1]
	if len(x.Nodes) != 0 || len(x.Cached) != 3 {
		t.Errorf("execution: got %+v", x)
	}
}

func TestCacheIsKeyedByContent(t *testing.T) {
	t.Parallel()
	renumbered := strings.NewReplacer(`"1"`, `"100"`, `"2"`, `"x"`, `"3"`, `"57:8"`).Replace(graph(1, 2))
	tests := []struct {
		name, second string
		ran          []string
	}{
		{"same", graph(1, 2), nil},
		{"renumbered", renumbered, nil},
		{"other seed", graph(2, 2), []string{"1", "2", "3"}},
		{"other steps", graph(1, 3), []string{"2", "3"}},
		{"other prefix", strings.Replace(graph(1, 2), "fox", "hen", 1), []string{"3"}},
		{"another title", strings.Replace(graph(1, 2), `"class_type": "Save"`, `"_meta": {"title": "x"}, "class_type": "Save"`, 1), nil},
		{"undeclared input", strings.Replace(graph(1, 2), `"width"`, `"easel": 1, "width"`, 1), []string{"1", "2", "3"}},
		{"volatile", strings.Replace(strings.Replace(graph(1, 2), `"Source"`, `"Volatile"`, 1), `"width": 512, "seed": 1`, "", 1), []string{"1", "2", "3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			f.run("first", graph(1, 2))
			f.run("second", test.second)
			if diff := cmp.Diff(test.ran, f.server.Executions()[1].Nodes); diff != "" {
				t.Errorf("nodes that ran (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVolatileNodesAlwaysRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	prompt := `{"1": {"class_type": "Volatile", "inputs": {}}, "2": {"class_type": "Sampler", "inputs": {"latent": ["1", 0], "steps": 1}}, ` +
		`"3": {"class_type": "Save", "inputs": {"images": ["2", 0], "filename_prefix": "v"}}}`
	f.run("first", prompt)
	f.run("second", prompt)
	if got := f.server.Executions()[1].Nodes; len(got) != 3 {
		t.Errorf("nodes that ran: got %v", got)
	}
}

func TestCacheForgetsWhatTheLastPromptDoesNotUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	for i, seed := range []int{1, 2, 1} {
		f.run(fmt.Sprint(i), graph(seed, 1))
	}
	if got := f.server.Executions()[2].Nodes; len(got) != 3 {
		t.Errorf("ran %v, want 3 nodes", got)
	}
}

func TestFailedRunKeepsFinishedNodes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{Faults: []Fault{{Name: FaultException, Class: "Save", Count: 1}}})
	f.run("first", graph(1, 1))
	f.run("second", graph(1, 1))
	if diff := cmp.Diff([]string{"3"}, f.server.Executions()[1].Nodes); diff != "" {
		t.Errorf("nodes that ran (-want +got):\n%s", diff)
	}
}

func TestFreeMemoryForgetsResults(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.run("first", graph(1, 1))
	f.do("POST", "/free", `{"free_memory": true}`)
	f.run("second", graph(2, 1)) // the worker frees before or after it
	f.run("third", graph(2, 1))
	f.do("POST", "/free", `{"unload_models": true}`)
	f.run("fourth", graph(2, 1))
	x := f.server.Executions()
	if len(x[3].Nodes) != 0 {
		t.Errorf("unloading models forgot results: %v", x[3].Nodes)
	}
}

func TestTwinsWriteOneFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	twin := strings.TrimSuffix(graph(1, 1), "}") + `, "4": {"class_type": "Save", "inputs": {"images": ["2", 0], "filename_prefix": "fox"}}}`
	f.run("job", twin)
	if a, b := f.images("job", "3"), f.images("job", "4"); len(a) != 1 || !cmp.Equal(a, b) {
		t.Errorf("names: got %v and %v", a, b)
	}
	meta := f.history("job")["meta"].(map[string]any)
	if got := meta["4"].(map[string]any)["node_id"]; got != "3" {
		t.Errorf("the node that ran for 4: got %v", got)
	}
}

func TestChangedInputFileRunsAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	load := `{"1": {"class_type": "Load", "inputs": {"image": "a.png"}}, "2": {"class_type": "Save", "inputs": {"images": ["1", 0], "filename_prefix": "l"}}}`
	f.upload("a.png", "first")
	f.run("one", load)
	f.upload("a.png", "second", "overwrite", "true")
	f.run("two", load)
	f.run("three", load)
	x := f.server.Executions()
	if len(x[1].Nodes) != 2 || len(x[2].Nodes) != 0 {
		t.Errorf("ran %v, then %v", x[1].Nodes, x[2].Nodes)
	}
	if _, got := f.do("GET", "/view?filename=l_00002_.png", ""); got != "second" {
		t.Errorf("second file: got %q", got)
	}
}

func (f *fixture) upload(name, data string, fields ...string) string {
	f.Helper()
	body, header := uploadBody(f.T, name, []byte(data), fields...)
	got, err := side{"http://emulator", f.client}.ask(f.Context(), "POST", "/upload/image", body, header)
	if err != nil || got.Status != 200 {
		f.Fatalf("upload %s: %v %v", name, got, err)
	}
	return strings.Trim(got.Body.(map[string]any)["name"].(string), "'")
}

func TestModelsAreLoadedOnce(t *testing.T) {
	t.Parallel()
	m := &modelSlots{size: 2}
	var got []bool
	for _, name := range []string{"a", "b", "a", "c", "a", "b"} {
		got = append(got, m.load(name))
	}
	if diff := cmp.Diff([]bool{true, true, false, true, false, true}, got); diff != "" {
		t.Errorf("loads (-want +got):\n%s", diff)
	}
	m.unload()
	if !m.load("a") {
		t.Error("a is loaded after unload")
	}
}
