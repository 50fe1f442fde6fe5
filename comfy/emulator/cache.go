package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A cacheKey names the result of a node by content: class, constants and
// everything above it, but not its id. The empty key is never cached.
type cacheKey string

// A cached result of one node.
type cached struct {
	outputs []any
	ui      *uiOutput // nil when the node shows nothing
}

// A uiOutput is what a node shows, with the id under which it ran.
type uiOutput struct {
	output any // fields by key; an object in JSON
	meta   pyval.Fields
}

// A cache keeps what the last prompt used. The classic one drops the rest when
// the next prompt begins; that of 0.23.0 and later does so as long as less
// memory is free than the machine has, 128 GB at most, which is always here.
type cache struct {
	mu      sync.Mutex
	results map[cacheKey]*cached
}

func newCache() *cache { return &cache{results: map[cacheKey]*cached{}} }

// begin tells the cache which keys a new prompt can use.
func (c *cache) begin(keys map[string]cacheKey) {
	used := make(map[cacheKey]bool, len(keys))
	for _, k := range keys {
		used[k] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.results, func(k cacheKey, _ *cached) bool { return !used[k] })
}

func (c *cache) get(k cacheKey) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.results[k]
}

func (c *cache) put(k cacheKey, r *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results[k] = r
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = map[cacheKey]*cached{}
}

// keys computes the key of every node. It fails on the shapes that kill the
// server's worker.
func (e *execution) keys() (map[string]cacheKey, error) {
	keys := map[string]cacheKey{}
	for _, m := range e.job.prompt.Members() {
		if _, err := e.inputs(m.Key); err != nil {
			return nil, err
		}
	}
	for _, m := range e.job.prompt.Members() {
		keys[m.Key] = e.sign(m.Key)
	}
	return keys, nil
}

// sign hashes a node and its ancestors; links are written as positions among
// the ancestors, so that ids do not count.
func (e *execution) sign(id string) cacheKey {
	var ancestors []string
	position := map[string]int{}
	var visit func(id string)
	visit = func(id string) {
		in, err := e.inputs(id)
		if err != nil {
			return
		}
		for _, name := range sortedKeys(in) {
			v, _ := in.Get(name)
			if source, _, ok := linkOf(v); ok {
				if _, seen := position[source]; !seen {
					position[source] = len(ancestors)
					ancestors = append(ancestors, source)
					visit(source)
				}
			}
		}
	}
	visit(id)
	h := sha256.New()
	e.signOne(h, id, position)
	for _, a := range ancestors {
		e.signOne(h, a, position)
	}
	return cacheKey(h.Sum(nil))
}

func (e *execution) signOne(h io.Writer, id string, position map[string]int) {
	in, err := e.inputs(id)
	if err != nil {
		_, _ = io.WriteString(h, "missing "+newUUID())
		return
	}
	class := e.class(id)
	buf := pyval.Append(nil, class.Name)
	buf = append(buf, e.fingerprint(id)...)
	if slices.Contains(class.Hidden, "UNIQUE_ID") {
		buf = pyval.Append(append(buf, "id"...), id)
	}
	for _, name := range sortedKeys(in) {
		v, _ := in.Get(name)
		buf = pyval.Append(buf, name)
		if source, slot, ok := linkOf(v); ok {
			buf = append(buf, "link"...)
			buf = binary.BigEndian.AppendUint32(buf, uint32(position[source]))
			buf = pyval.Append(buf, slot)
			continue
		}
		buf = pyval.Append(append(buf, "value"...), v)
	}
	_, _ = h.Write(append(buf, 0))
}

// fingerprint tells whether a node has to run again though its inputs are the
// same: the content of the files it reads, or something new each time. A
// client that sends is_changed is believed.
func (e *execution) fingerprint(id string) string {
	if f, ok := e.prints[id]; ok {
		return f
	}
	class, f := e.class(id), ""
	node, _ := e.promptNode(id)
	in, _ := e.inputs(id)
	given, isGiven := node.Get("is_changed")
	switch {
	case class.Volatile:
		f = "volatile " + newUUID()
	case isGiven && len(class.OwnsInputs) > 0:
		f = "given " + string(pyval.Encode(given))
	default:
		var b strings.Builder
		for _, name := range class.OwnsInputs {
			if v, ok := in.Get(name); ok {
				if text, ok := v.(string); ok {
					b.WriteString(e.hashFile(text))
				}
			}
		}
		f += b.String()
	}
	e.prints[id] = f
	return f
}

// hashFile is the SHA-256 of an input file, "" when there is none of that name.
func (e *execution) hashFile(name string) string {
	f, err := e.files.Open("input", name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sortedKeys(o *pyval.Object) []string {
	keys := make([]string, 0, o.Len())
	for _, m := range o.Members() {
		keys = append(keys, m.Key)
	}
	slices.Sort(keys)
	return keys
}

// linkOf takes a value for a link where the scheduler does: two elements, a
// text and a number.
func linkOf(v any) (source string, slot any, ok bool) {
	list, isList := v.([]any)
	if !isList || len(list) != 2 {
		return "", nil, false
	}
	source, ok = list[0].(string)
	switch pyval.TypeName(list[1]) {
	case "int", "bool", "float":
		return source, list[1], ok
	}
	return "", nil, false
}
