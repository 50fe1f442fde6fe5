package drill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// onEach runs a drill on SQLite, and on PostgreSQL where there is one.
func onEach(t *testing.T, f func(t *testing.T, database func(m *machine) string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, func(m *machine) string { return "sqlite:" + m.dir + "/serve.db" })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, func(m *machine) string {
			address := jobstest.Postgres(t)
			if exit, _, stderr := m.run("db", "migrate", "--database", address); exit != 0 {
				t.Fatalf("migrate: %d\n%s", exit, stderr)
			}
			return address
		})
	})
}

// P-S1: what was acknowledged is never lost: clients go on asking while the server
// is killed at random moments; in the end each 202 is a job that is done, its
// result stored once, and while the backend lives nothing is executed twice.
func TestPS1Killed(t *testing.T) {
	t.Parallel()
	queued, kills := 60, 4
	if long {
		queued, kills = 1000, 20
	}
	onEach(t, func(t *testing.T, database func(m *machine) string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		rnd := rand.New(rand.NewPCG(seed, 0))
		srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
		s := newServing(m, srv.url(), "--database", database(m))
		s.start()
		acknowledged := s.load(queued, 8)
		if len(acknowledged) != queued {
			t.Errorf("%d of %d jobs were accepted", len(acknowledged), queued)
		}
		var slowest time.Duration
		for range kills {
			more := make(chan []string, 1)
			go func() { more <- s.load(20, 4) }()
			select { // the moment itself is the fault
			case <-time.After(time.Duration(rnd.Int64N(int64(time.Second)))):
			case <-s.proc.done:
			}
			s.proc.kill()
			acknowledged = append(acknowledged, <-more...)
			slowest = max(slowest, s.start())
		}
		v := s.audit(acknowledged, srv)
		if v.failed > 0 || v.again > 0 || v.succeeded < len(acknowledged) {
			t.Errorf("%+v of %d acknowledged", v, len(acknowledged))
		}
		// A kill between the submission and its note leaves a run that is looked up by
		// its id, so that executions are no more than jobs.
		if v.executed > v.succeeded {
			t.Errorf("%d executions of %d jobs", v.executed, v.succeeded)
		}
		t.Logf("%d acknowledged, %d kills: %+v; ready again within %s", len(acknowledged), kills, v, slowest.Round(time.Millisecond))
	})
}

// P-S2: SIGTERM lets running jobs end, begins none, and exits with 0; a run that
// takes longer than the grace is handed back, and collected by the next process.
func TestPS2Stopped(t *testing.T) {
	t.Parallel()
	for _, grace := range []string{"30s", "200ms"} {
		t.Run("grace "+grace, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t, "--step-time", "20ms"), newMachine(t)
			s := newServing(m, srv.url(), "--grace", grace)
			s.start()
			var acknowledged []string
			for i := range 12 {
				acknowledged = append(acknowledged, s.post(map[string]any{"params": map[string]any{"steps": 40, "seed": i}}))
			}
			for { // until one runs
				var page struct{ Jobs []servedJob }
				if s.get("/api/v1/jobs?status=running", &page); len(page.Jobs) > 0 {
					break
				}
			}
			s.proc.signal(syscall.SIGTERM)
			if exit := s.proc.wait(); exit != 0 {
				t.Errorf("exit %d\n%s", exit, s.proc.stderr)
			}
			s.start()
			before := s.jobs()
			ended := 0
			for _, j := range before {
				if j.over() {
					ended++
				}
			}
			if ended == len(acknowledged) {
				t.Error("the process worked everything off before it ended")
			}
			v := s.audit(acknowledged, srv)
			if v.failed > 0 || v.succeeded != len(acknowledged) || v.executed != len(acknowledged) {
				t.Errorf("%+v of %d", v, len(acknowledged))
			}
		})
	}
}

// P-S3: the same call with the same Idempotency-Key makes one job, also when the
// process died between writing it down and saying so; another body is refused.
func TestPS3SameCallTwice(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	s := newServing(m, srv.url())
	s.start("EASEL_CRASH_AT=queued")
	head := http.Header{"Idempotency-Key": {"one"}}
	body := map[string]any{"workflow_id": "drill", "prompt": "once"}
	if status, answer := s.try(http.MethodPost, "/api/v1/generate", body, head); status != 0 {
		t.Fatalf("the process lives: %d %s", status, answer)
	}
	s.proc.wait()
	s.start()
	if n := len(s.jobs()); n != 1 {
		t.Fatalf("%d jobs are written down", n)
	}
	var mu sync.Mutex
	ids := map[string]bool{}
	var work sync.WaitGroup
	for range 50 {
		work.Go(func() {
			status, answer := s.try(http.MethodPost, "/api/v1/generate", body, head)
			var j servedJob
			if err := json.Unmarshal(answer, &j); err != nil || status != http.StatusAccepted {
				t.Errorf("%d %s", status, answer)
			}
			mu.Lock()
			ids[j.ID] = true
			mu.Unlock()
		})
	}
	work.Wait()
	if n := len(s.jobs()); n != 1 || len(ids) != 1 {
		t.Errorf("%d jobs of one call, and answers with %d ids", n, len(ids))
	}
	if status, answer := s.try(http.MethodPost, "/api/v1/generate", map[string]any{"workflow_id": "drill", "prompt": "twice"}, head); status != http.StatusUnprocessableEntity {
		t.Errorf("another body: %d %s", status, answer)
	}
	if v := s.audit(nil, srv); v.succeeded != 1 || v.executed != 1 {
		t.Errorf("%+v", v)
	}
}

// P-S4: two servers on one PostgreSQL. One is frozen for longer than its lease,
// the other takes its jobs over; woken, the first one's word does not count. Then
// one is killed. Each job is committed once.
func TestPS4FrozenAndWoken(t *testing.T) {
	t.Parallel()
	jobs, rounds := 60, 2
	if long {
		jobs, rounds = 1000, 10
	}
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	address := jobstest.Postgres(t)
	if exit, _, stderr := m.run("db", "migrate", "--database", address); exit != 0 {
		t.Fatalf("migrate: %d\n%s", exit, stderr)
	}
	a, b := newServing(m, srv.url(), "--database", address), newServing(m, srv.url(), "--database", address)
	a.start()
	b.start()
	acknowledged := append(a.load(jobs/2, 4), b.load(jobs/2, 4)...)
	for range rounds {
		acknowledged = append(acknowledged, a.freezeAtWork(b)...)
		more := b.load(10, 2)
		acknowledged = append(acknowledged, more...)
		begun := time.Now()
		for _, id := range more { // while the other sleeps they are done
			b.try(http.MethodGet, "/api/v1/jobs/"+id+"?wait=60", nil, nil)
		}
		held := a.held(b)
		for end := time.Now().Add(patience); len(held) > 0 && time.Now().Before(end); held = a.held(b) {
			b.try(http.MethodGet, "/api/v1/jobs/"+held[0]+"?wait=1", nil, nil)
		}
		if len(held) > 0 {
			t.Errorf("%d jobs are still those of the process that sleeps\n%s", len(held), b.proc.stderr)
		}
		t.Logf("taken over and done %s after the freeze", time.Since(begun).Round(time.Millisecond))
		a.proc.signal(syscall.SIGCONT)
		acknowledged = append(acknowledged, a.load(10, 2)...)
	}
	acknowledged = append(acknowledged, a.load(40, 4)...)
	a.proc.kill()
	v := b.audit(acknowledged, srv)
	if v.failed > 0 || v.succeeded != len(acknowledged) {
		t.Errorf("%+v of %d acknowledged", v, len(acknowledged))
	}
	t.Logf("%d acknowledged: %+v", len(acknowledged), v)
}

// freezeAtWork stops a process in the middle of jobs, which it returns: b tells
// when there are some.
func (s *serving) freezeAtWork(b *serving) (acknowledged []string) {
	s.m.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		acknowledged = append(acknowledged, s.load(8, 8)...)
		s.proc.signal(syscall.SIGSTOP)
		if len(s.held(b)) > 0 {
			return acknowledged
		}
		s.proc.signal(syscall.SIGCONT)
	}
	s.m.t.Fatal("the process never had a job")
	return nil
}

// held are the jobs that run now, by the word of b: while s sleeps and b has been
// given nothing, they are those of s.
func (s *serving) held(b *serving) []string {
	var page struct{ Jobs []servedJob }
	b.get("/api/v1/jobs?status=running&limit=100", &page)
	var ids []string
	for _, j := range page.Jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

// P-S5: PostgreSQL is killed and comes back, and connections are cut. Clients get
// 503 with Retry-After and never 500, nothing that was acknowledged is lost, and
// it goes on within seconds.
func TestPS5DatabaseGone(t *testing.T) {
	t.Parallel()
	outages, perOutage := 2, 20
	if long {
		outages, perOutage = 10, 60
	}
	db := newCluster(t)
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	proxy := throughProxy(t, "127.0.0.1:"+db.port)
	address := strings.Replace(db.address("postgres"), "127.0.0.1:"+db.port, proxy.Addr(), 1)
	if exit, _, stderr := m.run("db", "migrate", "--database", address); exit != 0 {
		t.Fatalf("migrate: %d\n%s", exit, stderr)
	}
	s := newServing(m, srv.url(), "--database", address)
	s.start()
	var acknowledged []string
	var slowest time.Duration
	for range outages {
		acknowledged = append(acknowledged, s.load(perOutage, 4)...)
		proxy.Reset() // mid-transaction
		acknowledged = append(acknowledged, s.load(perOutage, 4)...)
		more := make(chan []string, 1)
		go func() { more <- s.load(perOutage, 4) }()
		db.kill()
		acknowledged = append(acknowledged, <-more...)
		status, head := s.head("/api/v1/jobs")
		if status != http.StatusServiceUnavailable || head.Get("Retry-After") == "" {
			t.Errorf("without the database: %d, Retry-After %q", status, head.Get("Retry-After"))
		}
		if status, _ := s.try(http.MethodGet, "/readyz", nil, nil); status != http.StatusServiceUnavailable {
			t.Errorf("without the database it is ready: %d", status)
		}
		db.start()
		back := time.Now()
		for id := ""; id == "" && time.Since(back) < patience; {
			if id = s.post(map[string]any{"prompt": "again"}); id != "" {
				acknowledged = append(acknowledged, id)
			}
		}
		slowest = max(slowest, time.Since(back))
	}
	v := s.audit(acknowledged, srv)
	if v.failed > 0 || v.succeeded < len(acknowledged) || v.executed > v.succeeded {
		t.Errorf("%+v of %d acknowledged", v, len(acknowledged))
	}
	if bytes.Contains([]byte(s.proc.stderr.String()), []byte("status=500")) {
		t.Error("a request was answered with 500")
	}
	t.Logf("%d acknowledged, %d outages: %+v; accepted again within %s", len(acknowledged), outages, v, slowest.Round(time.Millisecond))
}

// head makes a request and returns the headers of its answer.
func (s *serving) head(path string) (int, http.Header) {
	res, err := plain.Get(s.url + path)
	if err != nil {
		return 0, nil
	}
	res.Body.Close()
	return res.StatusCode, res.Header
}

// P-S6: one SQLite file under 64 clients, a reader that pages through everything
// and a backup: nobody is told that it is locked.
func TestPS6NeverLocked(t *testing.T) {
	t.Parallel()
	perWriter := 3
	if long {
		perWriter = 40
	}
	srv, m := newRemote(t, "--step-time", "2ms"), newMachine(t)
	s := newServing(m, srv.url())
	s.start()
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.jobs()
			}
		}
	})
	beside.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				if exit, _, stderr := m.run("db", "export", fmt.Sprintf("backup-%d.jsonl", n)); exit != 0 {
					t.Errorf("backup: exit %d\n%s", exit, stderr)
				}
			}
		}
	})
	var mu sync.Mutex
	var took []time.Duration
	var work sync.WaitGroup
	for w := range 64 {
		work.Go(func() {
			for i := range perWriter {
				begun := time.Now()
				status, answer := s.try(http.MethodPost, "/api/v1/generate", map[string]any{"workflow_id": "drill", "params": map[string]any{"seed": w*1000 + i}}, nil)
				if status != http.StatusAccepted {
					t.Errorf("%d %s", status, answer)
				}
				mu.Lock()
				took = append(took, time.Since(begun))
				mu.Unlock()
			}
		})
	}
	work.Wait()
	close(stop)
	beside.Wait()
	slices.Sort(took)
	t.Logf("%d jobs, p50 %s, p99 %s", len(took), took[len(took)/2], took[len(took)*99/100])
	if v := s.audit(nil, srv); v.succeeded != 64*perWriter {
		t.Errorf("%+v of %d", v, 64*perWriter)
	}
	if strings.Contains(s.proc.stderr.String(), "SQLITE_BUSY") || strings.Contains(s.proc.stderr.String(), "locked") {
		t.Errorf("the log speaks of locks:\n%s", s.proc.stderr)
	}
}

// P-S7: rows move from SQLite to PostgreSQL with jobs that ran; a move that is
// killed leaves nothing behind and is made again; the source stays as it was, and
// what had been submitted is collected where it went.
func TestPS7Moved(t *testing.T) {
	t.Parallel()
	jobs := 40
	if long {
		jobs = 2000
	}
	srv, m := newRemote(t, "--step-time", "10ms"), newMachine(t)
	file := "sqlite:" + m.dir + "/from.db"
	s := newServing(m, srv.url(), "--database", file)
	s.start()
	acknowledged := s.load(jobs, 4)
	s.proc.kill() // with jobs at work
	before := exported(m, file)
	address := jobstest.Postgres(t)
	if exit, _, stderr := m.run("db", "migrate", "--database", address); exit != 0 {
		t.Fatalf("migrate: %d\n%s", exit, stderr)
	}
	for n := range 3 {
		p := m.start(nil, "db", "import", file, "--database", address)
		select { // the moment itself is the fault
		case <-time.After(time.Duration(n*60) * time.Millisecond):
		case <-p.done:
		}
		p.kill()
	}
	if exit, _, stderr := m.run("db", "import", file, "--database", address); exit != 0 && !strings.Contains(stderr, "has jobs") {
		t.Fatalf("import: exit %d\n%s", exit, stderr)
	}
	if after := exported(m, file); after != before {
		t.Error("the source was touched")
	}
	to := newServing(m, srv.url(), "--database", address)
	to.start()
	v := to.audit(acknowledged, srv)
	if v.failed > 0 || v.succeeded < len(acknowledged) || v.executed != v.succeeded {
		t.Errorf("%+v of %d", v, len(acknowledged))
	}
}

// exported are the rows of a database without the moment in the first line.
func exported(m *machine, address string) string {
	m.t.Helper()
	exit, stdout, stderr := m.run("db", "export", "-", "--database", address)
	if exit != 0 {
		m.t.Fatalf("export: %d\n%s", exit, stderr)
	}
	_, rows, _ := strings.Cut(stdout, "\n")
	return rows
}
