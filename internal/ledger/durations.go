package ledger

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// The summary of what runs took: so many of each kind, of so many kinds, in a
// hidden file beside the runs.
const (
	durationsFile    = ".durations"
	durationsSample  = 9
	durationsOfKinds = 200
)

// A kindOfRun is a workflow on a backend, and the milliseconds that its last
// runs computed, the newest last.
type kindOfRun struct {
	Workflow string  `json:"workflow"`
	Backend  string  `json:"backend"`
	Took     []int64 `json:"took_ms"`
}

// Usual is the median of what the last runs of a workflow on a backend computed;
// 0 when none is known. It reads one small file, however long the history is.
func (h *History) Usual(workflow, backend string) time.Duration {
	for _, k := range h.durations() {
		if k.Workflow == workflow && k.Backend == backend && len(k.Took) > 0 {
			took := slices.Sorted(slices.Values(k.Took))
			return time.Duration(took[len(took)/2]) * time.Millisecond
		}
	}
	return 0
}

// durations are the kinds, the one that ran last at the end. What cannot be read
// is as if it were not there: it is an estimate.
func (h *History) durations() []kindOfRun {
	data, err := atomicfile.Read(filepath.Join(h.dir, durationsFile))
	var kinds []kindOfRun
	if err != nil || json.Unmarshal(data, &kinds) != nil {
		return nil
	}
	return kinds
}

// remember adds a finished run to the summary. Two processes that end at once
// may lose one of theirs.
func (h *History) remember(rec Record) {
	kinds, own := h.durations(), kindOfRun{Workflow: rec.Workflow, Backend: rec.Backend}
	kinds = slices.DeleteFunc(kinds, func(k kindOfRun) bool {
		same := k.Workflow == own.Workflow && k.Backend == own.Backend
		if same {
			own.Took = k.Took
		}
		return same
	})
	own.Took = append(own.Took, rec.ExecutedMS)
	own.Took = own.Took[max(0, len(own.Took)-durationsSample):]
	kinds = append(kinds, own)
	data, err := json.Marshal(kinds[max(0, len(kinds)-durationsOfKinds):])
	if err == nil {
		_ = atomicfile.Write(filepath.Join(h.dir, durationsFile), data, atomicfile.Options{Fleeting: true})
	}
}
