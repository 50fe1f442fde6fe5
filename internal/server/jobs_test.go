package server

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func TestBatches(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"flux_single","params":{"steps":2},"items":[{"prompt":"a"},{"prompt":"b","count":2}]}`)).into(t, &b)
	if b.Total != 3 || len(b.Jobs) != 3 {
		t.Fatalf("the batch is %+v", b)
	}
	for _, id := range b.Jobs {
		h.want(200, h.ask("GET", "/api/v1/jobs/"+id+"?wait=60", ""))
	}
	b.States = nil
	h.want(200, h.ask("GET", "/api/v1/batches/"+b.ID, "")).into(t, &b)
	if diff := cmp.Diff(map[jobs.State]int64{jobs.Succeeded: 3}, b.States); diff != "" {
		t.Error(diff)
	}
	var list struct {
		Jobs       []jobView `json:"jobs"`
		NextCursor *string   `json:"next_cursor"`
	}
	h.want(200, h.ask("GET", "/api/v1/jobs?batch="+b.ID+"&limit=2&status=succeeded", "")).into(t, &list)
	if len(list.Jobs) != 2 || list.NextCursor == nil || list.Jobs[0].ID != b.Jobs[2] {
		t.Fatalf("the first page is %+v", list)
	}
	h.want(200, h.ask("GET", "/api/v1/jobs?batch="+b.ID+"&limit=2&cursor="+*list.NextCursor, "")).into(t, &list)
	if len(list.Jobs) != 1 || list.NextCursor != nil || list.Jobs[0].ID != b.Jobs[0] {
		t.Fatalf("the last page is %+v", list)
	}
}

// P-N7: jobs run on all backends of a pool; one that is dead, wants a login or refuses
// the graph costs no job and is no other's matter.
func TestPoolOfBackends(t *testing.T) {
	t.Parallel()
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }))
	t.Cleanup(login.Close)
	strict := emulator.New(emulator.Options{StrictModels: true})
	other := httptest.NewServer(strict)
	t.Cleanup(func() { other.CloseClientConnections(); other.Close(); strict.Close() })
	h := build(t, houseOptions{workers: 3, pool: []string{"http://127.0.0.1:1", login.URL, other.URL}})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"flux_single","params":{"steps":2},"items":[{"prompt":"a","count":6}]}`)).into(t, &b)
	if b.Total != 6 {
		t.Fatalf("the batch is %+v", b)
	}
	for _, id := range b.Jobs {
		h.want(200, h.ask("GET", "/api/v1/jobs/"+id+"?wait=60", ""))
	}
	b.States = nil
	h.want(200, h.ask("GET", "/api/v1/batches/"+b.ID, "")).into(t, &b)
	if diff := cmp.Diff(map[jobs.State]int64{jobs.Succeeded: 6}, b.States); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameRequestTwice(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	body := `{"workflow_id":"flux_single","prompt":"x"}`
	var ids sync.Map
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			r := h.ask("POST", "/api/v1/generate", body, "Idempotency-Key", "one")
			var job jobView
			if r.StatusCode != http.StatusAccepted || json.Unmarshal(r.body, &job) != nil {
				t.Errorf("%d %s", r.StatusCode, r.body)
			}
			ids.Store(job.ID, true)
		})
	}
	calls.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d jobs were made", n)
	}
	h.want(422, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"y"}`, "Idempotency-Key", "one"))
}

func TestWatchingAJob(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "20ms"})
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":4}}`)).into(t, &job)
	res, err := http.Get(h.url + job.Links.Events)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var events []string
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() { // the stream ends with the job
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			events = append(events, name)
		}
	}
	if len(events) == 0 || events[0] != "snapshot" || events[len(events)-1] != "state" || !slices.Contains(events, "progress") || !slices.Contains(events, "preview") {
		t.Errorf("the events are %v", events)
	}
	h.want(200, h.ask("GET", "/api/v1/jobs/"+job.ID, "")).into(t, &job)
	if job.State != jobs.Succeeded {
		t.Errorf("the stream ended with the job %s", job.State)
	}
}

func TestCancelRetryPause(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "50ms"})
	var first, second jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":100}}`)).into(t, &first)
	h.want(200, h.ask("POST", "/api/v1/queue/pause", ""))
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"y","params":{"steps":1}}`)).into(t, &second)
	h.want(200, h.ask("POST", "/api/v1/jobs/"+first.ID+"/cancel", ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+first.ID+"?wait=30", "")).into(t, &first)
	if first.State != jobs.Cancelled {
		t.Fatalf("the cancelled job is %s: %s", first.State, first.Error)
	}
	h.want(409, h.ask("POST", "/api/v1/jobs/"+first.ID+"/cancel", ""))
	h.want(409, h.ask("DELETE", "/api/v1/jobs/"+second.ID, ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+second.ID, "")).into(t, &second)
	if second.State != jobs.Queued {
		t.Errorf("a paused queue let a job be %s", second.State)
	}
	h.want(200, h.ask("POST", "/api/v1/queue/resume", ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+second.ID+"?wait=30", "")).into(t, &second)
	if second.State != jobs.Succeeded {
		t.Errorf("after the pause the job is %s: %s", second.State, second.Error)
	}
}

// A batch is answered as one also when it has one job.
func TestABatchOfOne(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"flux_single","prompt":"a","count":1}`)).into(t, &b)
	if b.Total != 1 || len(b.Jobs) != 1 {
		t.Errorf("the batch is %+v", b)
	}
}

// TestParametersOfAJob: a job says what it was made with, which is more than its
// request says.
func TestParametersOfAJob(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "20ms"})
	var j jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","character_id":"milan","prompt":"in the rain","params":{"steps":2}}`)).into(t, &j)
	h.want(200, h.ask("GET", "/api/v1/jobs/"+j.ID+"?wait=60", "")).into(t, &j)
	var made map[string]any
	if err := json.Unmarshal(j.Parameters.RawMessage, &made); err != nil {
		t.Fatalf("the parameters are %s", j.Parameters.RawMessage)
	}
	if prompt, _ := made["prompt"].(string); !strings.HasPrefix(prompt, "milan") || !strings.Contains(prompt, "in the rain") {
		t.Errorf("the prompt is %v: not that of the character", made["prompt"])
	}
	if made["steps"] != 2.0 || made["guidance"] == nil || j.Seed == nil || made["seed"] != *j.Seed {
		t.Errorf("of a job with seed %v the parameters are %v", j.Seed, made)
	}

	// One that runs has them from its ticket, and large integers stay exact.
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":100,"seed":"18446744073709551615"}}`)).into(t, &j)
	if string(j.Parameters.RawMessage) != "null" {
		t.Errorf("a job that waits has the parameters %s", j.Parameters.RawMessage)
	}
	id := j.ID
	watch := h.db.Watch(func(e jobs.Event) bool { return e.Job == id && e.Type == jobs.EventProgress })
	defer watch.Close()
	h.want(200, h.ask("GET", "/api/v1/jobs/"+id, "")).into(t, &j)
	for j.State != jobs.Running || j.Seed == nil {
		select {
		case <-watch.C:
		case <-t.Context().Done():
			t.Fatal("the job never runs")
		}
		h.want(200, h.ask("GET", "/api/v1/jobs/"+j.ID, "")).into(t, &j)
	}
	if !strings.Contains(string(j.Parameters.RawMessage), `"seed":"18446744073709551615"`) {
		t.Errorf("a job that runs has the parameters %s", j.Parameters.RawMessage)
	}
	h.want(200, h.ask("POST", "/api/v1/jobs/"+j.ID+"/cancel", ""))
}
