package emulator

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

const crash = "500 Internal Server Error\n\nServer got itself in trouble"

// One bad input of the class Source, with the byte-exact answer of the server.
func TestPromptRefusesBadInputs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{StrictModels: true})
	tests := []struct{ name, inputs, want string }{
		{
			"missing", `"seed": 1`,
			`{"type": "required_input_missing", "message": "Required input is missing", "details": "width", "extra_info": {"input_name": "width"}}`,
		},
		{
			"text for int", `"width": "abc", "seed": 1`,
			`{"type": "invalid_input_type", "message": "Failed to convert an input value to a INT value", "details": "width, abc, invalid literal for int() with base 10: 'abc'", "extra_info": {"input_name": "width", "input_config": ["INT", {"default": 512, "min": 16, "max": 16384}], "received_value": "abc", "exception_message": "invalid literal for int() with base 10: 'abc'"}}`,
		},
		{
			"too small", `"width": 3.9, "seed": 1`,
			`{"type": "value_smaller_than_min", "message": "Value 3 smaller than min of 16", "details": "width", "extra_info": {"input_name": "width", "input_config": ["INT", {"default": 512, "min": 16, "max": 16384}], "received_value": 3}}`,
		},
		{
			"beyond 64 bits", `"width": 64, "seed": 18446744073709551616`,
			`{"type": "value_bigger_than_max", "message": "Value 18446744073709551616 bigger than max of 18446744073709551615", "details": "seed", "extra_info": {"input_name": "seed", "input_config": ["INT", {"min": 0, "max": 18446744073709551615}], "received_value": 18446744073709551616}}`,
		},
		{
			"float", `"width": 64, "seed": 1, "scale": 2.5`,
			`{"type": "value_bigger_than_max", "message": "Value 2.5 bigger than max of 2.0", "details": "scale", "extra_info": {"input_name": "scale", "input_config": ["FLOAT", {"min": 0.0, "max": 2.0}], "received_value": 2.5}}`,
		},
		{
			"choice", `"width": 64, "seed": 1, "mode": "three"`,
			`{"type": "value_not_in_list", "message": "Value not in list", "details": "mode: 'three' not in ['one', 'two']", "extra_info": {"input_name": "mode", "input_config": [["one", "two"], {}], "received_value": "three"}}`,
		},
		{
			"model", `"width": 64, "seed": 1, "model": "b.safetensors"`,
			`{"type": "value_not_in_list", "message": "Value not in list", "details": "model: 'b.safetensors' not in ['a.safetensors']", "extra_info": {"input_name": "model", "input_config": [["a.safetensors"], {}], "received_value": "b.safetensors"}}`,
		},
		{
			"short link", `"width": ["1"], "seed": 1`,
			`{"type": "bad_linked_input", "message": "Bad linked input, must be a length-2 list of [node_id, slot_index]", "details": "width", "extra_info": {"input_name": "width", "input_config": ["INT", {"default": 512, "min": 16, "max": 16384}], "received_value": ["1"]}}`,
		},
		{
			"wrong type", `"width": ["9", 0], "seed": 1`,
			`{"type": "return_type_mismatch", "message": "Return type mismatch between linked nodes", "details": "width, received_type(LATENT) mismatch input_type(INT)", "extra_info": {"input_name": "width", "input_config": ["INT", {"default": 512, "min": 16, "max": 16384}], "received_type": "LATENT", "linked_node": ["9", 0]}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			prompt := `{"1": {"class_type": "Source", "inputs": {` + test.inputs + `}}, ` +
				`"2": {"class_type": "Sampler", "inputs": {"latent": ["1", 0], "steps": 1}}, ` +
				`"3": {"class_type": "Save", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}, ` +
				`"9": {"class_type": "Volatile", "inputs": {}}}`
			status, got := f.do("POST", "/prompt", `{"prompt": `+prompt+`}`)
			want := `{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}, ` +
				`"node_errors": {"1": {"errors": [` + test.want + `], "dependent_outputs": ["3"], "class_type": "Source"}}}`
			if status != 400 || got != want {
				t.Errorf("status %d, body (-want +got):\n%s", status, cmp.Diff(want, got))
			}
		})
	}
}

func TestPromptCoercesConstants(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	prompt := strings.Replace(graph(7, 1), `"width": 512`, `"width": " 64 ", "scale": "1e0", "flag": "false", "note": {"a": [1, null]}, "mode": "one", "model": "anything"`, 1)
	f.run("job", prompt)
	_, got := f.do("GET", "/history/job", "")
	want := `"inputs": {"width": 64, "scale": 1.0, "flag": true, "note": "{'a': [1, None]}", "mode": "one", "model": "anything", "seed": 7}`
	if !strings.Contains(got, want) {
		t.Errorf("history has no %s:\n%s", want, got)
	}
}

func TestPromptWithGoodAndBadOutputs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	prompt := strings.TrimSuffix(graph(1, 1), "}") + `, "4": {"class_type": "Save", "inputs": {"images": ["2", 0]}}}`
	status, got := f.do("POST", "/prompt", `{"prompt": `+prompt+`, "prompt_id": "job"}`)
	want := `{"prompt_id": "job", "number": 0, "node_errors": {"4": {"errors": [{"type": "required_input_missing", ` +
		`"message": "Required input is missing", "details": "filename_prefix", "extra_info": {"input_name": "filename_prefix"}}], ` +
		`"dependent_outputs": ["4"], "class_type": "Save"}}}`
	if status != 200 || got != want {
		t.Errorf("status %d, body (-want +got):\n%s", status, cmp.Diff(want, got))
	}
}

func TestPromptNumbers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	post := func(body, want string) {
		t.Helper()
		if _, got := f.do("POST", "/prompt", body); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
	with := func(extra string) string { return `{"prompt": ` + graph(1, 1) + extra + `}` }
	post(with(``), `"number": 0,`)
	post(`{}`, "no_prompt") // a refused prompt counts
	post(with(``), `"number": 2,`)
	post(with(`, "front": true`), `"number": -3,`)
	post(with(`, "number": 5`), `"number": 5.0,`)
	post(with(`, "number": "1e3"`), `"number": 1000.0,`)
	post(with(`, "number": "soon"`), crash)
	post(with(``), `"number": 4,`)
	post(with(`, "prompt_id": null`), `"prompt_id": "None"`)
	post(with(`, "prompt_id": 7`), `"prompt_id": "7"`)
}

func TestDialectOfNewerServers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{Version: "0.36.0"})
	id := newUUID()
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"id that is no UUID", `{"prompt": ` + graph(1, 1) + `, "prompt_id": "job"}`, 400, `"type": "invalid_prompt_id"`},
		{"capital letters", `{"prompt": ` + graph(1, 1) + `, "prompt_id": "` + strings.ToUpper(id) + `"}`, 400, `"type": "invalid_prompt_id"`},
		{
			"unknown class", `{"prompt": {"1": {"class_type": "Nope", "inputs": {}, "_meta": {"title": "My node"}}}}`, 400,
			`"type": "missing_node_type"`,
		},
		{"good", `{"prompt": ` + graph(1, 1) + `, "prompt_id": "` + id + `", "client_id": "c"}`, 200, id},
		{"id null", `{"prompt": ` + graph(1, 1) + `, "prompt_id": null}`, 200, `"prompt_id": "`},
	}
	for _, test := range tests {
		if status, got := f.do("POST", "/prompt", test.body); status != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %d %s", test.name, status, got)
		}
	}
	e := f.listen("c")
	second := newUUID()
	f.submit(second, "c", graph(2, 1))
	e.until(second)
	if extra := f.history(second)["prompt"].([]any)[3].(map[string]any); extra["create_time"] == nil {
		t.Errorf("extra data has no create_time: %v", extra)
	}
	if status, got := f.do("GET", "/api/jobs/"+second, ""); status != 200 || !strings.Contains(got, `"status": "completed"`) {
		t.Errorf("job: got %d %s", status, got)
	}
	if status, got := f.do("GET", "/api/jobs?limit=1&sort_order=asc", ""); status != 200 || !strings.Contains(got, `"total": 3, "has_more": true`) {
		t.Errorf("jobs: got %d %s", status, got)
	}
	for _, path := range []string{"/api/jobs?limit=0", "/api/jobs?status=lost", "/api/jobs?sort_by=x", "/api/jobs?sort_order=x", "/api/jobs?offset=x"} {
		if status, got := f.do("GET", path, ""); status != 400 || !strings.HasPrefix(got, `{"error": `) {
			t.Errorf("%s: got %d %s", path, status, got)
		}
	}
	if status, got := f.do("GET", "/api/jobs/none", ""); status != 404 || got != `{"error": "Job not found"}` {
		t.Errorf("unknown job: got %d %s", status, got)
	}
	if status, got := f.do("POST", "/api/jobs/"+second+"/cancel", ""); status != 200 || got != `{"cancelled": false}` {
		t.Errorf("cancel of a finished job: got %d %s", status, got)
	}
	if status, _ := f.do("GET", "/jobs", ""); status != 404 {
		t.Errorf("/jobs without /api: got %d", status)
	}
	if status, got := f.do("POST", "/api/jobs/cancel", `{"job_ids": ["x"]}`); status != 400 || !strings.Contains(got, `"invalid_ids": ["x"]`) {
		t.Errorf("cancel of no UUID: got %d %s", status, got)
	}
}

func TestCancelByTheJobsAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{Version: "0.30.0", StepTime: time.Hour})
	e := f.listen("c")
	running, waiting := newUUID(), newUUID()
	f.submit(running, "c", graph(1, 1))
	f.submit(waiting, "c", graph(2, 1))
	e.await("executing", "2")
	for _, id := range []string{waiting, running} {
		if _, got := f.do("POST", "/api/jobs/"+id+"/cancel", ""); got != `{"cancelled": true}` {
			t.Errorf("cancel %s: got %s", id, got)
		}
	}
	e.until(running)
	if _, got := f.do("GET", "/api/jobs/"+running, ""); !strings.Contains(got, `"status": "cancelled"`) {
		t.Errorf("job: got %s", got)
	}
	if status, _ := f.do("GET", "/api/jobs/"+waiting, ""); status != 404 {
		t.Errorf("dequeued job: got %d", status)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{MaxUpload: 100})
	status, got := f.do("POST", "/prompt", strings.Repeat(" ", 101))
	if want := "Maximum request body size 100 exceeded, actual body size 101"; status != 413 || got != want {
		t.Errorf("got %d %q", status, got)
	}
	if status, _ := f.do("POST", "/prompt", strings.Repeat(" ", 98)+"{}"); status != 400 {
		t.Errorf("a body within the limit: got %d", status)
	}
}

func TestCompressedBody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{MaxUpload: 10000})
	send := func(text string) int {
		t.Helper()
		var packed strings.Builder
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		a, err := side{"http://emulator", f.client}.ask(t.Context(), "POST", "/prompt", packed.String(), http.Header{"Content-Encoding": {"gzip"}})
		if err != nil {
			t.Fatal(err)
		}
		return a.Status
	}
	if got := send(`{"prompt": ` + graph(1, 1) + `}`); got != 200 {
		t.Errorf("prompt: got %d", got)
	}
	if got := send(strings.Repeat(" ", 1<<20)); got != 413 {
		t.Errorf("bomb: got %d", got)
	}
}

func TestPartialExecutionRunsTheTargetsOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	prompt := strings.TrimSuffix(graph(1, 1), "}") + `, "4": {"class_type": "Save", "inputs": {"images": ["2", 0], "filename_prefix": "other"}}}`
	e := f.listen("c")
	body := fmt.Sprintf(`{"prompt": %s, "prompt_id": "job", "client_id": "c", "partial_execution_targets": ["4", "2"]}`, prompt)
	if status, got := f.do("POST", "/prompt", body); status != 200 {
		t.Fatalf("got %d %s", status, got)
	}
	e.until("job")
	outputs := f.history("job")["outputs"].(map[string]any)
	if len(outputs) != 1 || outputs["4"] == nil {
		t.Errorf("outputs: got %v", outputs)
	}
}

func TestNewerFormOfCombos(t *testing.T) {
	t.Parallel()
	c := &nodes.Class{Name: "V3", V3: true, Hidden: []string{"PROMPT"}, Required: []nodes.Input{
		{Name: "mode", Type: "COMBO", Choices: []string{"a", "b"}, Options: map[string]any{"default": "a"}},
		{Name: "size", Type: "INT"},
	}}
	got := string(pyval.Encode(c.Info()[0].Value))
	want := `{"required": {"mode": ["COMBO", {"default": "a", "multiselect": false, "options": ["a", "b"]}], "size": ["INT", {}]}, "hidden": {"prompt": ["PROMPT"]}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
