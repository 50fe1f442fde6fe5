package powercut

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// A Loss says what survives of that which no sync had brought to the disk.
type Loss int

// What may survive. What was synced always does.
const (
	LoseNothing Loss = iota // everything, as when only the process dies
	LoseAll                 // nothing
	LoseData                // every name, but no byte: the files behind new names are empty
	LoseSome                // by chance: some writes, of some a part, and names up to one of them
	losses
)

// Losses are those of a power cut.
func Losses() []Loss { return []Loss{LoseAll, LoseData, LoseSome} }

func (l Loss) String() string { return [losses]string{"nothing", "all", "data", "some"}[l] }

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// A Tree is what is in a folder: the content of files by their paths; nil is that of a
// folder.
type Tree map[string][]byte

// A disk is where operations arrive.
type disk struct {
	data    map[*node][]byte // that is safe
	waiting map[*node][]op   // writes and cuts that are not
	entries map[*node]map[string]*node
	names   []op // that are not safe, in their order
}

// Cut is what the folder holds when the power fails after so many operations, and it
// is looked at again.
func (r *Recording) Cut(after int, loss Loss, chance *rand.Rand) Tree {
	d := &disk{data: map[*node][]byte{}, waiting: map[*node][]op{}, entries: map[*node]map[string]*node{}}
	for _, o := range r.ops[:after] {
		d.take(o)
	}
	d.fail(loss, chance)
	tree := Tree{}
	var walk func(n *node, path string)
	walk = func(n *node, path string) {
		for _, of := range slices.Sorted(maps.Keys(d.entries[n])) {
			child, at := d.entries[n][of], filepath.Join(path, of)
			if child.folder {
				tree[at] = nil
				walk(child, at)
			} else {
				tree[at] = append([]byte{}, d.data[child]...)
			}
		}
	}
	walk(r.top, "")
	return tree
}

// take does an operation.
func (d *disk) take(o op) {
	switch o.kind {
	case opWrite, opCut:
		d.waiting[o.node] = append(d.waiting[o.node], o)
	case opName, opRename, opUnname:
		d.names = append(d.names, o)
	case opSync:
		d.sync(o)
	}
}

// sync makes safe what was done to a node before the sync began.
func (d *disk) sync(o op) {
	var later []op
	for _, w := range d.waiting[o.node] {
		if w.end < o.begun {
			d.store(w)
		} else {
			later = append(later, w)
		}
	}
	d.waiting[o.node] = later
	if !o.node.folder {
		return // its name is not its own: the folder has to be synced for that
	}
	var names []op
	for _, n := range d.names {
		if n.end < o.begun && (n.at.dir == o.node || n.from.dir == o.node) {
			d.rename(n)
		} else {
			names = append(names, n)
		}
	}
	d.names = names
}

// fail decides about all that is not safe.
func (d *disk) fail(loss Loss, chance *rand.Rand) {
	kept := 0
	switch loss {
	case LoseNothing, LoseData:
		kept = len(d.names)
	case LoseSome:
		kept = chance.IntN(len(d.names) + 1)
	}
	for _, n := range d.names[:kept] {
		d.rename(n)
	}
	if loss == LoseAll || loss == LoseData {
		return
	}
	var nodes []*node
	for n := range d.waiting {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *node) int { return first(d.waiting[a]) - first(d.waiting[b]) }) // by chance alone, not by that of a map
	for _, n := range nodes {
		for _, w := range d.waiting[n] {
			switch {
			case loss == LoseNothing || chance.IntN(3) == 0:
				d.store(w)
			case chance.IntN(2) == 0:
				from := sector * chance.IntN(len(w.data)/sector+1)
				to := min(len(w.data), from+sector*chance.IntN(len(w.data)/sector+2))
				w.offset, w.data = w.offset+int64(from), w.data[from:to]
				d.store(w)
			}
		}
	}
}

func first(ops []op) int {
	if len(ops) == 0 {
		return 0
	}
	return ops[0].end
}

// store changes the content of a file.
func (d *disk) store(o op) {
	data := d.data[o.node]
	grow := func(length int64) {
		if missing := length - int64(len(data)); missing > 0 {
			data = append(data, make([]byte, missing)...)
		}
	}
	if o.kind == opCut {
		grow(o.offset)
		data = data[:o.offset:o.offset]
	} else {
		grow(o.offset + int64(len(o.data)))
		copy(data[o.offset:], o.data)
	}
	d.data[o.node] = data
}

// rename changes names.
func (d *disk) rename(o op) {
	in := func(dir *node) map[string]*node {
		if d.entries[dir] == nil {
			d.entries[dir] = map[string]*node{}
		}
		return d.entries[dir]
	}
	switch o.kind {
	case opUnname:
		if in(o.at.dir)[o.at.of] == o.node {
			delete(in(o.at.dir), o.at.of)
		}
		return
	case opRename:
		if in(o.from.dir)[o.from.of] == o.node {
			delete(in(o.from.dir), o.from.of)
		}
	}
	in(o.at.dir)[o.at.of] = o.node
}

// Write puts a tree into a folder, which is made.
func (t Tree) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(t)) {
		at := filepath.Join(dir, path)
		var err error
		if data := t[path]; data == nil {
			err = os.MkdirAll(at, 0o700)
		} else {
			err = os.WriteFile(at, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
