package emulator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A storedFile is an open file of a folder.
type storedFile interface {
	io.ReadSeekCloser
	size() int64
	modTime() time.Time
}

// A volume keeps the files of one folder. Names are clean, relative and use
// slashes. Volumes are safe for concurrent use.
type volume interface {
	open(name string) (storedFile, error) // fs.ErrNotExist when it is no file
	write(name string, data []byte) error // replaces; makes folders
	remove(name string) error
	list(dir string) ([]string, error) // names of the files and folders right in dir
	isDir(name string) bool
	wipe()
	close() error
}

// folders are the server's folders: three of pictures, and one of what the
// editor saves.
type folders struct {
	faults *faultSet
	input  volume
	output volume
	temp   volume
	user   volume

	mu sync.Mutex // held while a name is chosen and its file written
}

func newFolders(dir string, limit int64, faults *faultSet) *folders {
	if dir == "" {
		budget := &memBudget{limit: limit}
		return &folders{faults: faults, input: newMemVolume(nil), output: newMemVolume(budget), temp: newMemVolume(budget), user: newMemVolume(nil)}
	}
	disk := func(name string) volume { return newDiskVolume(dir, name) }
	return &folders{faults: faults, input: disk("input"), output: disk("output"), temp: disk("temp"), user: disk("user")}
}

// volume finds a folder by the name of its type.
func (f *folders) volume(typ string) (volume, bool) {
	switch typ {
	case "input":
		return f.input, true
	case "output":
		return f.output, true
	case "temp":
		return f.temp, true
	}
	return nil, false
}

func (f *folders) wipeTemp() { f.temp.wipe() }

func (f *folders) close() error {
	return errors.Join(f.input.close(), f.output.close(), f.temp.close(), f.user.close())
}

// annotated splits "name [type]" as the server does: the bracket and exactly
// one character before it go.
func annotated(name string) (plain, typ string) {
	for _, typ := range []string{"output", "input", "temp"} {
		if cut := len(name) - len(typ) - 3; strings.HasSuffix(name, "["+typ+"]") {
			return name[:max(cut, 0)], typ
		}
	}
	return name, ""
}

// inside cleans a path below a folder; ok is false when it leaves the folder.
func inside(name string) (clean string, ok bool) {
	clean = path.Clean("./" + name)
	if path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(name, 0) {
		return "", false
	}
	return clean, true
}

// openIn opens a file of a folder by a name that a client chose.
func (f *folders) openIn(typ, name string) (storedFile, error) {
	v, ok := f.volume(typ)
	clean, safe := inside(name)
	if !ok || !safe {
		return nil, fs.ErrNotExist
	}
	return v.open(clean)
}

// nodeFiles is what a running node sees of the folders. It notes what was
// saved.
type nodeFiles struct {
	*folders
	ctx   context.Context
	saved []savedFile
}

type savedFile struct{ typ, name string }

func (f *folders) forNode(ctx context.Context) *nodeFiles { return &nodeFiles{folders: f, ctx: ctx} }

// locate applies an annotation in the name, which beats the folder.
func locate(folder, name string) (typ, plain string) {
	plain, typ = annotated(name)
	return cmp.Or(typ, folder), plain
}

func (n *nodeFiles) Open(folder, name string) (io.ReadCloser, error) {
	return n.openIn(locate(folder, name))
}

// Exists reports whether something of that name is there; as in the server, a
// folder counts, too.
func (n *nodeFiles) Exists(folder, name string) bool {
	typ, plain := locate(folder, name)
	v, known := n.volume(typ)
	clean, safe := inside(plain)
	if !known || !safe {
		return false
	}
	file, err := v.open(clean)
	if err != nil {
		return v.isDir(clean)
	}
	_ = file.Close()
	return true
}

// Save writes the next file of a prefix: the folder part is made, the number
// is one more than the highest there.
func (n *nodeFiles) Save(folder, prefix, ext string, write func(io.Writer) error) (filename, subfolder string, err error) {
	if _, ok := n.faults.look(FaultTempOnly); ok && folder == "output" {
		folder = "temp"
	}
	v, ok := n.volume(folder)
	if !ok {
		return "", "", fmt.Errorf("save into %q: no such folder", folder)
	}
	clean, ok := inside(expandTime(prefix, time.Now()))
	if !ok {
		return "", "", &pyval.Exception{Type: "Exception", Message: "**** ERROR: Saving image outside the output folder is not allowed."}
	}
	subfolder, base := path.Split(clean)
	subfolder = strings.TrimSuffix(subfolder, "/")
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return "", "", err
	}
	if _, ok := n.faults.take(FaultZeroBytes, ""); ok {
		content.Reset()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	number, present := nextNumber(v, subfolder, base)
	if f, ok := n.faults.look(FaultListingCost); ok {
		_ = wait(n.ctx, time.Duration(present)*f.Duration)
	}
	filename = fmt.Sprintf("%s_%05d_.%s", base, number, strings.TrimPrefix(ext, "."))
	name := path.Join(subfolder, filename)
	if err := v.write(name, content.Bytes()); err != nil {
		return "", "", err
	}
	n.saved = append(n.saved, savedFile{folder, name})
	return filename, subfolder, nil
}

// nextNumber is one more than the highest number of base in a folder, of any
// extension; present counts what is in the folder.
func nextNumber(v volume, dir, base string) (number, present int) {
	names, _ := v.list(dir) // a folder that is not there has no files
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, base+"_")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, "_")
		if n, err := strconv.Atoi(digits); err == nil {
			number = max(number, n)
		}
	}
	return number + 1, len(names)
}

// expandTime replaces the time tokens of a file name prefix, in server time.
func expandTime(prefix string, now time.Time) string {
	if !strings.Contains(prefix, "%") {
		return prefix
	}
	return strings.NewReplacer(
		"%year%", now.Format("2006"), "%month%", now.Format("01"), "%day%", now.Format("02"),
		"%hour%", now.Format("15"), "%minute%", now.Format("04"), "%second%", now.Format("05"),
	).Replace(prefix)
}
