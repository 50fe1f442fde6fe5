package sources

import (
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A Live registry is read anew when its files change: those below Folders, and
// Files. It is safe for concurrent use.
type Live struct {
	Load    func() (*registry.Registry, error)
	Folders []string
	Files   []string
	// Say is told what became of a change: nil, or why the registry of before
	// stays. May be nil.
	Say func(error)
	Now func() time.Time // nil for time.Now

	mu      sync.Mutex
	current *registry.Registry
	stamp   map[string]stamp
	looked  time.Time
}

// stamp is what tells that a file was changed.
type stamp struct {
	size int64
	at   time.Time
}

// lookEvery is how old the registry may be. A look is a few calls to the system.
const lookEvery = time.Second

// mostWatched bounds the files and folders that are looked at.
const mostWatched = 10_000

// Registry is the registry of now. Files that cannot be read leave the one of
// before; they are the error only when there is none.
func (l *Live) Registry() (*registry.Registry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && l.now().Sub(l.looked) < lookEvery {
		return l.current, nil
	}
	if l.current != nil && same(l.stamp, l.stamps()) {
		l.looked = l.now()
		return l.current, nil
	}
	first := l.current == nil
	err := l.read()
	if !first && l.Say != nil {
		l.Say(err)
	}
	if l.current != nil {
		err = nil
	}
	return l.current, err
}

// Reload reads the files now. When they cannot be read the registry of before
// stays, and the error says why.
func (l *Live) Reload() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read()
}

func (l *Live) read() error {
	l.stamp, l.looked = l.stamps(), l.now() // before: what changes meanwhile is seen next time
	reg, err := l.Load()
	if err == nil {
		l.current = reg
	}
	return err
}

func (l *Live) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}

func (l *Live) stamps() map[string]stamp {
	all, looked := map[string]stamp{}, 0
	for _, dir := range append(append([]string(nil), l.Folders...), l.Files...) {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // it is not there, or not any more
			}
			if looked++; looked > mostWatched {
				return fs.SkipAll
			}
			if e.IsDir() {
				if path != dir && strings.HasPrefix(e.Name(), ".") {
					return fs.SkipDir
				}
				return nil
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".json", ".yaml", ".yml":
				if info, err := e.Info(); err == nil {
					all[path] = stamp{info.Size(), info.ModTime()}
				}
			}
			return nil
		})
	}
	return all
}

func same(a, b map[string]stamp) bool {
	if len(a) != len(b) {
		return false
	}
	for path, s := range a {
		if o, ok := b[path]; !ok || o.size != s.size || !o.at.Equal(s.at) {
			return false
		}
	}
	return true
}
