package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
)

// tidy ends what the shared client of net/http keeps open, before leaks are
// looked for.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return t.M.Run()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(tidy{m}) }

func TestRestartLosesEverything(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{StepTime: time.Hour})
	e := f.listen("c")
	f.submit("running", "c", graph(1, 1))
	f.submit("waiting", "c", graph(2, 1))
	e.await("executing", "2")
	f.server.Restart(false)
	var err error
	for err == nil {
		_, _, err = e.conn.Read(t.Context())
	}
	if websocket.CloseStatus(err) != -1 {
		t.Errorf("the socket ended with %v", err)
	}
	if _, got := f.do("GET", "/queue", ""); got != `{"queue_running": [], "queue_pending": []}` {
		t.Errorf("queue: got %s", got)
	}
	if _, got := f.do("GET", "/history", ""); got != "{}" {
		t.Errorf("history: got %s", got)
	}
	if x := f.server.Executions(); len(x) != 1 || x[0].Outcome != OutcomeLost {
		t.Errorf("executions: got %+v", x)
	}
}

func TestRestartThatKeepsTheHistory(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.run("job", graph(1, 1))
	f.server.Restart(true)
	if f.history("job") == nil {
		t.Error("the history is gone")
	}
}

func TestKilledServerRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.run("job", graph(1, 1))
	f.server.Kill()
	f.server.Kill() // again is no harm
	if _, _, err := f.try("GET", "/prompt", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
	f.server.Restart(false)
	if status, _ := f.do("GET", "/prompt", ""); status != 200 {
		t.Errorf("after the restart: got %d", status)
	}
}

func TestClosedServerStaysDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	if err := f.server.Close(); err != nil {
		t.Fatal(err)
	}
	f.server.Restart(false)
	if _, _, err := f.try("GET", "/prompt", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

func TestClientReachesNoOtherHost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.fault("redirect=any:http://127.0.0.1:9/")
	if res, err := f.client.Get("http://emulator/prompt"); err == nil {
		_ = res.Body.Close()
		t.Error("the redirect was followed to another host")
	}
}

func TestServerBehindARealListener(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	web := httptest.NewServer(f.server)
	defer web.Close()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(web.URL, "http", "ws", 1)+"/ws?clientId=c", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	e := &ear{T: t, conn: conn}
	e.next()
	f.submit("job", "c", graph(1, 1))
	e.until("job")
	f.server.Kill()
	if res, err := http.Get(web.URL + "/prompt"); err == nil {
		_ = res.Body.Close()
		t.Errorf("a killed server answered %d", res.StatusCode)
	}
}

func TestOriginIsChecked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host, origin string
		want         bool // refused
	}{
		{"127.0.0.1:8188", "", false},
		{"127.0.0.1:8188", "http://evil.example", true},
		{"127.0.0.1:8188", "http://127.0.0.1:8188", false},
		{"127.0.0.1:8188", "http://127.0.0.1:9", true},
		{"127.0.0.1:8188", "http://127.0.0.1", false},
		{"127.0.0.1", "http://127.0.0.1:8188", false},
		{"localhost:8188", "http://127.0.0.1:8188", true},
		{"[::1]:8188", "http://[::1]:8188", false},
		{"studio:8188", "http://evil.example", false},
		{"127.0.0.1:8188", "null", false},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "/prompt", nil)
		r.Host = test.host
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		if got := foreignOrigin(r); got != test.want {
			t.Errorf("Host %s, Origin %s: got %v", test.host, test.origin, got)
		}
	}
}

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	seen := make(chan Request, 4)
	f := newFixture(t, Options{OnRequest: func(r Request) { seen <- r }})
	f.do("GET", "/api/prompt?x=1", "")
	r := <-seen
	r.Time, r.Duration = time.Time{}, 0
	want := Request{Method: "GET", Path: "/api/prompt", Query: "x=1", Status: 200, Bytes: 37, Client: "emulator"}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f.do("GET", "/nope", "")
	if r := <-seen; r.Status != 404 {
		t.Errorf("got %+v", r)
	}
}

func TestHistoryWindows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{HistoryCap: 3})
	for i := range 6 {
		f.run(fmt.Sprint("job", i), graph(i, 1))
	}
	tests := map[string][]string{
		"":                      {"job2", "job3", "job4", "job5"}, // one more than the limit
		"?max_items=2":          {"job4", "job5"},
		"?offset=1":             {"job3", "job4", "job5"},
		"?max_items=2&offset=0": {"job2", "job3"},
		"?max_items=99":         {"job2", "job3", "job4", "job5"},
		"?offset=99":            nil,
		"?max_items=0":          nil,
	}
	for query, want := range tests {
		_, got := f.do("GET", "/history"+query, "")
		var ids []string
		for i := range 6 {
			if strings.Contains(got, fmt.Sprintf(`"job%d": {"prompt"`, i)) {
				ids = append(ids, fmt.Sprint("job", i))
			}
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	f.do("POST", "/history", `{"delete": ["job3", "none"]}`)
	if f.history("job3") != nil || f.history("job4") == nil {
		t.Error("the wrong entry was deleted")
	}
	f.do("POST", "/history", `{"clear": true}`)
	if _, got := f.do("GET", "/history", ""); got != "{}" {
		t.Errorf("after clear: got %s", got)
	}
}

// An hour of sampling takes no time on a fake clock.
func TestStepTimeAndModelLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Options{StepTime: time.Minute, ModelLoad: time.Hour})
		start := time.Now()
		e := f.listen("c")
		e.patience = 10 * time.Hour
		f.submit("first", "c", graph(1, 10))
		f.submit("second", "c", graph(2, 20))
		e.until("second")
		if got, want := time.Since(start), time.Hour+30*time.Minute; got != want {
			t.Errorf("two runs took %v, want %v", got, want)
		}
		if err := f.server.Close(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	classes := testClasses()
	s := newServer(Options{StepTime: -1}, func() []*nodes.Class { return classes }, func(name string) *nodes.Class {
		for _, c := range classes {
			if c.Name == name {
				return c
			}
		}
		return nil
	})
	defer func() { _ = s.Close() }()
	client := s.Client()
	conn, _, err := websocket.Dial(b.Context(), "ws://emulator/ws?clientId=c", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for i := 0; b.Loop(); i++ {
		body := fmt.Sprintf(`{"prompt": %s, "prompt_id": "job%d", "client_id": "c"}`, graph(i, 10), i)
		res, err := client.Post("http://emulator/prompt", "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
		for {
			_, data, err := conn.Read(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if strings.Contains(string(data), `"executing", "data": {"node": null`) {
				break
			}
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		s := New(Options{})
		s.Client()
		_ = s.Close()
	}
}
