package dirstore

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	temporaryPrefix = ".easel-"
	temporarySuffix = ".part"
)

func isTemporary(name string) bool {
	return strings.HasPrefix(name, temporaryPrefix) && strings.HasSuffix(name, temporarySuffix)
}

// A sweep removes half-written files that nobody has touched for long. It goes
// on beside the work: a folder of many thousand files takes longer to read than
// a run has to wait. It does what it can: a leftover harms nothing.
type sweep struct {
	stopped atomic.Bool
	running sync.WaitGroup
}

func (s *sweep) start(root *os.Root, untouchedSince time.Time) {
	s.running.Go(func() {
		d, err := root.Open(".")
		if err != nil {
			return
		}
		defer d.Close()
		for err == nil && !s.stopped.Load() {
			var names []string
			names, err = d.Readdirnames(1000)
			for _, name := range names {
				if !isTemporary(name) {
					continue
				}
				if info, err := root.Lstat(name); err == nil && info.Mode().IsRegular() && info.ModTime().Before(untouchedSince) {
					_ = root.Remove(name)
				}
			}
		}
	})
}

// stop ends the sweep, finished or not.
func (s *sweep) stop() {
	s.stopped.Store(true)
	s.running.Wait()
}
