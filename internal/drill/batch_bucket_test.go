package drill

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store/s3test"
)

// P-F4: a batch into a bucket of a real S3 server is killed five times at any
// moment, with pictures that are sent in parts, and the same command goes on. In the
// end each picture is there once, as its record says, and no transfer is open.
func TestBatchIntoABucketKilled(t *testing.T) {
	t.Parallel()
	bucket := s3test.Real(t, fmt.Sprintf("drill-%d", os.Getpid()))
	items, kills := 6, 5
	if long {
		items, kills = 30, 25
	}
	seed := time.Now().UnixNano()
	rnd := rand.New(rand.NewPCG(uint64(seed), 1))
	t.Logf("seed %d", seed)
	srv, m := newRemote(t), newMachine(t, bucket.Env()...)
	m.out = "s3://" + bucket.Name + "/run"
	m.write("graph.json", strings.NewReplacer(`"steps": 10`, `"steps": 2`, `"width": 64, "height": 64`, `"width": 3328, "height": 3328`).Replace(graph))
	m.table(items)
	for range kills {
		p := m.batch(nil, srv.url())
		select { // the moment itself is the fault
		case <-time.After(500*time.Millisecond + time.Duration(rnd.Int64N(int64(3*time.Second)))):
		case <-p.done:
		}
		p.kill()
	}
	if exit, _, stderr := m.run(m.batchArgs(srv.url())...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, stderr)
	}
	bucket.NoUploads(t)
	objects := bucket.Objects(t)
	for i := range items {
		name := fmt.Sprintf("run/i%04d.png", i)
		var rec run.Record
		if err := json.Unmarshal(objects[name+run.RecordSuffix], &rec); err != nil || rec.File == nil {
			t.Errorf("%s: its record is %q, %v", name, objects[name+run.RecordSuffix], err)
			continue
		}
		picture := objects[name]
		if rec.File.SHA256 != sha(picture) || rec.File.Bytes <= 8<<20 {
			t.Errorf("%s: %d bytes, and the record says %d", name, len(picture), rec.File.Bytes)
		}
		check := media.NewChecker()
		_, _ = check.Write(picture) // a checker takes everything
		if rep := check.Report(); !rep.Complete {
			t.Errorf("%s: %s", name, rep.Reason)
		}
		delete(objects, name)
		delete(objects, name+run.RecordSuffix)
	}
	delete(objects, "run/.easel/rows.jsonl")
	for name := range objects {
		t.Errorf("there is %s too", name)
	}
	if exit, stdout, stderr := m.run("verify", m.out); exit != 0 || !strings.Contains(stderr+stdout, fmt.Sprintf("%d files", 2*items)) {
		t.Errorf("verify: exit %d\n%s%s", exit, stdout, stderr)
	}
	executed := 0
	for _, l := range srv.read() {
		executed += len(l.executions)
	}
	t.Logf("%d items, %d kills: %d executions", items, kills, executed)
	if executed > items {
		t.Errorf("%d executions of %d items", executed, items)
	}
}
