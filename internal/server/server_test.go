package server

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func TestTheOwnersCalls(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	var entry struct {
		ID      string                     `json:"id"`
		Params  json.RawMessage            `json:"configurable_params"`
		Example map[string]json.RawMessage `json:"example_payload"`
	}
	h.want(200, h.ask("GET", "/api/v1/workflows/qwen_single", "")).into(t, &entry)
	if entry.ID != "qwen_single" || !strings.HasPrefix(string(entry.Params), `{"steps":{"type":"int","min":1,"max":50,"default":20`) {
		t.Errorf("the entry is %+v", entry)
	}
	h.upload("input.jpg")
	entry.Example["workflow_id"] = json.RawMessage(`"qwen_single"`)
	body, err := json.Marshal(entry.Example)
	if err != nil {
		t.Fatal(err)
	}
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", string(body))).into(t, &job)
	if job.State != jobs.Queued && job.State != jobs.Running {
		t.Errorf("the accepted job is %s", job.State)
	}
	h.want(200, h.ask("GET", "/api/v1/status/"+job.ID+"?wait=60", "")).into(t, &job)
	if job.State != jobs.Succeeded || len(job.Outputs) != 1 || job.Seed == nil || *job.Character != "milan" || job.Finished == nil {
		t.Fatalf("the job is %+v", job)
	}
	out := h.want(200, h.ask("GET", job.Outputs[0].URL, ""))
	if _, err := png.Decode(bytes.NewReader(out.body)); err != nil {
		t.Errorf("the content: %v", err)
	}
	if got := out.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox") {
		t.Errorf("the content is served with the policy %q", got)
	}
	small := h.want(200, h.ask("GET", *job.Outputs[0].Thumbnail, ""))
	if c, kind, err := image.DecodeConfig(bytes.NewReader(small.body)); err != nil || kind != "jpeg" || c.Width > 256 {
		t.Errorf("the thumbnail is %s %+v, %v", kind, c, err)
	}
	part := h.want(206, h.ask("GET", job.Outputs[0].URL, "", "Range", "bytes=1-3"))
	if string(part.body) != "PNG" {
		t.Errorf("a range is %q", part.body)
	}
	if r := h.ask("DELETE", "/api/v1/jobs/"+job.ID, ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("deleting the job: %d", r.StatusCode)
	}
	if left, err := os.ReadDir(h.out); err != nil || len(left) != 0 {
		t.Errorf("deleting the job left %v, %v", left, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	for name, c := range map[string]struct {
		path, body string
		status     int
		detail     string
		fields     []fieldError
	}{
		"unknown workflow": {"generate", `{"workflow_id":"flux_sngle"}`, 404, "Workflow not found", []fieldError{{Field: "workflow_id", Message: `unknown workflow "flux_sngle"`, Nearest: []string{"flux_single"}}}},
		"no workflow":      {"generate", `{"prompt":"x"}`, 400, "workflow_id is required", []fieldError{{Field: "workflow_id", Message: "workflow_id is required"}}},
		"below minimum":    {"generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":0}}`, 400, "Parameter 'steps' below minimum 1", []fieldError{{Field: "steps", Message: "Parameter 'steps' below minimum 1", Allowed: "1 to 100"}}},
		"unknown character": {
			"generate", `{"workflow_id":"flux_single","prompt":"x","character_id":"milam"}`, 400, "Character not found",
			[]fieldError{{Field: "character_id", Message: `unknown character "milam"`, Nearest: []string{"milan"}}},
		},
		"no such file": {
			"generate", `{"workflow_id":"qwen_single","prompt":"x","input_image":"../../etc/passwd"}`, 400, `there is no file "../../etc/passwd"`,
			[]fieldError{{Field: "input_image", Message: `there is no file "../../etc/passwd"`}},
		},
		"no batch workflow": {"generate/batch", `{"workflow_id":"flux_single","prompt":"x","input_images":["a","b"]}`, 400, "", nil},
		"an item": {
			"generate/batch", `{"workflow_id":"flux_single","items":[{"prompt":"a"},{"prompt":"b","params":{"steps":"many"}}]}`, 400, "Parameter 'steps' must be int",
			[]fieldError{{Field: "items[1].steps", Message: "Parameter 'steps' must be int", Allowed: "1 to 100"}},
		},
		"two runs in one": {"generate/single", `{"workflow_id":"flux_single","prompt":"x","count":2}`, 400, "one run is made here, and this asks for 2", []fieldError{{Field: "count", Message: "one run is made here, and this asks for 2"}}},
		"a sweep in one":  {"generate/single", `{"workflow_id":"flux_single","prompt":"x","sweep":{"steps":"1..3"}}`, 400, "one run is made here, and this asks for 3", nil},
		"cut off":         {"generate", `{"workflow_id":`, 400, "", nil},
		"no object":       {"generate", `[1]`, 400, "", nil},
		"deep":            {"generate", strings.Repeat("[", 100_000), 400, "", nil},
		"a user in a URL": {"generate", `{"workflow_id":"qwen_single","prompt":"x","input_image":"https://me:pw@example.org/x.png"}`, 400, "the address cannot be used", []fieldError{{Field: "input_image", Message: "the address cannot be used"}}},
		"a file address":  {"generate", `{"workflow_id":"flux_single","prompt":"x","webhook":"file:///etc/passwd"}`, 400, "webhook is an https address", []fieldError{{Field: "webhook", Message: "webhook is an https address"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.ask("POST", "/api/v1/"+c.path, c.body)
			var e statusError
			r.into(t, &e)
			if r.StatusCode != c.status || e.Status != c.status || r.Header.Get("Content-Type") != "application/problem+json" || e.Code == "" {
				t.Errorf("%d %s", r.StatusCode, r.body)
			}
			if c.detail != "" && e.Detail != c.detail {
				t.Errorf("the detail is %q", e.Detail)
			}
			if c.fields != nil {
				if diff := cmp.Diff(c.fields, e.Errors); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if counts, err := h.db.Counts(t.Context()); err != nil || counts[jobs.Queued] != 0 {
		t.Errorf("a refused request left %v, %v", counts, err)
	}
}

// TestRefusedParametersAdvise: in terms of the API, not of the command line.
func TestRefusedParametersAdvise(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	const listed = "GET /api/v1/workflows/flux_single lists the parameters"
	for params, want := range map[string]string{
		`{"stesp":4}`:         "did you mean steps?",
		`{"wobble":4}`:        listed,
		`{"steps":0}`:         listed,
		`{"stesp":4,"cfg":0}`: listed,
	} {
		var e statusError
		h.want(400, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":`+params+`}`)).into(t, &e)
		if e.Hint != want {
			t.Errorf("%s: %q", params, e.Hint)
		}
	}
}

func TestLargeAndWaiting(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{limits: Limits{Upload: 1000, Body: 2000, Waiting: 2, Batch: 5}})
	h.want(413, h.ask("POST", "/api/v1/files?name=x", strings.Repeat("x", 5000), "Content-Type", "application/octet-stream"))
	h.want(400, h.ask("POST", "/api/v1/files?name=x", "", "Content-Type", "application/octet-stream"))
	h.want(413, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"`+strings.Repeat("x", 5000)+`"}`))
	h.want(400, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":6}`))
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":2}`))
	r := h.want(429, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`))
	if r.Header.Get("Retry-After") == "" {
		t.Error("a full queue does not say when to come back")
	}
}
