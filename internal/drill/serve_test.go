package drill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
	"github.com/seed-7d77cb5c/easel/internal/media"
)

// quick is a registry with one workflow of one short step.
const quick = `{"workflows": {"drill": {"id": "drill", "name": "Drill", "description": "d", "workflow_path": "quick.json",
	"configurable_params": {"prompt": {"type": "string", "default": "a lighthouse"}, "seed": {"type": "int", "default": 7},
		"steps": {"type": "int", "default": 1, "min": 1, "max": 100000}}}}}`

// A serving is one `easel serve` in a process of its own. Each start listens on
// another port of this machine.
type serving struct {
	m    *machine
	args []string
	env  []string
	proc *process
	url  string
	key  string
}

// newServing describes an `easel serve` of the machine; start runs it.
func newServing(m *machine, backend string, args ...string) *serving {
	m.t.Helper()
	m.onPostgres()
	m.write("registry.json", quick)
	m.write("quick.json", strings.Replace(graph, `"steps": 10`, `"steps": 1`, 1))
	return &serving{m: m, env: []string{"EASEL_LEASE=2s", "EASEL_WEBHOOK_DELAY=100ms"}, args: append([]string{
		"serve", "--listen", "127.0.0.1:0", "--registry", "registry.json", "--backend", backend, "--out", m.out, "--workers", "4",
	}, args...)}
}

// onPostgres gives the machine a database of PostgreSQL, where all tests use that.
func (m *machine) onPostgres() {
	m.t.Helper()
	const variable = "EASEL_DATABASE="
	if !jobstest.OnPostgres() || slices.ContainsFunc(m.env, func(v string) bool { return strings.HasPrefix(v, variable) }) {
		return
	}
	m.env = append(m.env, variable+jobstest.Postgres(m.t))
	if exit, _, stderr := m.run("db", "migrate"); exit != 0 {
		m.t.Fatalf("migrate: %d\n%s", exit, stderr)
	}
}

// start runs the process and waits until it is ready; it returns how long that took.
func (s *serving) start(env ...string) time.Duration {
	s.m.t.Helper()
	begun := time.Now()
	s.proc = s.m.start(append(append([]string(nil), s.env...), env...), s.args...)
	s.proc.expect(s.proc.stdout, "\n")
	s.url = strings.TrimSpace(s.proc.stdout.String())
	for time.Since(begun) < patience {
		if status, _ := s.try(http.MethodGet, "/readyz", nil, nil); status == http.StatusOK {
			return time.Since(begun)
		}
	}
	s.m.t.Fatalf("serve was never ready\n%s", s.proc.stderr)
	return 0
}

// try makes a request; status 0 means that no answer came.
func (s *serving) try(method, path string, body any, head http.Header) (int, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var data []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		data = b
	default:
		data, _ = json.Marshal(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil
	}
	for name, values := range head {
		req.Header[name] = values
	}
	if s.key != "" {
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	res, err := plain.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// plain keeps no connection, since its servers die.
var plain = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get reads JSON, and fails the test when that does not work.
func (s *serving) get(path string, into any) {
	s.m.t.Helper()
	status, data := s.try(http.MethodGet, path, nil, nil)
	if status != http.StatusOK {
		s.m.t.Fatalf("GET %s: %d %s\n%s", path, status, data, s.proc.stderr)
	}
	if err := json.Unmarshal(data, into); err != nil {
		s.m.t.Fatalf("GET %s: %v\n%s", path, err, data)
	}
}

// servedJob is a job as the API shows it, as far as drills look.
type servedJob struct {
	ID       string          `json:"id"`
	State    string          `json:"state"`
	Attempt  int             `json:"attempt"`
	Error    json.RawMessage `json:"error"`
	Finished *time.Time      `json:"finished_at"`
	Outputs  []struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
	} `json:"outputs"`
}

func (j servedJob) over() bool {
	return j.State == "succeeded" || j.State == "failed" || j.State == "cancelled"
}

// post asks for one job; "" when no 202 came.
func (s *serving) post(body map[string]any) string {
	if _, ok := body["workflow_id"]; !ok {
		body["workflow_id"] = "drill"
	}
	status, data := s.try(http.MethodPost, "/api/v1/generate", body, nil)
	var j servedJob
	if status != http.StatusAccepted || json.Unmarshal(data, &j) != nil {
		return ""
	}
	return j.ID
}

// load asks for n jobs, several at a time, and returns those that were acknowledged.
func (s *serving) load(n, clients int) []string {
	var mu sync.Mutex
	var acknowledged []string
	var work sync.WaitGroup
	for c := range clients {
		work.Go(func() {
			for i := c; i < n; i += clients {
				if id := s.post(map[string]any{"prompt": "picture " + strconv.Itoa(i), "params": map[string]any{"seed": i}}); id != "" {
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
				}
			}
		})
	}
	work.Wait()
	return acknowledged
}

// jobs reads all jobs.
func (s *serving) jobs() map[string]servedJob {
	s.m.t.Helper()
	all := map[string]servedJob{}
	for cursor := ""; ; {
		var page struct {
			Jobs []servedJob `json:"jobs"`
			Next *string     `json:"next_cursor"`
		}
		s.get("/api/v1/jobs?limit=500&cursor="+url.QueryEscape(cursor), &page)
		for _, j := range page.Jobs {
			all[j.ID] = j
		}
		if page.Next == nil {
			return all
		}
		cursor = *page.Next
	}
}

// settle waits until every job is over, and returns them. A slow queue is waited
// for, but not one in which nothing ends any more.
func (s *serving) settle() map[string]servedJob {
	s.m.t.Helper()
	for open, end := -1, time.Now(); ; {
		var queue struct{ Counts map[string]int }
		s.get("/api/v1/queue", &queue)
		left := queue.Counts["queued"] + queue.Counts["running"]
		switch {
		case left == 0:
			return s.jobs()
		case left != open:
			open, end = left, time.Now().Add(patience)
		case time.Now().After(end):
			s.stuck()
		}
		var page struct{ Jobs []servedJob }
		if s.get("/api/v1/jobs?limit=1&status=queued,running", &page); len(page.Jobs) > 0 {
			s.try(http.MethodGet, "/api/v1/jobs/"+page.Jobs[0].ID+"?wait=2", nil, nil)
		}
	}
}

// stuck fails the test, with some of the jobs that do not end.
func (s *serving) stuck() {
	s.m.t.Helper()
	shown := 0
	for _, j := range s.jobs() {
		if shown < 10 && !j.over() {
			s.m.t.Errorf("job %s is %s after attempt %d: %s", j.ID, j.State, j.Attempt, j.Error)
			shown++
		}
	}
	s.m.t.Fatalf("the queue never ends\n%s", s.proc.stderr)
}

// A serveVerdict compares what a database says with what is stored and with what
// backends executed.
type serveVerdict struct {
	succeeded, failed int
	executed          int
	again             int // runs that were executed more than once, in any life of a backend
}

// audit fails the test unless every acknowledged job is there and over, and its
// results are stored, once each and whole. Files that nothing names are a
// duplicate that was committed.
func (s *serving) audit(acknowledged []string, backend *remote) serveVerdict {
	s.m.t.Helper()
	t, v := s.m.t, serveVerdict{}
	all := s.settle()
	for _, id := range acknowledged {
		if _, ok := all[id]; !ok {
			t.Errorf("job %s was acknowledged and is lost", id)
		}
	}
	named := map[string]string{}
	for id, j := range all {
		switch j.State {
		case "succeeded":
			v.succeeded++
		default:
			v.failed++
			t.Logf("job %s is %s: %s", id, j.State, j.Error)
			continue
		}
		if len(j.Outputs) != 1 {
			t.Errorf("job %s has %d outputs", id, len(j.Outputs))
		}
		for _, o := range j.Outputs {
			if named[o.Path] != "" {
				t.Errorf("%s is of two jobs", o.Path)
			}
			named[o.Path] = o.SHA256
		}
	}
	err := filepath.WalkDir(s.m.out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".easel-") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		check := media.NewChecker()
		_, _ = check.Write(data) // a checker takes everything
		if rep := check.Report(); !rep.Complete {
			t.Errorf("%s is not whole: %s", path, rep.Reason)
		}
		sum, ok := named[path]
		got := sha256.Sum256(data)
		switch {
		case !ok:
			t.Errorf("%s is of no job", path)
		case sum != hex.EncodeToString(got[:]):
			t.Errorf("%s is not what the database says", path)
		}
		delete(named, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range named {
		t.Errorf("%s is lost", path)
	}
	count := map[string]int{}
	for _, l := range backend.read() {
		for _, e := range l.executions {
			if e.Outcome == emulator.OutcomeSuccess {
				v.executed++
				if count[e.PromptID]++; count[e.PromptID] == 2 {
					v.again++
				}
			}
		}
	}
	return v
}

// A cluster is a PostgreSQL of this test alone, which it stops and kills.
type cluster struct {
	t    *testing.T
	bin  string
	dir  string
	port string
	proc *exec.Cmd

	ended chan struct{} // closed when the process is gone
}

// newCluster makes a cluster and starts it; the test is skipped where PostgreSQL
// is not installed.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			found = append(found, p)
		}
	}
	for _, f := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(f), "postgres")); err != nil {
			continue
		}
		c := &cluster{t: t, bin: filepath.Dir(f), port: freePort(t)}
		dir, err := os.MkdirTemp("", "easel-pg-") //nolint:usetesting // a test's own folder is closed to the user of the database
		if err != nil {
			t.Fatal(err)
		}
		c.dir = dir
		t.Cleanup(func() { os.RemoveAll(dir) })
		if out, err := c.command("chown-self").CombinedOutput(); err != nil {
			t.Skipf("no folder for PostgreSQL: %v %s", err, out)
		}
		if out, err := c.command("initdb", "-D", filepath.Join(dir, "data"), "-U", "easel", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
			t.Fatalf("initdb: %v\n%s", err, out)
		}
		c.start()
		t.Cleanup(c.kill)
		return c
	}
	t.Skip("PostgreSQL is not installed")
	return nil
}

// command is a program of PostgreSQL, which does not run as root: then the user
// postgres runs it, whom Debian's package makes.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	root := os.Getuid() == 0
	if name == "chown-self" {
		if !root {
			return exec.Command("true")
		}
		return exec.Command("chown", "postgres", c.dir)
	}
	args = append([]string{filepath.Join(c.bin, name)}, args...)
	if root {
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = c.dir
	return cmd
}

func (c *cluster) start() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ctx.Err() == nil { // as long as children of a killed one hold its memory, it ends at once
		c.proc = c.command("postgres", "-D", filepath.Join(c.dir, "data"), "-p", c.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+c.dir)
		if err := c.proc.Start(); err != nil {
			c.t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = c.proc.Wait() // why it ended is in its log
			close(ended)
		}()
		c.ended = ended
		for alive := true; alive && ctx.Err() == nil; {
			if conn, err := pgx.Connect(ctx, c.address("postgres")); err == nil {
				conn.Close(ctx)
				return
			}
			select {
			case <-ended:
				alive = false
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	c.t.Fatal("PostgreSQL does not start")
}

// kill ends the server as a power cut does.
func (c *cluster) kill() {
	_ = c.proc.Process.Kill()
	<-c.ended
}

func (c *cluster) address(database string) string {
	return "postgres://easel@127.0.0.1:" + c.port + "/" + database + "?sslmode=disable"
}

func freePort(t *testing.T) string {
	t.Helper()
	p, err := chaos.NewProxy("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, port, _ := strings.Cut(p.Addr(), ":")
	return port
}
