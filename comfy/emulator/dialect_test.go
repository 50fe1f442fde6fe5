package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestSince(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version, since string
		want           bool
	}{
		{"0.3.64", "0.3.69", false},
		{"0.3.69", "0.3.69", true},
		{"0.3.100", "0.3.69", true},
		{"0.6", "0.6.0", false},
		{"0.6.0", "0.6.0", true},
		{"0.33.0", "0.9.2", true},
		{"1.0.0", "0.33.0", true},
		{"0.x", "0.33.0", true},
		{"nightly", "0.33.0", true},
	}
	for _, test := range tests {
		s := &Server{opts: Options{Version: test.version}}
		if got := s.since(test.since); got != test.want {
			t.Errorf("%s since %s: got %v", test.version, test.since, got)
		}
	}
}

// TestDialectByVersion pins each change of the dialect to the version that
// brought it.
func TestDialectByVersion(t *testing.T) {
	t.Parallel()
	prompt := func(nodes, rest string) string { return `{"prompt": {` + nodes + `}` + rest + `}` }
	unknown := `"1": {"class_type": "Nope", "inputs": {}, "_meta": {"title": "My node"}}`
	cycle := `"1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}}, "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}, ` +
		`"3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}`
	tests := []struct {
		version, method, path, body string
		status                      int
		want                        string
	}{
		{"0.11.1", "POST", "/prompt", prompt(unknown, ""), 400, `"type": "invalid_prompt"`},
		{"0.12.0", "POST", "/prompt", prompt(unknown, ""), 400, `"type": "missing_node_type", "message": "Node 'My node' not found.`},
		{"0.13.0", "POST", "/prompt", prompt(`"1": {"class_type": "SaveImage", "inputs": null}`, ""), 400, "TypeError"},
		{"0.14.0", "POST", "/prompt", prompt(`"1": {"class_type": "SaveImage", "inputs": null}`, ""), 500, ""},
		{"0.19.3", "POST", "/prompt", prompt(cycle, ""), 400, `"node_errors": {}`},
		{"0.20.0", "POST", "/prompt", prompt(cycle, ""), 400, `"details": "1 (ImageInvert) -> 2 (ImageInvert) -> 1 (ImageInvert)"`},
		{"0.24.0", "POST", "/prompt", prompt(unknown, `, "prompt_id": "x"`), 400, "missing_node_type"},
		{"0.25.0", "POST", "/prompt", prompt(unknown, `, "prompt_id": "x"`), 400, "invalid_prompt_id"},
		{"0.24.0", "POST", "/prompt", prompt(cycle, `, "extra_data": null`), 400, "node_errors"},
		{"0.25.0", "POST", "/prompt", prompt(cycle, `, "extra_data": null`), 500, ""},
		{"0.5.1", "GET", "/api/jobs", "", 404, ""},
		{"0.6.0", "GET", "/api/jobs", "", 200, `{"jobs": [], "pagination": {"offset": 0, "limit": null, "total": 0, "has_more": false}}`},
		{"0.25.0", "POST", "/api/jobs/x/cancel", "", 405, ""},
		{"0.26.0", "POST", "/api/jobs/x/cancel", "", 200, `{"cancelled": false}`},
		{"0.3.64", "GET", "/features", "", 200, `{"supports_preview_metadata": true, "max_upload_size": 104857600}`},
		{
			"0.33.0", "GET", "/features", "", 200, `{"supports_preview_metadata": true, "supports_model_type_tags": true, "max_upload_size": 104857600, ` +
				`"extension": {"manager": {"supports_v4": true}}, "node_replacements": true, "assets": false}`,
		},
		{"0.29.0", "GET", "/models/datasets", "", 404, ""},
		{"0.30.0", "GET", "/models/datasets", "", 200, "[]"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.version, " ", test.method, test.path, test.body), func(t *testing.T) {
			t.Parallel()
			s := New(Options{Version: test.version})
			t.Cleanup(func() { _ = s.Close() })
			f := &fixture{t, s, s.Client()}
			if status, got := f.do(test.method, test.path, test.body); status != test.status || !strings.Contains(got, test.want) {
				t.Errorf("got %d %s", status, got)
			}
		})
	}
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"0.18.1": 200, "0.19.0": 403} {
		f := newFixture(t, Options{Version: version})
		a, err := side{"http://emulator", f.client}.ask(t.Context(), "GET", "/prompt", "", http.Header{"Sec-Fetch-Site": {"cross-site"}})
		if err != nil || a.Status != want {
			t.Errorf("%s: %v %v", version, a, err)
		}
	}
}

func TestJobOutputs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{Version: "0.33.0"})
	shown, failed := newUUID(), newUUID()
	f.run(shown, graph(1, 1))
	f.run(failed, `{"1": {"class_type": "Broken", "inputs": {"how": "named"}}, "3": {"class_type": "Save", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`)
	for id, want := range map[string]string{
		shown:  `"outputs_count": 1, "previewable_outputs_count": 1, "preview_output": {"filename": "fox_00001_.png", "subfolder": "", "type": "output", "nodeId": "3", "mediaType": "images"}`,
		failed: `"execution_error": {`,
	} {
		if status, got := f.do("GET", "/api/jobs/"+id, ""); status != 200 || !strings.Contains(got, want) {
			t.Errorf("got %d %s", status, got)
		}
	}
}
