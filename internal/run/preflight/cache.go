// Package preflight holds bound graphs against what a backend has: before anything
// is sent, by node definitions that are kept between runs, and after a refusal. It
// names the parameters that a user typed, and repairs what is only spelled
// differently.
package preflight

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// cacheTTL is how long node definitions count without being asked again: a class changes
// when the server is updated, a list of models whenever somebody adds a file.
// What looks wrong by a kept definition is asked again before it is refused.
const cacheTTL = 15 * time.Minute

// A Cache keeps a backend's node definitions on disk, a file per
// class, so that the next run is checked without a request. What cannot be
// read or written is as if it were not there. It is safe for concurrent use,
// by several processes too.
type Cache struct {
	dir string
	now func() time.Time
}

// NewCache keeps the definitions of one backend, which its address
// tells apart from others, below a folder. now is nil for time.Now.
func NewCache(dir, address string, now func() time.Time) *Cache {
	if now == nil {
		now = time.Now
	}
	return &Cache{dir: filepath.Join(dir, "objects", digestName(address)), now: now}
}

func digestName(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// A keptDefinition is the content of one file.
type keptDefinition struct {
	Class   string          `json:"class"`
	Version string          `json:"version,omitempty"` // of the server
	Asked   time.Time       `json:"asked"`
	Info    json.RawMessage `json:"info"` // as GET /object_info/CLASS answers
}

// get returns a definition that is fresh, or nil.
func (c *Cache) get(class string) *comfy.ClassInfo {
	info, fresh := c.Kept(class)
	if !fresh {
		return nil
	}
	return info
}

// Kept returns a definition, nil when there is none, and whether it is recent
// enough to count without being asked again.
func (c *Cache) Kept(class string) (info *comfy.ClassInfo, fresh bool) {
	if c == nil {
		return nil, false
	}
	data, err := os.ReadFile(c.file(class))
	if err != nil {
		return nil, false
	}
	var kept keptDefinition
	if json.Unmarshal(data, &kept) != nil || kept.Class != class {
		return nil, false
	}
	defs, err := comfy.ParseObjectInfo(kept.Info)
	if err != nil {
		return nil, false
	}
	age := c.now().Sub(kept.Asked)
	return defs[class], age >= 0 && age <= cacheTTL
}

// Keep keeps a definition of a server of a version. Failing to is no loss: it is asked again.
func (c *Cache) Keep(class string, info *comfy.ClassInfo, version string) {
	if c == nil || info == nil {
		return
	}
	raw, err := json.Marshal(map[string]*comfy.ClassInfo{class: info})
	if err != nil {
		return
	}
	data, err := json.Marshal(keptDefinition{Class: class, Version: version, Asked: c.now(), Info: raw})
	if err != nil {
		return
	}
	_ = atomicfile.Write(c.file(class), data, atomicfile.Options{Fleeting: true})
}

// Forget drops everything: the server has contradicted it, or is another
// version than before.
func (c *Cache) Forget() {
	if c != nil {
		_ = os.RemoveAll(c.dir)
	}
}

// follow forgets definitions of another version of the server than this one.
func (c *Cache) follow(version string) {
	if c == nil || version == "" {
		return
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) == 0 {
		return
	}
	data, err := os.ReadFile(filepath.Join(c.dir, entries[0].Name()))
	var kept keptDefinition
	if err != nil || json.Unmarshal(data, &kept) != nil || kept.Version != version {
		c.Forget()
	}
}

var plainClass = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`) })

// file is where a class is kept. Names that are no file names on every system
// are hashed; the file says which class it is.
func (c *Cache) file(class string) string {
	name := class
	if !plainClass().MatchString(class) {
		name = "=" + digestName(class)
	}
	return filepath.Join(c.dir, name+".json")
}

// A lookup gathers the definitions that a check needs: kept ones, and, if it
// may, answers of the backend.
type lookup struct {
	ask   comfy.Backend
	cache *Cache
	defs  map[string]*comfy.ClassInfo // without the classes that the backend does not have
	fresh map[string]bool             // asked now, not kept
	// version of the backend, asked beside the definitions; "" if not known.
	version func(ctx context.Context) string
}

// cached fills in what is kept and lists the classes that are not.
func (l *lookup) cached(classes []string) (missing []string) {
	for _, class := range classes {
		if info := l.cache.get(class); info != nil {
			l.defs[class] = info
		} else {
			missing = append(missing, class)
		}
	}
	return missing
}

// live asks the backend for classes, each once.
func (l *lookup) live(ctx context.Context, classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	version := ""
	if l.cache != nil {
		version = l.version(ctx)
		l.cache.follow(version)
	}
	defs, err := l.ask.Definitions(ctx, classes...)
	if err != nil {
		return err
	}
	for _, class := range classes {
		info := defs[class]
		l.cache.Keep(class, info, version)
		l.fresh[class] = true
		if delete(l.defs, class); info != nil {
			l.defs[class] = info
		}
	}
	return nil
}
