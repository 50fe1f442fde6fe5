package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// A StartedPod is a rented machine that a command started and has not stopped yet.
type StartedPod struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Cost       float64   `json:"cost"` // USD per hour; 0 = not known
	Started    time.Time `json:"started"`
	PID        int       `json:"pid"` // of the command
	PIDStarted int64     `json:"pid_started,omitempty"`
	Boot       string    `json:"boot,omitempty"`
}

// Spent is what it has cost in USD until then; 0 when its price is not known.
func (p StartedPod) Spent(now time.Time) float64 {
	return p.Cost * max(now.Sub(p.Started), 0).Hours()
}

// alive reports whether the command that started it goes on.
func (p StartedPod) alive() bool {
	return Record{PID: p.PID, PIDStarted: p.PIDStarted, Boot: p.Boot}.Alive()
}

// Pods are the machines that commands started and have not stopped, a file each. A
// command that is killed leaves its file, by which the next one finds the machine.
type Pods struct{ dir string }

// OpenPods uses a folder, making it on the first Start.
func OpenPods(dir string) *Pods { return &Pods{dir} }

// Start writes a machine down before it is started. Its command is this process,
// unless another one is named.
func (p *Pods) Start(pod StartedPod) error {
	if !validPodID(pod.ID) {
		return fmt.Errorf("record pod: invalid id %q", pod.ID)
	}
	if pod.PID == 0 {
		pod.PID = os.Getpid()
		pod.PIDStarted, pod.Boot = started(pod.PID), bootID()
	}
	data, err := json.Marshal(pod)
	if err != nil {
		return fmt.Errorf("record pod %s: %w", pod.ID, err)
	}
	if err := makeFolder(p.dir); err != nil {
		return err
	}
	return atomicfile.Write(p.path(pod.ID), append(data, '\n'), atomicfile.Options{})
}

// Stop forgets a machine.
func (p *Pods) Stop(id string) error {
	if err := os.Remove(p.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Left are the machines whose command has gone without stopping them.
func (p *Pods) Left() []StartedPod {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil // mostly there is no such folder
	}
	var left []StartedPod
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !validPodID(id) {
			continue
		}
		data, err := atomicfile.Read(filepath.Join(p.dir, e.Name()))
		var pod StartedPod
		if err == nil && json.Unmarshal(data, &pod) == nil && pod.ID == id && !pod.alive() {
			left = append(left, pod)
		}
	}
	return left
}

func (p *Pods) path(id string) string { return filepath.Join(p.dir, id+suffix) }

// validPodID keeps a file name to what ids consist of.
func validPodID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
}
