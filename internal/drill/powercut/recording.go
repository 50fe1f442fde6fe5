package powercut

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Recording is what a process did to a folder, in the order in which it was done.
type Recording struct {
	top  *node // the folder itself, whose own name is never lost
	ops  []op
	told []Told
}

// A Told is something that the process let others know by writing to a pipe, a socket
// or a terminal.
type Told struct {
	FD   int
	Data []byte
	// After is how many operations had ended when it was begun: from that point on
	// others may know it.
	After int
}

// An op changes what the folder holds, or brings it to the disk.
type op struct {
	kind       opKind
	node       *node  // that is made, written, cut, synced or named
	at         name   // that is given or taken
	from       name   // of a rename
	offset     int64  // of a write; the length of a cut
	data       []byte // that is written
	begun, end int
}

type opKind int

const (
	opWrite opKind = iota
	opCut          // to a length
	opSync
	opName   // a new name for a node
	opRename // a name becomes another one, whose node loses it
	opUnname
)

// A name is one in a folder.
type name struct {
	dir *node
	of  string
}

// A node is a file or a folder. What it holds is for the reader of the trace.
type node struct {
	folder  bool
	entries map[string]*node // of a folder, as the process sees it
	length  int64
}

// A recorder follows a process.
type recorder struct {
	Recording
	root string
	open map[int]*opened
}

type opened struct {
	node *node
	at   int64
	ends bool // what is written goes to the end
}

// Read reads the trace of a process that began with no folder of the name root. See
// Calls for how it is made. A call on the folder that cannot be replayed is an error.
func Read(trace io.Reader, root string) (*Recording, error) {
	calls, err := readCalls(trace)
	if err != nil {
		return nil, err
	}
	r := &recorder{root: filepath.Clean(root), open: map[int]*opened{}}
	r.top = &node{folder: true, entries: map[string]*node{}}
	for _, c := range calls {
		if err := r.follow(c); err != nil {
			return nil, fmt.Errorf("line %d, %s(%.200s): %w", c.end+1, c.name, strings.Join(c.args, ", "), err)
		}
	}
	return &r.Recording, nil
}

// within reports whether a path is in the folder, and where.
func (r *recorder) within(path string) (string, bool) {
	rel, err := filepath.Rel(r.root, path)
	// What sqlite shares between processes is memory, which is gone with the power.
	return rel, err == nil && rel != ".." && !strings.HasPrefix(rel, "../") && !strings.HasSuffix(rel, "-shm")
}

// find is the node of a path within the folder, and the name that it has.
func (r *recorder) find(rel string) (name, *node, error) {
	if rel == "." {
		return name{}, r.top, nil
	}
	at := name{dir: r.top}
	parts := strings.Split(rel, "/")
	for _, part := range parts[:len(parts)-1] {
		if at.dir = at.dir.entries[part]; at.dir == nil || !at.dir.folder {
			return at, nil, fmt.Errorf("there is no folder for %s", rel)
		}
	}
	at.of = parts[len(parts)-1]
	return at, at.dir.entries[at.of], nil
}

func (r *recorder) do(c call, o op) {
	o.begun, o.end = c.begun, c.end
	r.ops = append(r.ops, o)
}

// follow takes a call over.
func (r *recorder) follow(c call) error {
	switch c.name {
	case "open", "creat":
		c.args = slices.Insert(c.args, 0, "AT_FDCWD</>")
		return r.opens(c)
	case "openat":
		return r.opens(c)
	case "mkdir":
		c.args = slices.Insert(c.args, 0, "AT_FDCWD</>")
		return r.makes(c)
	case "mkdirat":
		return r.makes(c)
	case "rename":
		from, err := pathOf(c.args[0])
		if err != nil {
			return err
		}
		to, err := pathOf(c.args[1])
		if err != nil {
			return err
		}
		return r.renames(c, from, to)
	case "renameat", "renameat2":
		from, err := pathAt(c.args[0], c.args[1])
		if err != nil {
			return err
		}
		to, err := pathAt(c.args[2], c.args[3])
		if err != nil {
			return err
		}
		return r.renames(c, from, to)
	case "unlink", "rmdir":
		path, err := pathOf(c.args[0])
		if err != nil {
			return err
		}
		return r.removes(c, path)
	case "unlinkat":
		path, err := pathAt(c.args[0], c.args[1])
		if err != nil {
			return err
		}
		return r.removes(c, path)
	case "write", "pwrite64", "ftruncate", "fsync", "fdatasync":
		return r.writes(c)
	}
	return r.refuses(c)
}

var errNotReplayed = errors.New("this call is not replayed")

// refuses finds out whether a call is on the folder.
func (r *recorder) refuses(c call) error {
	for _, arg := range c.args {
		path, err := pathOf(arg)
		if err != nil {
			_, path, _ = descriptor(arg) // what is neither is no file
		}
		if _, ours := r.within(path); ours && filepath.IsAbs(path) {
			return errNotReplayed
		}
	}
	return nil
}

func (r *recorder) opens(c call) error {
	path, err := pathAt(c.args[0], c.args[1])
	if err != nil {
		return err
	}
	fd, _, err := descriptor(c.result)
	if err != nil {
		return err
	}
	delete(r.open, fd)
	rel, ours := r.within(path)
	if !ours {
		return nil
	}
	at, n, err := r.find(rel)
	if err != nil {
		return err
	}
	flags := strings.Split(c.args[2], "|")
	if c.name == "creat" {
		flags = []string{"O_CREAT", "O_TRUNC"}
	}
	if n == nil {
		n = &node{}
		at.dir.entries[at.of] = n
		r.do(c, op{kind: opName, node: n, at: at})
	} else if slices.Contains(flags, "O_TRUNC") && n.length > 0 {
		n.length = 0
		r.do(c, op{kind: opCut, node: n})
	}
	r.open[fd] = &opened{node: n, ends: slices.Contains(flags, "O_APPEND")}
	return nil
}

func (r *recorder) makes(c call) error {
	path, err := pathAt(c.args[0], c.args[1])
	if err != nil {
		return err
	}
	rel, ours := r.within(path)
	if !ours || rel == "." {
		return nil
	}
	at, _, err := r.find(rel)
	if err != nil {
		return err
	}
	n := &node{folder: true, entries: map[string]*node{}}
	at.dir.entries[at.of] = n
	r.do(c, op{kind: opName, node: n, at: at})
	return nil
}

func (r *recorder) renames(c call, from, to string) error {
	relFrom, oursFrom := r.within(from)
	relTo, oursTo := r.within(to)
	if !oursFrom && !oursTo {
		return nil
	}
	if oursFrom != oursTo {
		return errNotReplayed
	}
	source, n, err := r.find(relFrom)
	if err != nil {
		return err
	}
	target, _, err := r.find(relTo)
	if err != nil {
		return err
	}
	if n == nil {
		return fmt.Errorf("%s is not known", relFrom)
	}
	delete(source.dir.entries, source.of)
	target.dir.entries[target.of] = n
	r.do(c, op{kind: opRename, node: n, from: source, at: target})
	return nil
}

func (r *recorder) removes(c call, path string) error {
	rel, ours := r.within(path)
	if !ours {
		return nil
	}
	at, n, err := r.find(rel)
	if err != nil {
		return err
	}
	if n == nil {
		return fmt.Errorf("%s is not known", rel)
	}
	delete(at.dir.entries, at.of)
	r.do(c, op{kind: opUnname, node: n, at: at})
	return nil
}

// writes takes over a call on what is open.
func (r *recorder) writes(c call) error {
	fd, path, err := descriptor(c.args[0])
	if err != nil {
		return err
	}
	_, ours := r.within(path)
	file := r.open[fd]
	if !filepath.IsAbs(path) || strings.HasPrefix(path, "/dev/") {
		return r.tells(c, fd)
	}
	if !ours {
		return nil
	}
	if file == nil {
		return fmt.Errorf("%d is not known to be open", fd)
	}
	switch c.name {
	case "write", "pwrite64":
		at, end := file.at, strconv.FormatInt(file.node.length, 10)
		if c.name == "pwrite64" {
			end = c.args[3]
		}
		if c.name == "pwrite64" || file.ends {
			if at, err = strconv.ParseInt(end, 10, 64); err != nil {
				return err
			}
		}
		data, err := written(c)
		if err != nil {
			return err
		}
		if c.name == "write" {
			file.at = at + int64(len(data))
		}
		file.node.length = max(file.node.length, at+int64(len(data)))
		r.do(c, op{kind: opWrite, node: file.node, offset: at, data: data})
	case "ftruncate":
		length, err := strconv.ParseInt(c.args[1], 10, 64)
		if err != nil {
			return err
		}
		file.node.length = length
		r.do(c, op{kind: opCut, node: file.node, offset: length})
	case "fsync", "fdatasync":
		r.do(c, op{kind: opSync, node: file.node})
	}
	return nil
}

// written is what a write has written, which may be less than it was given.
func written(c call) ([]byte, error) {
	data, err := quoted(c.args[1])
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.result)
	if err != nil || n > len(data) {
		return nil, fmt.Errorf("it wrote %s of %d bytes", c.result, len(data))
	}
	return data[:n], nil
}

// tells notes what somebody else may know from now on.
func (r *recorder) tells(c call, fd int) error {
	if c.name != "write" {
		return nil
	}
	data, err := written(c)
	if err != nil {
		return err
	}
	before := len(r.ops)
	for before > 0 && r.ops[before-1].end > c.begun {
		before--
	}
	r.told = append(r.told, Told{FD: fd, Data: data, After: before})
	return nil
}

// Len is how many operations there are: the power may fail after each.
func (r *Recording) Len() int { return len(r.ops) }

// Told is what others may know when so many operations have ended.
func (r *Recording) Told(after int) []Told {
	return slices.DeleteFunc(slices.Clone(r.told), func(t Told) bool { return t.After > after })
}
