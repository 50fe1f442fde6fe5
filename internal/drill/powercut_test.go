package drill

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/drill/powercut"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// P-D5: the power fails at any moment, and all is forgotten that was not synced. What a
// ledger then calls done is there, whole; what easel has told of is not forgotten; and
// the same command completes the batch.
func TestBatchPowerCut(t *testing.T) {
	t.Parallel()
	if err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "true").Run(); err != nil {
		t.Skip("strace is not there or may not trace:", err)
	}
	const items = 6
	looked, resumed := 30, 12 // cut points
	if long {
		looked, resumed = 1<<20, 1<<20
	}
	srv := newRemote(t)
	m := newMachine(t)
	m.table(items)
	rec := m.recordBatch(srv.url(), items)
	t.Logf("%d operations", rec.Len())
	for _, n := range spread(rec.Len(), looked) {
		for _, loss := range powercut.Losses() {
			m.cut(rec, n, loss).believed(rec.Told(n))
		}
	}
	for i, n := range spread(rec.Len(), resumed) {
		loss := powercut.Losses()[i%len(powercut.Losses())]
		c := m.cut(rec, n, loss)
		if i%2 == 1 {
			srv.restart() // the power of the server failed too
		}
		c.completes(srv.url(), items)
	}
}

// spread are at most so many numbers of those from 0 to last, the first and the last
// among them.
func spread(last, most int) []int {
	var all []int
	for i := range min(last+1, most) {
		all = append(all, i*last/(min(last+1, most)-1))
	}
	return all
}

// recordBatch runs the table and keeps what that does to the folder of outputs.
func (m *machine) recordBatch(backend string, items int) *powercut.Recording {
	m.t.Helper()
	bin, err := build()
	if err != nil {
		m.t.Fatal(err)
	}
	log := filepath.Join(m.dir, "trace")
	p := m.command(nil, "strace", append([]string{
		"-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "16777216", "-o", log, "-e", "trace=" + powercut.Calls, bin,
	}, m.batchArgs(backend, "--json")...)...)
	if exit := p.wait(); exit != 0 {
		m.t.Fatalf("exit %d\n%s", exit, p.stderr)
	}
	trace, err := os.Open(log)
	if err != nil {
		m.t.Fatal(err)
	}
	defer trace.Close()
	rec, err := powercut.Read(trace, m.out)
	if err != nil {
		m.t.Fatal(err)
	}
	// With nothing lost it is the folder itself: the recording lacks nothing.
	whole := rec.Cut(rec.Len(), powercut.LoseNothing, nil)
	err = fs.WalkDir(os.DirFS(m.out), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		there, _ := os.ReadFile(filepath.Join(m.out, path)) // none of a folder
		if data, ok := whole[path]; !ok || string(there) != string(data) {
			m.t.Errorf("%s was not recorded as it is: %v, %d bytes of %d", path, ok, len(data), len(there))
		}
		delete(whole, path)
		return nil
	})
	if err != nil || len(whole) > 0 {
		m.t.Fatalf("recorded besides what is there: %v, %v", slices.Sorted(maps.Keys(whole)), err)
	}
	if told := rec.Told(rec.Len()); len(doneItems(told)) != items || len(sentItems(told)) != items {
		m.t.Fatalf("of %d items it told of %v as done, and the server heard of %v", items, doneItems(told), sentItems(told))
	}
	return rec
}

var (
	doneLine = regexp.MustCompile(`^{"type":"item","id":"(i\d+)".*"status":"succeeded"`)
	sentText = regexp.MustCompile(`"picture (\d+)"`)
)

// doneItems are the ids of those that easel said on its stdout to be done.
func doneItems(told []powercut.Told) map[string]bool {
	items := map[string]bool{}
	for _, w := range told {
		for line := range strings.Lines(string(w.Data)) {
			if m := doneLine.FindStringSubmatch(line); w.FD == 1 && m != nil {
				items[m[1]] = true
			}
		}
	}
	return items
}

// sentItems are the ids of those that a server has heard of.
func sentItems(told []powercut.Told) map[string]bool {
	items := map[string]bool{}
	for _, w := range told {
		if m := sentText.FindSubmatch(w.Data); w.FD > 2 && m != nil {
			items[fmt.Sprintf("i%04s", m[1])] = true
		}
	}
	return items
}

// A blackout is what a machine holds when the power is back.
type blackout struct {
	*machine
	what string
}

// cut makes a machine with what a cut leaves of the outputs of this one.
func (m *machine) cut(rec *powercut.Recording, n int, loss powercut.Loss) *blackout {
	m.t.Helper()
	after := *m
	after.out = filepath.Join(m.t.TempDir(), "out")
	tree := rec.Cut(n, loss, rand.New(rand.NewPCG(5, uint64(n))))
	if err := tree.Write(after.out); err != nil {
		m.t.Fatal(err)
	}
	return &blackout{&after, fmt.Sprintf("after %d of %d operations, %s of what was not synced lost", n, rec.Len(), loss)}
}

// believed fails the test unless the ledger can be read, what it calls done is there,
// and it knows what others were told.
func (c *blackout) believed(told []powercut.Told) {
	c.t.Helper()
	done, sent := doneItems(told), sentItems(told)
	book, err := ledger.ReadBatch(c.ledgerFile())
	if errors.Is(err, fs.ErrNotExist) && len(done)+len(sent) == 0 {
		return // as if it had never been begun
	}
	if err != nil {
		c.t.Errorf("%s: %v", c.what, err)
		return
	}
	defer book.Close()
	if err := book.Check(); err != nil {
		c.t.Errorf("%s: %v", c.what, err)
	}
	for id := range sent {
		if it, err := book.Item(id); err != nil || it.State == ledger.ItemPlanned || it.PromptID == "" {
			c.t.Errorf("%s: the server heard of %s, and its row is %+v, %v", c.what, id, it, err)
		}
	}
	for id := range done {
		it, err := book.Item(id)
		if err != nil || it.State != ledger.ItemStored && it.State != ledger.ItemCommitted {
			c.t.Errorf("%s: %s was told to be done, and its row is %+v, %v", c.what, id, it, err)
		}
	}
	v := c.auditBatch(nil)
	for _, wrong := range [][]string{v.lost, v.duplicate, v.truncated} {
		for _, s := range wrong {
			c.t.Errorf("%s: %s", c.what, s)
		}
	}
}

// completes fails the test unless the same command makes what is missing.
func (c *blackout) completes(backend string, items int) {
	c.t.Helper()
	p := c.batch(nil, backend)
	if exit := p.wait(); exit != 0 {
		c.t.Errorf("%s: exit %d\n%s", c.what, exit, p.stderr)
		return
	}
	v := c.auditBatch(nil)
	if v.committed != items || len(v.lost)+len(v.duplicate)+len(v.truncated) > 0 {
		c.t.Errorf("%s: %+v", c.what, v)
	}
}
