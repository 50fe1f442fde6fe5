package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInterruptStopsTheRunningJob(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"everything": "", "this job": `{"prompt_id": "job"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{StepTime: time.Hour})
			e := f.listen("c")
			f.submit("job", "c", graph(1, 1))
			e.await("executing", "2")
			if status, got := f.do("POST", "/interrupt", body); status != 200 || got != "" {
				t.Fatalf("interrupt: got %d %s", status, got)
			}
			if got, want := kinds(e.until("job")), "execution_interrupted status(0) executing(<nil>)"; got != want {
				t.Errorf("events: got %s, want %s", got, want)
			}
			status := f.history("job")["status"].(map[string]any)
			if status["status_str"] != "error" || status["completed"] != false {
				t.Errorf("status: got %v", status)
			}
			x := f.server.Executions()
			if len(x) != 1 || x[0].Outcome != OutcomeInterrupted || !cmp.Equal(x[0].Nodes, []string{"1"}) {
				t.Errorf("executions: got %+v", x)
			}
		})
	}
}

func TestInterruptOfAnotherJobDoesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.do("POST", "/interrupt", "") // idle: forgotten before the next job starts
	f.do("POST", "/interrupt", `{"prompt_id": "none"}`)
	f.run("job", graph(1, 1))
	if x := f.server.Executions(); len(x) != 1 || x[0].Outcome != OutcomeSuccess {
		t.Errorf("executions: got %+v", x)
	}
}

func TestInterruptFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{StepTime: time.Hour, Faults: []Fault{{Name: FaultInterruptLate, Count: 1}}})
	e := f.listen("c")
	f.submit("first", "c", graph(1, 1))
	f.submit("second", "c", graph(2, 1))
	e.await("executing", "2")
	f.do("POST", "/interrupt", `{"prompt_id": "first"}`) // strikes the second
	f.do("POST", "/interrupt", `{"prompt_id": "first"}`)
	e.until("first")
	e.until("second")
	var got []string
	for _, x := range f.server.Executions() {
		got = append(got, x.PromptID+" "+x.Outcome)
	}
	if diff := cmp.Diff([]string{"first interrupted", "second interrupted"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f.server.SetFaults(Fault{Name: FaultInterruptLost, Count: 1})
	f.submit("third", "c", graph(3, 1))
	e.await("executing", "2")
	f.do("POST", "/interrupt", "")
	if _, got := f.do("GET", "/queue", ""); !strings.Contains(got, `"third"`) {
		t.Errorf("the interrupt was not lost: %s", got)
	}
	f.do("POST", "/interrupt", "")
	e.until("third")
}

func TestQueueShowsAndDropsWaitingJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{StepTime: time.Hour})
	e := f.listen("c")
	f.submit("running", "c", graph(1, 1))
	e.await("executing", "2")
	body := `{"prompt": ` + graph(2, 1) + `, "prompt_id": "waiting", "extra_data": {"api_key_comfy_org": "secret"}}`
	f.do("POST", "/prompt", body)
	_, got := f.do("GET", "/queue", "")
	for _, want := range []string{`{"queue_running": [[0, "running", {"1"`, `"queue_pending": [[1, "waiting", {"1"`, `"api_key_comfy_org": "secret"`, `["3"]]]}`} {
		if !strings.Contains(got, want) {
			t.Errorf("queue has no %s:\n%s", want, got)
		}
	}
	if _, got := f.do("GET", "/prompt", ""); got != `{"exec_info": {"queue_remaining": 2}}` {
		t.Errorf("remaining: got %s", got)
	}
	f.do("POST", "/queue", `{"delete": ["running", "waiting"]}`)
	if _, got := f.do("GET", "/prompt", ""); got != `{"exec_info": {"queue_remaining": 1}}` {
		t.Errorf("remaining after delete: got %s", got)
	}
	if got := f.history("waiting"); got != nil {
		t.Errorf("a deleted job has a history: %v", got)
	}
}
