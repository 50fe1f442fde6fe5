package powercut

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var paths = regexp.MustCompile(`</[^ >]*>`)

// texts writes texts and paths of a trace as strace -xx does.
func texts(trace string) string {
	parts := strings.Split(trace, "'")
	for i := 1; i < len(parts); i += 2 {
		var b strings.Builder
		for _, c := range []byte(parts[i]) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		parts[i] = `"` + b.String() + `"`
	}
	return paths.ReplaceAllStringFunc(strings.Join(parts, ""), func(path string) string {
		var b strings.Builder
		for _, c := range []byte(strings.Trim(path, "<>")) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		return "<" + b.String() + ">"
	})
}

func recorded(t *testing.T, trace string) *Recording {
	t.Helper()
	r, err := Read(strings.NewReader(texts(trace)), "/out")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show is a tree in one line.
func show(tree Tree) string {
	var parts []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if tree[path] == nil {
			parts = append(parts, path+"/")
		} else {
			parts = append(parts, path+"="+string(tree[path]))
		}
	}
	return strings.Join(parts, " ")
}

// An object as a folder stores it: bytes, sync, name, sync of the folder.
const stored = `7 mkdirat(AT_FDCWD</home>, '/out', 0700) = 0
7 openat(AT_FDCWD</home>, '/out', O_RDONLY|O_CLOEXEC) = 5</out>
7 openat(5</out>, '.a.part', O_WRONLY|O_CREAT|O_EXCL, 0644) = 6</out/.a.part>
7 write(6</out/.a.part>, 'hello ', 6) = 6
7 write(6</out/.a.part>, 'world and more', 14) = 5
7 fsync(6</out/.a.part>) = 0
7 renameat2(5</out>, '.a.part', 5</out>, 'a', RENAME_NOREPLACE) = 0
7 fsync(5</out>) = 0
7 write(1<pipe:[9]>, 'a is done', 9) = 9
7 unlinkat(5</out>, 'a', 0) = 0
`

func TestCut(t *testing.T) {
	t.Parallel()
	r := recorded(t, stored)
	want := []struct{ none, data, all string }{
		{"", "", ""},
		{".a.part=", ".a.part=", ""},       // made
		{".a.part=hello ", ".a.part=", ""}, // written
		{".a.part=hello world", ".a.part=", ""},
		{".a.part=hello world", ".a.part=hello world", ""}, // synced: its name is not
		{"a=hello world", "a=hello world", ""},             // renamed
		{"a=hello world", "a=hello world", "a=hello world"},
		{"", "", "a=hello world"}, // removed
	}
	if r.Len() != len(want)-1 {
		t.Fatalf("%d operations, want %d", r.Len(), len(want)-1)
	}
	for n, w := range want {
		if got := show(r.Cut(n, LoseNothing, nil)); got != w.none {
			t.Errorf("after %d, all kept: %q, want %q", n, got, w.none)
		}
		if got := show(r.Cut(n, LoseAll, nil)); got != w.all {
			t.Errorf("after %d, nothing kept: %q, want %q", n, got, w.all)
		}
		if got := show(r.Cut(n, LoseData, nil)); got != w.data {
			t.Errorf("after %d, names kept: %q, want %q", n, got, w.data)
		}
		if told := r.Told(n); (len(told) == 1) != (n >= 6) {
			t.Errorf("after %d others know %v", n, told)
		}
	}
}

// What is kept by chance is something between nothing and all, and a disk writes
// sectors.
func TestCutByChance(t *testing.T) {
	t.Parallel()
	r := recorded(t, stored)
	seen := map[string]bool{}
	for seed := range uint64(200) {
		seen[show(r.Cut(3, LoseSome, rand.New(rand.NewPCG(1, seed))))] = true
	}
	for _, want := range []string{"", ".a.part=", ".a.part=hello ", ".a.part=\x00\x00\x00\x00\x00\x00", ".a.part=\x00\x00\x00\x00\x00\x00world", ".a.part=hello world"} {
		if !seen[want] {
			t.Errorf("it was never %q", want)
		}
		delete(seen, want)
	}
	for got := range seen {
		t.Errorf("it was %q", got)
	}
}

// A sync covers what had ended before it began, and no more.
func TestSyncThatOverlaps(t *testing.T) {
	t.Parallel()
	r := recorded(t, `7 openat(AT_FDCWD</>, '/out/a', O_RDWR|O_CREAT, 0644) = 6</out/a>
7 openat(AT_FDCWD</>, '/out', O_RDONLY) = 5</out>
7 fsync(5</out>) = 0
7 pwrite64(6</out/a>, 'one', 3, 0) = 3
8 pwrite64(6</out/a>, 'two', 3, 3 <unfinished ...>
7 fsync(6</out/a> <unfinished ...>
8 <... pwrite64 resumed>)           = 3
7 <... fsync resumed>)              = 0
`)
	if got := show(r.Cut(r.Len(), LoseAll, nil)); got != "a=one" {
		t.Errorf("%q", got)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	r := recorded(t, `7 mkdir('/out/sub', 0700) = 0
7 open('/out', O_RDONLY) = 5</out>
7 open('/out/sub/a', O_RDWR|O_CREAT, 0644) = 6</out/sub/a>
7 open('/out/sub/a-shm', O_RDWR|O_CREAT, 0644) = 8</out/sub/a-shm>
7 ftruncate(8</out/sub/a-shm>, 3) = 0
7 ftruncate(6</out/sub/a>, 2) = 0
7 unlink('/out/missing') = -1 ENOENT (No such file or directory)
7 fdatasync(6</out/sub/a>) = 0
7 fsync(5</out>) = 0
`)
	if got := show(r.Cut(r.Len(), LoseAll, nil)); got != "sub/" {
		t.Errorf("the folder of the file was not synced: %q", got)
	}
	tree := r.Cut(r.Len(), LoseData, nil)
	if got := show(tree); got != "sub/ sub/a=\x00\x00" {
		t.Errorf("%q", got)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob(dir + "/sub/*"); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// A trace that says more than is replayed proves nothing.
func TestNotReplayed(t *testing.T) {
	t.Parallel()
	for _, trace := range []string{
		"7 linkat(5</out>, 'a', 5</out>, 'b', 0) = 0",
		"7 copy_file_range(9</home/x>, NULL, 6</out/a>, NULL, 4096, 0) = 10",
		"7 truncate('/out/a', 3) = 0",
		"7 rename('/out/a', '/elsewhere') = 0",
		"7 write(6</out/a>, 'x', 1) = 1",
		"7 unlink('/out/a') = 0",
		"7 fsync(6</out/a>",
	} {
		if r, err := Read(strings.NewReader(texts(trace)+"\n"), "/out"); err == nil {
			t.Errorf("%s is read as %d operations", trace, r.Len())
		}
	}
	if _, err := Read(strings.NewReader("7 write(6</out/a>, \"\\x41\"..., 5000) = 5000\n"), "/out"); err == nil {
		t.Error("a text that is cut short is taken for whole")
	}
}
