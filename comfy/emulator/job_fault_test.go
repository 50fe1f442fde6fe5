package emulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNodeFailures(t *testing.T) {
	t.Parallel()
	broken := func(how string) string {
		return fmt.Sprintf(`{"1": {"class_type": "Broken", "inputs": {"how": %q}}, "2": {"class_type": "Save", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`, how)
	}
	tests := []struct{ name, fault, prompt, typ, message string }{
		{"plain error", "", broken(""), "Exception", "broken\n"},
		{"named error", "", broken("named"), "ValueError", "no such thing\n"},
		{"panic", "", broken("panic"), "RuntimeError", "a panic in a node\n"},
		{"exception", "exception=Sampler", graph(1, 1), "RuntimeError", "a fault of the emulator\n"},
		{"oom", "oom=Sampler:1", graph(1, 1), "torch.OutOfMemoryError", "ran out of memory on your GPU"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			if test.fault != "" {
				f.fault(test.fault)
			}
			list := f.run("job", test.prompt)
			if got := kinds(list[len(list)-3:]); got != "execution_error status(0) executing(<nil>)" {
				t.Errorf("end: got %s", got)
			}
			data := list[len(list)-3].Data
			if data["exception_type"] != test.typ || !strings.Contains(data["exception_message"].(string), test.message) {
				t.Errorf("error: got %v", data)
			}
			if status := f.history("job")["status"].(map[string]any); status["status_str"] != "error" {
				t.Errorf("status: got %v", status)
			}
		})
	}
}

func TestBlockerIsNoFailure(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.fault("blocker=Sampler")
	list := f.run("job", graph(1, 1))
	want := "ps executing(3) execution_error ps execution_success status(0) executing(<nil>)"
	if got := kinds(list); !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
	for _, m := range list {
		if m.Type == "execution_error" && (m.Data["exception_type"] != "ExecutionBlocked" || m.Data["node_id"] != "3" || m.Data["timestamp"] != nil) {
			t.Errorf("event: got %v", m.Data)
		}
	}
	entry := f.history("job")
	if outputs := entry["outputs"].(map[string]any); len(outputs) != 0 || entry["status"].(map[string]any)["status_str"] != "success" {
		t.Errorf("history: got %v", entry)
	}
}

func TestExpansion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.fault("expand=Save")
	got := kinds(f.run("job", graph(1, 1)))
	if want := "ps executing(3) ps executing(3.0.0.1) ps executed(3.0.0.1) ps execution_success"; !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	entry := f.history("job")
	meta := entry["meta"].(map[string]any)["3.0.0.1"]
	want := map[string]any{"node_id": "3.0.0.1", "display_node": "3", "parent_node": "3", "real_node_id": "3"}
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Errorf("meta (-want +got):\n%s", diff)
	}
}

// These shapes pass validation and kill the real server's worker.
func TestZombies(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"node without inputs out of reach":   strings.TrimSuffix(graph(1, 1), "}") + `, "7": {"class_type": "Source"}}`,
		"link nowhere under an unknown name": strings.Replace(graph(1, 1), `"width"`, `"extra": ["99", 0], "width"`, 1),
	}
	for name, prompt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{})
			f.submit("zombie", "c", prompt)
			f.submit("next", "c", graph(2, 1))
			f.eventually(func() bool { return len(f.server.Executions()) > 0 })
			f.do("POST", "/interrupt", "")
			_, queue := f.do("GET", "/queue", "")
			if !strings.Contains(queue, `"queue_running": [[0, "zombie"`) || !strings.Contains(queue, `"queue_pending": [[1, "next"`) {
				t.Errorf("queue: got %s", queue)
			}
			f.server.Restart(false)
			f.run("after", graph(3, 1))
		})
	}
}

func TestJobFaults(t *testing.T) {
	t.Parallel()
	t.Run("zombie", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("zombie=2")
		f.run("one", graph(1, 1))
		f.submit("two", "c", graph(2, 1))
		f.submit("three", "c", graph(3, 1))
		if _, got := f.do("GET", "/prompt", ""); got != `{"exec_info": {"queue_remaining": 2}}` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("vanish", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("vanish=1")
		f.submit("gone", "c", graph(1, 1))
		f.run("kept", graph(2, 1))
		if f.history("gone") != nil || f.server.Executions()[0].Outcome != OutcomeLost {
			t.Errorf("executions: got %+v", f.server.Executions())
		}
	})
	t.Run("forget in the middle of a job", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.run("before", graph(1, 1))
		f.fault("forget=2")
		f.submit("lost", "c", graph(2, 1))
		f.eventually(func() bool { return len(f.server.Executions()) == 2 })
		f.eventually(func() bool { return f.server.live() != nil })
		if f.history("before") != nil || f.history("lost") != nil {
			t.Error("the history is still there")
		}
		f.run("after", graph(3, 1))
		if number := f.history("after")["prompt"].([]any)[0]; number != 0.0 {
			t.Errorf("the counter goes on: %v", number)
		}
	})
	t.Run("history lost", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("history-lost=1")
		f.run("one", graph(1, 1))
		f.run("two", graph(2, 1))
		if f.history("one") != nil || f.history("two") == nil {
			t.Error("the wrong entry is lost")
		}
	})
	t.Run("history late", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("history-delay=1h")
		e := f.listen("c")
		f.submit("job", "c", graph(1, 1))
		e.await("execution_success", "")
		if f.history("job") != nil {
			t.Error("the history is there already")
		}
	})
	t.Run("node errors", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("node-errors-200")
		status, got := f.do("POST", "/prompt", `{"prompt": `+graph(1, 1)+`}`)
		if status != 200 || !strings.Contains(got, `"node_errors": {"3": {"errors": [{"type"`) {
			t.Errorf("got %d %s", status, got)
		}
	})
	t.Run("duplicate ids", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{})
		f.fault("duplicate-ids=reject")
		f.run("job", graph(1, 1))
		status, got := f.do("POST", "/prompt", `{"prompt": `+graph(1, 1)+`, "prompt_id": "job"}`)
		if status != 409 || got != `{"error": "prompt_id already exists"}` {
			t.Errorf("got %d %s", status, got)
		}
	})
}

func TestOutputFaults(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, fault string) (*fixture, map[string]any) {
		t.Helper()
		f := newFixture(t, Options{})
		f.fault(fault)
		f.run("job", graph(1, 1))
		return f, f.history("job")["outputs"].(map[string]any)["3"].(map[string]any)
	}
	first := func(ui map[string]any) map[string]any { return ui["images"].([]any)[0].(map[string]any) }
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		f, _ := run(t, "output-gone")
		if status, _ := f.do("GET", "/view?filename=fox_00001_.png", ""); status != 404 {
			t.Errorf("view: got %d", status)
		}
	})
	t.Run("zero bytes", func(t *testing.T) {
		t.Parallel()
		f, _ := run(t, "zero-bytes")
		if status, got := f.do("GET", "/view?filename=fox_00001_.png", ""); status != 200 || got != "" {
			t.Errorf("view: got %d %q", status, got)
		}
	})
	t.Run("temp only", func(t *testing.T) {
		t.Parallel()
		f, ui := run(t, "temp-only")
		if first(ui)["type"] != "temp" {
			t.Errorf("output: got %v", ui)
		}
		if status, _ := f.do("GET", "/view?filename=fox_00001_.png&type=temp", ""); status != 200 {
			t.Errorf("view: got %d", status)
		}
		f.server.Restart(true)
		if status, _ := f.do("GET", "/view?filename=fox_00001_.png&type=temp", ""); status != 404 {
			t.Errorf("view after a restart: got %d", status)
		}
	})
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		if _, ui := run(t, "text-output"); len(ui) != 1 || len(ui["text"].([]any)) != 1 {
			t.Errorf("output: got %v", ui)
		}
	})
	t.Run("unknown kind", func(t *testing.T) {
		t.Parallel()
		if _, ui := run(t, "unknown-kind"); ui["images"] != nil || len(ui["easel_unknown"].([]any)) != 1 {
			t.Errorf("output: got %v", ui)
		}
	})
	t.Run("many", func(t *testing.T) {
		t.Parallel()
		if _, ui := run(t, "many-outputs=1000"); len(ui["images"].([]any)) != 1000 {
			t.Errorf("output: got %d images", len(ui["images"].([]any)))
		}
	})
}

func TestHostileNamesAreServed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.fault("hostile-names")
	e := f.listen("c")
	client := side{"http://emulator", f.client}
	for i := range 250 {
		id := fmt.Sprint("job", i)
		f.submit(id, "c", graph(i, 1))
		e.until(id)
		item := f.history(id)["outputs"].(map[string]any)["3"].(map[string]any)["images"].([]any)[0].(map[string]any)
		want, wantFolder := hostileName(i)
		if item["filename"] != want || item["subfolder"] != wantFolder {
			t.Fatalf("output %d: got %v", i, item)
		}
		a, err := client.ask(t.Context(), "GET", "/view?"+query(item), "", nil)
		if err != nil || a.Status != 200 {
			t.Errorf("%q: got %v, %v", item, a, err)
		}
	}
}
