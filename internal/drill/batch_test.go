package drill

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// table writes a plan of so many rows.
func (m *machine) table(rows int) {
	m.t.Helper()
	var b strings.Builder
	b.WriteString("id,prompt\n")
	for i := range rows {
		fmt.Fprintf(&b, "i%04d,picture %d\n", i, i)
	}
	m.write("rows.csv", b.String())
}

// batchArgs run the table with the drill's graph.
func (m *machine) batchArgs(backend string, more ...string) []string {
	return append([]string{
		"batch", "./graph.json", "--from", "rows.csv", "--out", m.out, "--name", "{item}", "--backend", backend, "--reconnect", "10s",
	}, more...)
}

func (m *machine) batch(env []string, backend string, more ...string) *process {
	m.t.Helper()
	return m.start(env, m.batchArgs(backend, more...)...)
}

func (m *machine) ledgerFile() string { return batch.LedgerPath(m.out, "", "rows") }

// A batchVerdict compares what a ledger says with the files and with what servers
// executed.
type batchVerdict struct {
	committed, failed, open int
	executed                int // runs that a server executed to their end
	lost                    []string
	duplicate               []string
	truncated               []string
	again                   []string // executed more than once in one life of a server
}

// sound fails the test when a promise is broken.
func (v batchVerdict) sound(t *testing.T) {
	t.Helper()
	for what, list := range map[string][]string{"lost": v.lost, "duplicate": v.duplicate, "truncated": v.truncated, "executed again": v.again} {
		for _, s := range list {
			t.Errorf("%s: %s", what, s)
		}
	}
}

// complete fails the test unless every item is there once.
func (v batchVerdict) complete(t *testing.T, items int) {
	t.Helper()
	v.sound(t)
	if v.committed != items || v.open+v.failed > 0 {
		t.Errorf("%d of %d items are committed, %d failed, %d open", v.committed, items, v.failed, v.open)
	}
}

// auditBatch reads everything and judges. Of a batch that is not over, files that a
// run was about to be recorded with are no duplicates.
func (m *machine) auditBatch(lives []life) batchVerdict {
	m.t.Helper()
	var v batchVerdict
	book, err := ledger.ReadBatch(m.ledgerFile())
	if err != nil {
		m.t.Fatal(err)
	}
	defer book.Close()
	known := map[string]ledger.File{}
	err = book.AllFiles(func(_ string, f ledger.File) error {
		known[f.Name] = f
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	committed := map[string]bool{}
	for it, err := range book.Items() {
		if err != nil {
			m.t.Fatal(err)
		}
		switch it.State {
		case ledger.ItemCommitted:
			v.committed++
			committed[it.ID] = true
			if known[it.ID+".png"].Name == "" {
				v.lost = append(v.lost, it.ID+" is committed without a file")
			}
		case ledger.ItemFailed:
			v.failed++
		default:
			v.open++
		}
	}
	seen := map[string]bool{}
	err = filepath.WalkDir(m.out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == batch.StateFolder {
				return fs.SkipDir
			}
			return err
		}
		if strings.HasPrefix(d.Name(), ".easel-") || d.Name() == batch.LockFile {
			return nil
		}
		name, _ := filepath.Rel(m.out, path)
		seen[name] = true
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, run.RecordSuffix) {
			if !json.Valid(data) {
				v.truncated = append(v.truncated, name)
			}
			return nil
		}
		check := media.NewChecker()
		_, _ = check.Write(data) // a checker takes everything
		if rep := check.Report(); !rep.Complete {
			v.truncated = append(v.truncated, name+": "+rep.Reason)
		}
		if id := strings.TrimSuffix(name, ".png"); known[name].Name == "" {
			v.duplicate = append(v.duplicate, name+" is of no item")
		} else if committed[id] && sha(data) != known[name].SHA256 {
			v.lost = append(v.lost, name+" is not what the ledger says")
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	for name, f := range known {
		if f.Stored && !seen[name] {
			v.lost = append(v.lost, name)
		}
	}
	for n, l := range lives {
		count := map[string]int{}
		for _, e := range l.executions {
			if e.Outcome != emulator.OutcomeSuccess {
				continue
			}
			v.executed++
			if count[e.PromptID]++; count[e.PromptID] > 1 {
				v.again = append(v.again, fmt.Sprintf("%s in life %d", e.PromptID, n+1))
			}
		}
	}
	return v
}

// P-D1: killed at any moment, a batch that is started again ends complete, and while
// the server lives nothing is executed twice.
func TestBatchKilledAtRandom(t *testing.T) {
	t.Parallel()
	items, kills := 40, 6
	if long {
		items, kills = 300, 50
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	srv, m := newRemote(t), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 2`, 1))
	m.table(items)
	for range kills {
		p := m.batch(nil, srv.url())
		select { // the moment itself is the fault
		case <-time.After(time.Duration(rnd.Int64N(int64(1200 * time.Millisecond)))):
		case <-p.done:
		}
		p.kill()
	}
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions of %d items", v.executed, items)
	}
	t.Logf("%d items, %d kills: %d executions", items, kills, v.executed)
	if left, _ := filepath.Glob(filepath.Join(m.out, ".easel-*.part")); len(left) > kills {
		t.Errorf("%d half-written files under temporary names after %d kills", len(left), kills)
	}
	again, _, stderr := m.run(m.batchArgs(srv.url())...)
	if again != 0 || !strings.Contains(stderr, "nothing to do") {
		t.Errorf("the same again: exit %d\n%s", again, stderr)
	}
}

// P-D2: the same at each chosen instant, with the server alive and restarted.
func TestBatchKilledAt(t *testing.T) {
	t.Parallel()
	const items = 4
	for _, at := range crashpoint.Batch() {
		for _, restarted := range []bool{false, true} {
			name := at + "/server lives"
			if restarted {
				name = at + "/server restarted"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, m := newRemote(t), newMachine(t)
				m.table(items)
				p := m.batch([]string{"EASEL_CRASH_AT=" + at}, srv.url())
				if exit := p.wait(); exit != -1 {
					t.Fatalf("the client was not killed, but ended with %d\n%s", exit, p.stderr)
				}
				m.auditBatch(nil).sound(t)
				if restarted {
					srv.restart()
				}
				if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
					t.Fatalf("exit %d\n%s", exit, stderr)
				}
				v := m.auditBatch(srv.read())
				v.complete(t, items)
				if !restarted && v.executed != items || v.executed > items+2 {
					t.Errorf("%d executions of %d items", v.executed, items)
				}
			})
		}
	}
}

// The client is killed when a run that waited on a slow server is off it and on no
// other yet. The same command has it made, and nothing is made twice.
func TestBatchKilledBetweenServers(t *testing.T) {
	t.Parallel()
	const items = 8
	for _, restarted := range []bool{false, true} {
		t.Run(fmt.Sprintf("restarted=%v", restarted), func(t *testing.T) {
			t.Parallel()
			fast, slow, m := newRemote(t), newRemote(t, "--step-time", "1s"), newMachine(t)
			m.table(items)
			both := fast.url() + "," + slow.url()
			p := m.batch([]string{"EASEL_CRASH_AT=" + crashpoint.Withdrawn}, both)
			if exit := p.wait(); exit != -1 {
				t.Fatalf("the client was not killed, but ended with %d\n%s", exit, p.stderr)
			}
			m.auditBatch(nil).sound(t)
			if restarted {
				slow.restart()
			}
			if exit, _, stderr := m.run(m.batchArgs(both)...); exit != 0 {
				t.Fatalf("exit %d\n%s", exit, stderr)
			}
			v := m.auditBatch(append(fast.read(), slow.read()...))
			v.complete(t, items)
			if !restarted && v.executed != items || v.executed > items+1 { // what it had executed and nobody had fetched
				t.Errorf("%d executions of %d items", v.executed, items)
			}
		})
	}
}

// P-D3: of a batch that is nearly done, only what is left is asked for.
func TestBatchResumeIsCheap(t *testing.T) {
	t.Parallel()
	items := 60
	if long {
		items = 300
	}
	srv, m := newRemote(t), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 1`, 1))
	m.table(items)
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	before := len(srv.read()[0].requests)
	m.table(items + 1)
	if exit, _, stderr := m.run(m.batchArgs(srv.url(), "--update")...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items+1)
	if v.executed != items+1 {
		t.Errorf("%d executions of %d items", v.executed, items+1)
	}
	for _, q := range srv.read()[0].requests[before:] {
		if strings.Contains(q.Path, "/history/") && q.Status == 200 && strings.Count(q.Path, "/") > 3 {
			t.Errorf("%s %s", q.Method, q.Path)
		}
	}
	if n := len(srv.read()[0].requests) - before; n > 20 {
		t.Errorf("%d requests for one item", n)
	}
}

// P-D6: of two easels on one batch one runs it; the other leaves at once, or waits
// and finds nothing to do. A lock of a killed one holds nobody up.
func TestBatchOfTwo(t *testing.T) {
	t.Parallel()
	const items = 12
	srv, m := newRemote(t), newMachine(t)
	m.table(items)
	one := m.batch(nil, srv.url())
	one.expect(one.stdout, ".png")
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 10 || !strings.Contains(stderr, "another easel") || !strings.Contains(stderr, "--wait") {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	if exit, stdout, _ := m.run("batch", "status", m.out, "--json", "--jq", ".[0].running"); exit != 0 || strings.TrimSpace(stdout) == "null" {
		t.Errorf("status: exit %d, running %s", exit, stdout)
	}
	waiting := m.batch(nil, srv.url(), "--wait")
	waiting.expect(waiting.stderr, "waiting: ")
	one.kill()
	if exit := waiting.wait(); exit != 0 {
		t.Errorf("exit %d\n%s", exit, waiting.stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions", v.executed)
	}
}

// P-D7: a damaged ledger is found and named, nothing starts from the beginning, and
// repair has it again from the files.
func TestBatchLedgerDamaged(t *testing.T) {
	t.Parallel()
	const items = 8
	srv, m := newRemote(t), newMachine(t)
	m.table(items)
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	whole, err := os.ReadFile(m.ledgerFile())
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{
		"cut": whole[:len(whole)/2], "empty": {}, "another file": []byte(strings.Repeat("x", 9000)),
	} {
		if err := os.WriteFile(m.ledgerFile(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		exit, _, stderr := m.run(m.batchArgs(srv.url())...)
		if exit != 3 || !strings.Contains(stderr, "is damaged") || !strings.Contains(stderr, "easel batch repair") {
			t.Errorf("%s: exit %d\n%s", what, exit, stderr)
		}
		if exit, stdout, stderr := m.run("batch", "repair", m.out); exit != 0 || !strings.Contains(stdout, fmt.Sprintf("%d made", items)) {
			t.Errorf("%s: repair ended with %d\n%s%s", what, exit, stdout, stderr)
		}
		if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 || !strings.Contains(stderr, "nothing to do") {
			t.Errorf("%s: exit %d\n%s", what, exit, stderr)
		}
	}
	v := m.auditBatch(srv.read())
	v.complete(t, items)
	if v.executed != items {
		t.Errorf("%d executions", v.executed)
	}
}

// P-D8: the same plan makes the same files on every machine, in whatever order its
// rows run.
func TestBatchIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	srv := newRemote(t)
	hashes := func(rows string, more ...string) map[string]string {
		m := newMachine(t)
		m.write("rows.csv", rows)
		if exit, _, stderr := m.run(append(m.batchArgs(srv.url(), more...), "--json")...); exit != 0 {
			t.Fatalf("exit %d\n%s", exit, stderr)
		}
		book, err := ledger.ReadBatch(m.ledgerFile())
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		found := map[string]string{}
		for it, err := range book.Items() {
			if err != nil {
				t.Fatal(err)
			}
			data, err := book.Result(it.ID)
			if err != nil {
				t.Fatal(err)
			}
			var res run.Result
			if err := json.Unmarshal(data, &res); err != nil {
				t.Fatal(err)
			}
			found[it.ID+" "+filepath.Base(res.Outputs[0].Path)] = res.Seed.String()
		}
		return found
	}
	one := hashes("prompt\na fox\na cat\na dog\n")
	two := hashes("prompt\na dog\na fox\na cat\n", "--order", "as-given")
	if len(one) != 3 || len(two) != 3 {
		t.Fatalf("%v, %v", one, two)
	}
	for name, seed := range one {
		if two[name] != seed {
			t.Errorf("%s: seed %s and %s", name, seed, two[name])
		}
	}
}

// The folder of a batch is moved, and its plan is edited meanwhile.
func TestBatchMovedAndEdited(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	m.table(6)
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	moved := filepath.Join(m.dir, "moved")
	if err := os.Rename(m.out, moved); err != nil {
		t.Fatal(err)
	}
	m.out = moved
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 || !strings.Contains(stderr, "nothing to do") {
		t.Errorf("moved: exit %d\n%s", exit, stderr)
	}
	m.table(7)
	exit, _, stderr := m.run(m.batchArgs(srv.url())...)
	if exit != 2 || !strings.Contains(stderr, "i0006 is new") || !strings.Contains(stderr, "--update") {
		t.Errorf("edited: exit %d\n%s", exit, stderr)
	}
	if exit, _, stderr := m.run(m.batchArgs(srv.url(), "--update")...); exit != 0 {
		t.Errorf("updated: exit %d\n%s", exit, stderr)
	}
	v := m.auditBatch(srv.read())
	v.complete(t, 7)
	if v.executed != 7 {
		t.Errorf("%d executions", v.executed)
	}
}
