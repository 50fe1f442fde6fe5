package emulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A side is one of the two servers that get the same requests.
type side struct {
	base   string
	client *http.Client
}

// sides gives the emulator and the real server. Where they differ, the
// emulator is wrong.
func sides(t *testing.T, opts Options) (ours, theirs side) {
	t.Helper()
	real := os.Getenv("EASEL_TEST_COMFYUI")
	if real == "" {
		t.Skip("EASEL_TEST_COMFYUI is not set: no real server to compare with")
	}
	network := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(network.CloseIdleConnections)
	theirs = side{strings.TrimSuffix(real, "/"), network}
	opts.StepTime = -1
	opts.StrictModels = true
	opts.Version = theirs.version(t)
	s := New(opts)
	t.Cleanup(func() { _ = s.Close() })
	return side{"http://emulator", s.Client()}, theirs
}

// version is what the server says of itself: it picks the emulator's dialect.
func (s side) version(t *testing.T) string {
	t.Helper()
	a, err := s.ask(t.Context(), http.MethodGet, "/system_stats", "", nil)
	if err != nil {
		t.Fatalf("real server: %v", err)
	}
	stats, _ := a.Body.(map[string]any)
	system, _ := stats["system"].(map[string]any)
	version, _ := system["comfyui_version"].(string)
	return strings.Trim(version, "'")
}

// An answer is what is compared of a response.
type answer struct {
	Status int
	Allow  string
	Kind   string // content type, of answers with a body
	Body   any
}

func (s side) ask(ctx context.Context, method, path, body string, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: res.StatusCode, Allow: res.Header.Get("Allow"), Body: string(data)}
	if len(data) > 0 {
		a.Kind = res.Header.Get("Content-Type")
	}
	if v, err := pyval.Decode(data); err == nil {
		a.Body = normal(v)
	}
	return a, nil
}

// normal takes out of a JSON value what no client can count on: the frames of
// tracebacks, numbers of the queue, and the order of errors, which the server
// draws from Python's sets.
func normal(v any) any {
	switch v := v.(type) {
	case *pyval.Object:
		m := map[string]any{}
		for _, e := range v.Members() {
			switch e.Key {
			case "traceback":
				m[e.Key] = "frames"
			case "number", "timestamp", "queue_remaining":
				m[e.Key] = "varies"
			case "tooltip", "advanced", "display_name":
			case "dependent_outputs":
				list, _ := e.Value.([]any)
				names := make([]string, len(list))
				for i := range list {
					names[i] = pyval.Repr(list[i])
				}
				slices.Sort(names)
				m[e.Key] = names
			case "details":
				lines := strings.Split(pyval.Str(e.Value), "\n")
				slices.Sort(lines)
				m[e.Key] = strings.Join(lines, "\n")
			default:
				m[e.Key] = normal(e.Value)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = normal(e)
		}
		if len(list) == 2 { // an input without options that count
			if m, ok := list[1].(map[string]any); ok && len(m) == 0 {
				return list[:1]
			}
		}
		if len(list) > 0 {
			if _, ok := list[0].(map[string]any); ok {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		return list
	default:
		return pyval.Repr(v)
	}
}

func TestConformanceOfAnswers(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	tests := []struct{ method, path, body string }{
		{"GET", "/prompt", ""},
		{"GET", "/api/prompt", ""},
		{"GET", "/nope", ""},
		{"POST", "/nope", ""},
		{"DELETE", "/prompt", ""},
		{"PUT", "/view", ""},
		{"POST", "/view", ""},
		{"OPTIONS", "/prompt", ""},
		{"POST", "/system_stats", ""},
		{"HEAD", "/queue", ""},
		{"GET", "/internal/nope", ""},
		{"GET", "/api/internal/nope", ""},
		{"GET", "/jobs", ""},
		{"GET", "/api/jobs?workflow_id=easel-none", ""},
		{"GET", "/api/jobs?workflow_id=easel-none&status=,Pending&sort_by=Execution_Duration&sort_order=ASC&limit=3&offset=-7", ""},
		{"GET", "/api/jobs?status=lost,pending,gone", ""},
		{"GET", "/api/jobs?sort_by=", ""},
		{"GET", "/api/jobs?sort_order=x&limit=x", ""},
		{"GET", "/api/jobs?limit=0", ""},
		{"GET", "/api/jobs?limit=+1_0+&workflow_id=easel-none", ""},
		{"GET", "/api/jobs?limit=1.5", ""},
		{"GET", "/api/jobs?offset=x", ""},
		{"POST", "/api/jobs", ""},
		{"GET", "/api/jobs/none", ""},
		{"GET", "/api/jobs/none/cancel", ""},
		{"POST", "/api/jobs/none", ""},
		{"POST", "/api/jobs/x/cancel", ""},
		{"POST", "/api/jobs/cancel", ""},
		{"POST", "/api/jobs/cancel", "[]"},
		{"POST", "/api/jobs/cancel", `{"job_ids": "x"}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": []}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": ["x", 5, null, [], "3264D8E0-F389-40D4-BC8E-DADBDD207EDC"]}`},
		{"POST", "/api/jobs/cancel", `{"job_ids": ["3264d8e0-0000-40d4-bc8e-dadbdd207edc"]}`},
		{"GET", "/ws", ""},
		{"GET", "/interrupt", ""},
		{"GET", "/free", ""},
		{"GET", "/upload/image", ""},
		{"GET", "/history/none", ""},
		{"GET", "/history/", ""},
		{"GET", "/history?max_items=x", ""},
		{"GET", "/history?offset=x", ""},
		{"GET", "/history?max_items=0", ""},
		{"GET", "/models", ""},
		{"GET", "/models/unet", ""},
		{"GET", "/models/loras/x", ""},
		{"GET", "/embeddings", ""},
		{"GET", "/features", ""},
		{"GET", "/object_info/NoSuchClass", ""},
		{"GET", "/view", ""},
		{"GET", "/view?filename=", ""},
		{"GET", "/view?filename=/x.png", ""},
		{"GET", "/view?filename=a..b.png", ""},
		{"GET", "/view?filename=x.png&type=nope", ""},
		{"GET", "/view?filename=x.png&subfolder=../..", ""},
		{"GET", "/view?filename=x.png&type=", ""},
		{"GET", "/view?filename=x.png&subfolder=/etc", ""},
		{"GET", "/view?filename=x.png", ""},
		{"GET", "/view?filename=x.png+[input]", ""},
		{"GET", "/view?filename=[input]", ""},
		{"GET", "/view?filename=a/b/x.png&type=input", ""},
		{"GET", "/userdata", ""},
		{"GET", "/userdata?dir=easel-none", ""},
		{"GET", "/userdata?dir=../..", ""},
		{"GET", "/userdata/easel-none.json", ""},
		{"GET", "/userdata/..%2F..%2Fx", ""},
		{"POST", "/userdata", ""},
		{"GET", "/userdata/", ""},
		{"POST", "/queue", ""},
		{"POST", "/queue", "{"},
		{"POST", "/queue", "[]"},
		{"POST", "/queue", "null"},
		{"POST", "/queue", "5"},
		{"POST", "/queue", "{}"},
		{"POST", "/queue", `{"delete": ["none"]}`},
		{"POST", "/queue", `{"delete": 5}`},
		{"POST", "/queue", `{"delete": null}`},
		{"POST", "/queue", `"x"`},
		{"POST", "/queue", `{"clear": false}`},
		{"POST", "/queue", `{"delete": "abc"}`},
		{"POST", "/queue", `{"delete": {}}`},
		{"POST", "/history", `{"delete": ["none"]}`},
		{"POST", "/history", "[]"},
		{"POST", "/history", ""},
		{"POST", "/interrupt", `{"prompt_id": "none"}`},
		{"POST", "/interrupt", "[]"},
		{"POST", "/interrupt", "null"},
		{"POST", "/interrupt", `{"prompt_id": 5}`},
		{"POST", "/free", ""},
		{"POST", "/free", "{}"},
		{"POST", "/free", "[]"},
		{"POST", "/free", `{"unload_models": false}`},
		{"POST", "/upload/image", ""},
		{"POST", "/upload/image", "x=y"},
		{"POST", "/upload/mask", ""},
		{"POST", "/prompt", ""},
		{"POST", "/prompt", "{"},
		{"POST", "/prompt", "[]"},
		{"POST", "/prompt", `"x"`},
		{"POST", "/prompt", `"prompt"`},
		{"POST", "/prompt", "null"},
		{"POST", "/prompt", "5"},
		{"POST", "/prompt", "{}"},
		{"POST", "/prompt", `["prompt"]`},
		{"POST", "/prompt", `["number"]`},
		{"POST", "/prompt", `{"prompt": {}}`},
		{"POST", "/prompt", `{"prompt": []}`},
		{"POST", "/prompt", `{"prompt": ""}`},
		{"POST", "/prompt", `{"prompt": null}`},
		{"POST", "/prompt", `{"prompt": "x"}`},
		{"POST", "/prompt", `{"prompt": [1]}`},
		{"POST", "/prompt", `{"number": "x", "prompt": {}}`},
		{"POST", "/prompt", `{"number": "5", "prompt": {}}`},
		{"POST", "/prompt", `{"number": null, "prompt": {}}`},
		{"POST", "/prompt", `{"prompt": {"1": {}}}`},
		{"POST", "/prompt", `{"prompt": {"1": null}}`},
		{"POST", "/prompt", `{"prompt": {"1": "x"}}`},
		{"POST", "/prompt", `{"prompt": {"1": []}}`},
		{"POST", "/prompt", `{"prompt": {"1": 5}}`},
		{"POST", "/prompt", `{"prompt": {"1": "class_type"}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope"}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": 5}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": null}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": []}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {"title": "My node"}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {"title": null}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "Nope", "_meta": {}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"inputs": {}, "_meta": {"title": ""}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"inputs": {}, "_meta": {"title": 5}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "EmptyImage", "inputs": {}}}}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "partial_execution_targets": []}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "partial_execution_targets": 5}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "extra_data": null, "client_id": "x"}`},
		{"POST", "/prompt", `{"prompt": {"1": {"class_type": "SaveImage", "inputs": {}}}, "extra_data": null}`},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			compare2(t, ours, theirs, test.method, test.path, test.body, nil)
		})
	}
}

func TestConformanceOfOrigins(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Sec-Fetch-Site": {"none"}},
	} {
		compare2(t, ours, theirs, http.MethodGet, "/prompt", "", header)
	}
}

func compare2(t *testing.T, ours, theirs side, method, path, body string, header http.Header) {
	t.Helper()
	want, err := theirs.ask(t.Context(), method, path, body, header)
	if err != nil {
		t.Fatalf("real server: %v", err)
	}
	got, err := ours.ask(t.Context(), method, path, body, header)
	if err != nil {
		t.Fatalf("emulator: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-real +emulator):\n%s", diff)
	}
}
