package drill

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A verdict compares what a machine's history says with what is in its output
// folder and with what servers executed.
type verdict struct {
	complete int      // runs that are done, with every file as recorded
	failed   int      // runs that ended with a reason
	open     []string // runs that resume still has to look after
	litter   int      // half-written files under temporary names

	lost      []string // done by the history, but a file is missing or another
	duplicate []string // more files than the run made
	truncated []string // not complete under a final name
	orphan    []string // files or executions of no run that is done
	again     []string // executed more than once in one life of a server
}

// sound fails the test when the verdict shows a broken promise.
func (v verdict) sound(t *testing.T) {
	t.Helper()
	for what, list := range map[string][]string{
		"lost": v.lost, "duplicate": v.duplicate, "truncated": v.truncated, "orphan": v.orphan, "executed again": v.again,
	} {
		for _, s := range list {
			t.Errorf("%s: %s", what, s)
		}
	}
}

// one fails the test unless the verdict is sound and one run is complete.
func (v verdict) one(t *testing.T) {
	t.Helper()
	v.sound(t)
	if v.complete != 1 {
		t.Errorf("%+v", v)
	}
}

// audit reads everything and judges.
func (m *machine) audit(lives []life) verdict {
	m.t.Helper()
	v := verdict{}
	runs, prompts := map[string]ledger.Record{}, map[string]string{}
	for rec, err := range m.history().List() {
		if err != nil {
			m.t.Fatal(err)
		}
		runs[rec.ID], prompts[rec.PromptID] = rec, rec.ID
	}
	files := m.outputs(&v)
	for id, rec := range runs {
		switch {
		case rec.State == ledger.Done:
			v.complete++
			v.done(m, rec, files[id])
		case !rec.State.Ended():
			v.open = append(v.open, id+" "+string(rec.State))
		default:
			v.failed++
			if rec.Error == "" && rec.State != ledger.Cancelled {
				v.lost = append(v.lost, id+" is "+string(rec.State)+" without a reason")
			}
			for _, f := range files[id] {
				v.orphan = append(v.orphan, f+" of a run that is "+string(rec.State))
			}
		}
		delete(files, id)
	}
	for _, list := range files {
		v.orphan = append(v.orphan, list...)
	}
	for n, l := range lives {
		count := map[string]int{}
		for _, e := range l.executions {
			id, known := prompts[e.PromptID]
			if !known {
				v.orphan = append(v.orphan, "execution of "+e.PromptID)
				continue
			}
			if count[id]++; count[id] > 1 {
				v.again = append(v.again, fmt.Sprintf("run %s in life %d", id, n+1))
			}
		}
	}
	return v
}

// outputs checks every file and sorts them by the run in their name.
func (m *machine) outputs(v *verdict) map[string][]string {
	m.t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(m.out, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && os.IsNotExist(err):
			return nil
		case err != nil || d.IsDir():
			return err
		case strings.HasPrefix(d.Name(), ".easel-"):
			v.litter++
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, run.RecordSuffix) {
			if !json.Valid(data) {
				v.truncated = append(v.truncated, path)
			}
			return nil
		}
		check := media.NewChecker()
		_, _ = check.Write(data) // a checker takes everything
		if rep := check.Report(); !rep.Complete {
			v.truncated = append(v.truncated, path+": "+rep.Reason)
		}
		parts := strings.Split(strings.TrimSuffix(d.Name(), filepath.Ext(d.Name())), "-")
		id := d.Name()
		if len(parts) >= 3 {
			id = parts[1]
		}
		found[id] = append(found[id], path)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return found
}

// done checks that a finished run left exactly the files that it names.
func (v *verdict) done(m *machine, rec ledger.Record, files []string) {
	var res run.Result
	if err := json.Unmarshal(rec.Result, &res); err != nil {
		v.lost = append(v.lost, rec.ID+" has no readable result")
		return
	}
	for _, o := range res.Outputs {
		path := o.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(m.dir, path)
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		if err != nil || hex.EncodeToString(sum[:]) != o.SHA256 {
			v.lost = append(v.lost, o.Path+" is not what the history says")
		}
		if _, err := os.Stat(path + run.RecordSuffix); err != nil {
			v.lost = append(v.lost, "the record of "+o.Path)
		}
	}
	if len(files) > len(res.Outputs) {
		v.duplicate = append(v.duplicate, fmt.Sprintf("run %s made %d outputs and left %v", rec.ID, len(res.Outputs), files))
	}
}
