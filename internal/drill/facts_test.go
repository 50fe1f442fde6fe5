package drill

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// What a good run asks of a server (facts F8, F9, F11 and F14 of
// docs/reliability.md): the socket, the graph, the history, the file, in this
// order; neither the queue with everybody's graphs nor the definitions of all
// nodes. Its files are in a folder of their own, and it carries no key.
func TestQuietRun(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t, "COMFY_API_KEY=canary-key")
	p := m.generate(nil, srv.url())
	if exit := p.wait(); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, p.stderr)
	}
	rec, err := m.history().Get(ledger.Last)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, q := range srv.read()[0].requests {
		path, _, _ := strings.Cut(strings.TrimPrefix(q.Path, "/api/"), "/")
		asked = append(asked, q.Method+" "+path)
	}
	asked = slices.DeleteFunc(asked, func(s string) bool { return s == "GET ws" }) // logged when it ends
	if !slices.Equal(asked, []string{"POST prompt", "GET history", "GET view"}) {
		t.Errorf("asked %v", asked)
	}
	resp, err := http.Get(srv.url() + "/history/" + rec.PromptID)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	entry, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(entry), `"easel/`+rec.ID+`/`) {
		t.Errorf("its files are not in a folder of their own:\n%s", entry)
	}
	if strings.Contains(string(entry), "canary-key") {
		t.Error("a key of another service was attached to the run")
	}
}

// Fact F3: the same graph again computes nothing, and still leaves a file of its
// own, and says so.
func TestSameGraphTwice(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	for n := range 2 {
		p := m.generate(nil, srv.url(), "--json", "--seed", "7") // without one, each run draws its own
		if exit := p.wait(); exit != 0 {
			t.Fatalf("run %d: exit %d\n%s", n+1, exit, p.stderr)
		}
		if cached := strings.Contains(p.stdout.String(), `"cached":true`); cached != (n == 1) {
			t.Errorf("run %d says cached=%v", n+1, cached)
		}
	}
	v := m.audit(srv.read())
	v.sound(t)
	if v.complete != 2 {
		t.Errorf("%+v", v)
	}
}
