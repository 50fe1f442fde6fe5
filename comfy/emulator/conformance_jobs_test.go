package emulator

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConformanceOfJobs compares what the jobs API says of finished runs, and
// what the answers to a submission are that depend on its id.
func TestConformanceOfJobs(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	workflow := newUUID()
	color := rand.IntN(1 << 20)
	body := func(nodes string) string {
		color++ // what is cached depends on who else uses the real server
		return fmt.Sprintf(`{"prompt": {"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 2, "color": %d}}, %s},
			"prompt_id": "ID", "client_id": "ID", "extra_data": {"extra_pnginfo": {"workflow": {"id": %q}}, "api_key_comfy_org": "secret"}}`, color, nodes, workflow)
	}
	runs := []struct{ name, body string }{
		{"saved after shown", body(`"7": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
			"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "easel-conformance/` + workflow + `/a"}}`)},
		{"shown", body(`"9": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}`)},
		{"text", body(`"9": {"class_type": "PreviewAny", "inputs": {"source": "` + strings.Repeat("text ", 300) + `"}}`)},
		{"failed", body(`"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "../../x"}}`)},
	}
	for _, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			want, got := theirs.job(t, run.body), ours.job(t, run.body)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-real +emulator):\n%s", diff)
			}
		})
	}
	for _, query := range []string{"", "&sort_order=asc", "&status=failed", "&limit=2&offset=1"} {
		t.Run("list"+query, func(t *testing.T) {
			path := "/api/jobs?workflow_id=" + workflow + query
			want, got := nameless(theirs.decoded(t, path)), nameless(ours.decoded(t, path))
			if diff := cmp.Diff(timeless(want, "ID"), timeless(got, "ID")); diff != "" {
				t.Errorf("(-real +emulator):\n%s", diff)
			}
		})
	}
	for _, id := range []string{`"None"`, `""`, `5`, `"` + strings.ToUpper(newUUID()) + `"`, `"{` + newUUID() + `}"`, `[]`, `false`} {
		t.Run("id "+id, func(t *testing.T) {
			if !strings.HasPrefix(theirs.version(t), "0.3.") { // older servers would run it
				compare2(t, ours, theirs, http.MethodPost, "/prompt", `{"prompt": {}, "prompt_id": `+id+`}`, nil)
			}
		})
	}
}

// job runs a prompt and gives what the jobs API says of it.
func (s side) job(t *testing.T, body string) any {
	t.Helper()
	id := newUUID()
	body = strings.ReplaceAll(body, `"ID"`, `"`+id+`"`)
	a, err := s.ask(t.Context(), http.MethodPost, "/prompt", body, nil)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("submit to %s: %v %v", s.base, a, err)
	}
	for {
		v := s.decoded(t, "/api/jobs/"+id)
		m, _ := v.(map[string]any)
		switch m["status"] {
		case "pending", "in_progress":
			continue
		}
		return timeless(v, id)
	}
}

// nameless takes the ids out of a list of jobs.
func nameless(v any) any {
	answer, _ := v.(map[string]any)
	list, _ := answer["jobs"].([]any)
	for _, job := range list {
		job := job.(map[string]any)
		job["id"] = "ID"
		if failure, ok := job["execution_error"].(map[string]any); ok {
			failure["prompt_id"] = "ID"
		}
	}
	return v
}

// decoded asks for JSON.
func (s side) decoded(t *testing.T, path string) any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var v any
	if res.StatusCode != http.StatusOK { // an older server
		return res.Status
	}
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}
