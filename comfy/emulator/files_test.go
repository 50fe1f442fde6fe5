package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bothVolumes(t *testing.T, test func(t *testing.T, v volume)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, newMemVolume(nil))
	})
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		v := newDiskVolume(t.TempDir(), "output")
		t.Cleanup(func() { _ = v.close() })
		test(t, v)
	})
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	bothVolumes(t, func(t *testing.T, v volume) {
		for name, data := range map[string]string{"a": "1", "d/b": "22", "d/e/c": "333"} {
			if err := v.write(name, []byte(data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.write("a", []byte("other")); err != nil {
			t.Fatal(err)
		}
		f, err := v.open("a")
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(f)
		_ = f.Close()
		if string(got) != "other" || f.size() != 5 || time.Since(f.modTime()) > time.Hour {
			t.Errorf("a: got %q, %d bytes, %v", got, f.size(), f.modTime())
		}
		for _, name := range []string{"none", "d", ".", "d/none", "a/x"} {
			if _, err := v.open(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("open %s: got %v", name, err)
			}
		}
		list := func(dir string) []string {
			names, _ := v.list(dir)
			slices.Sort(names)
			return names
		}
		if diff := cmp.Diff([]string{"b", "e"}, list("d")); diff != "" {
			t.Errorf("list of d (-want +got):\n%s", diff)
		}
		if !v.isDir("d/e") || v.isDir("a") || v.isDir("none") || !v.isDir(".") {
			t.Error("isDir is wrong")
		}
		if err := v.remove("d/b"); err != nil {
			t.Error(err)
		}
		if err := v.remove("d/b"); err == nil {
			t.Error("removed twice")
		}
		if diff := cmp.Diff([]string{"e"}, list("d")); diff != "" {
			t.Errorf("list after remove (-want +got):\n%s", diff)
		}
		v.wipe()
		if got := list("."); len(got) != 0 {
			t.Errorf("after wipe: got %v", got)
		}
	})
}

func TestSaveNumbersFiles(t *testing.T) {
	t.Parallel()
	f := newFolders("", DefaultMemoryLimit, newFaultSet(nil))
	n := f.forNode(context.Background())
	save := func(prefix, ext string) string {
		t.Helper()
		name, sub, err := n.Save("output", prefix, ext, func(w io.Writer) error { _, err := io.WriteString(w, prefix); return err })
		if err != nil {
			return err.Error()
		}
		return sub + "|" + name
	}
	year := time.Now().Format("2006")
	for _, test := range []struct{ prefix, ext, want string }{
		{"fox", "png", "|fox_00001_.png"},
		{"fox", "png", "|fox_00002_.png"},
		{"fox", ".webp", "|fox_00003_.webp"},
		{"fo", "png", "|fo_00001_.png"},
		{"a/b/fox", "png", "a/b|fox_00001_.png"},
		{"./a//b/fox", "png", "a/b|fox_00002_.png"},
		{"%year%", "png", "|" + year + "_00001_.png"},
		{"a/../fox", "png", "|fox_00004_.png"},
	} {
		if got := save(test.prefix, test.ext); got != test.want {
			t.Errorf("%s: got %s, want %s", test.prefix, got, test.want)
		}
	}
	for _, prefix := range []string{"../x", "a/../../x", "/etc/x", "x\x00"} {
		if got := save(prefix, "png"); !strings.Contains(got, "outside the output folder") {
			t.Errorf("%q: got %s", prefix, got)
		}
	}
	if err := f.output.remove("fox_00004_.png"); err != nil {
		t.Fatal(err)
	}
	if got := save("fox", "png"); got != "|fox_00004_.png" {
		t.Errorf("after deleting the newest: got %s", got)
	}
}

func TestMemoryLimitDropsTheOldest(t *testing.T) {
	t.Parallel()
	f := newFolders("", 10, newFaultSet(nil))
	for i := range 4 {
		if err := f.output.write(fmt.Sprint(i), []byte("abcd")); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := f.output.list(".")
	slices.Sort(names)
	if diff := cmp.Diff([]string{"2", "3"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestServerOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := newFixture(t, Options{Dir: dir})
	f.run("job", graph(1, 1))
	f.upload("in.png", "data", "subfolder", "sub")
	for name, want := range map[string]string{"output/fox_00001_.png": "picture of 1", "input/sub/in.png": "data"} {
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "output", "etc")); err != nil {
		t.Skip("no symbolic links here")
	}
	if status, _ := f.do("GET", "/view?filename=passwd&subfolder=etc", ""); status != 404 {
		t.Errorf("a link out of the folder: got %d", status)
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	f.upload("a.png", "0123456789", "subfolder", "d")
	at := "/view?type=input&subfolder=d&filename=a.png"
	res, _, err := f.try("GET", at, "")
	if err != nil {
		t.Fatal(err)
	}
	tag, changed := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
	old := "Tue, 24 Nov 2015 14:49:58 GMT"
	tests := []struct {
		name, method, path string
		header             http.Header
		status             int
		body               string
	}{
		{"whole", "GET", at, nil, 200, "0123456789"},
		{"head", "HEAD", at, nil, 200, ""},
		{"annotation", "GET", "/view?filename=a.png+[input]&subfolder=d", nil, 200, "0123456789"},
		{"folder in the name", "GET", "/view?filename=x/y/a.png&type=input&subfolder=d", nil, 200, "0123456789"},
		{"no name", "GET", "/view", nil, 404, ""},
		{"empty name", "GET", "/view?filename=", nil, 400, ""},
		{"absolute", "GET", "/view?filename=/a.png", nil, 400, ""},
		{"dots", "GET", "/view?filename=a..png", nil, 400, ""},
		{"type", "GET", "/view?filename=a.png&type=models", nil, 400, ""},
		{"outside", "GET", "/view?filename=a.png&subfolder=../x", nil, 403, ""},
		{"missing", "GET", "/view?filename=a.png", nil, 404, ""},
		{"range", "GET", at, http.Header{"Range": {"bytes=2-4"}}, 206, "234"},
		{"tail", "GET", at, http.Header{"Range": {"bytes=-3"}}, 206, "789"},
		{"beyond", "GET", at, http.Header{"Range": {"bytes=10-"}}, 416, ""},
		{"two ranges", "GET", at, http.Header{"Range": {"bytes=0-1,3-4"}}, 416, ""},
		{"if-range with any tag", "GET", at, http.Header{"Range": {"bytes=8-"}, "If-Range": {`"other"`}}, 206, "89"},
		{"if-range with an old date", "GET", at, http.Header{"Range": {"bytes=8-"}, "If-Range": {old}}, 200, "0123456789"},
		{"if-range with its date", "GET", at, http.Header{"Range": {"bytes=8-"}, "If-Range": {changed}}, 206, "89"},
		{"if-none-match", "GET", at, http.Header{"If-None-Match": {tag}}, 304, ""},
		{"if-match", "GET", at, http.Header{"If-Match": {`"other"`}}, 412, ""},
		{"preview of no picture", "GET", at + "&preview=jpeg", nil, 500, crash},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := side{"http://emulator", f.client}.ask(t.Context(), test.method, test.path, "", test.header)
			if body := strings.Trim(fmt.Sprint(a.Body), "'"); err != nil || a.Status != test.status || body != test.body {
				t.Errorf("got %d %q, %v", a.Status, body, err)
			}
		})
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	for _, test := range []struct{ name, data, want string }{
		{"a.png", "1", "a.png"},
		{"a.png", "1", "a.png"},
		{"a.png", "2", "a (1).png"},
		{"a.png", "2", "a (1).png"},
		{"a.png", "3", "a (2).png"},
		{".hidden", "1", ".hidden"},
		{".hidden", "2", ".hidden (1)"},
		{"x.tar.gz", "1", "x.tar.gz"},
		{"x.tar.gz", "2", "x.tar (1).gz"},
	} {
		if got := f.upload(test.name, test.data); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	if got := f.upload("a.png", "new", "overwrite", "1"); got != "a.png" {
		t.Errorf("overwrite: got %s", got)
	}
	if _, got := f.do("GET", "/view?filename=a.png&type=input", ""); got != "new" {
		t.Errorf("overwritten: got %q", got)
	}
	if _, got := f.do("GET", "/object_info/Load", ""); !strings.Contains(got, `"a (1).png"`) {
		t.Errorf("the class does not offer the upload: %s", got)
	}
}

func TestUserData(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	post := func(path, body string, status int, want string) {
		t.Helper()
		if got, text := f.do("POST", "/api/userdata/"+path, body); got != status || text != want {
			t.Errorf("%s: got %d %s", path, got, text)
		}
	}
	post("workflows%2Fa.json", "{}", 200, `"workflows/a.json"`)
	post("workflows%2Fd%2Fb.json", "[]", 200, `"workflows/d/b.json"`)
	post("workflows%2Fa.json?overwrite=false", "x", 409, "File already exists")
	post("..%2Fx", "x", 403, "")
	for path, want := range map[string]string{
		"?dir=workflows":                         `["a.json"]`,
		"?dir=workflows&recurse=true":            `["a.json", "d/b.json"]`,
		"?dir=workflows&recurse=true&split=true": `[["a.json", "a.json"], ["d/b.json", "d", "b.json"]]`,
		"/workflows%2Fd%2Fb.json":                `[]`,
	} {
		if status, got := f.do("GET", "/userdata"+path, ""); status != 200 || got != want {
			t.Errorf("%s: got %d %s", path, status, got)
		}
	}
	if _, got := f.do("GET", "/userdata?dir=workflows&full_info=true", ""); !strings.HasPrefix(got, `[{"path": "a.json", "size": 2, "modified": `) {
		t.Errorf("full info: got %s", got)
	}
}

func FuzzInside(f *testing.F) {
	for _, s := range append(hostileFilenames(), hostileSubfolders()...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean, ok := inside(name)
		if ok && (strings.HasPrefix(clean, "/") || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(clean, "/../")) {
			t.Errorf("%q gives %q", name, clean)
		}
	})
}
