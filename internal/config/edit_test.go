package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

const commented = `# my settings

backend: studio   # the one upstairs

# quick looks
preview: never

backends:
  # upstairs
  studio:
    url: http://192.168.1.20:8188   # fixed address
    headers: {X-Key: "a # b"}

  pod: {url: https://pod.example, insecure: true}

# the end
`

func edited(t *testing.T, before string, do func(path string) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "easel", "config.yaml")
	if before != "" {
		write(t, path, before)
	}
	if err := do(path); err != nil {
		t.Fatalf("edit: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readLayer(data, path, User); err != nil {
		t.Errorf("the result has mistakes: %v", err)
	}
	return string(data)
}

func TestEdits(t *testing.T) {
	t.Parallel()
	set := func(key, value string) func(string) error {
		return func(path string) error { return Set(path, key, value) }
	}
	backend := func(name string, b Backend) func(string) error {
		return func(path string) error { return SetBackend(path, name, b) }
	}
	removeBackend := func(name string) func(string) error {
		return func(path string) error {
			found, err := RemoveBackend(path, name)
			if err == nil && !found {
				err = errors.New("not found")
			}
			return err
		}
	}
	tests := []struct {
		name, before string
		do           func(string) error
		after        string
	}{
		{"new file", "", set("backend", "studio"), "backend: studio\n"},
		{"byte order mark", "\xef\xbb\xbfout: a\r\nname: b\r\n", set("out", "art"), "out: art\r\nname: b\r\n"},
		{"only comments", "# mine\n", set("out", "art"), "# mine\nout: art\n"},
		{"same value", "out:   art\n", set("out", "art"), "out: art\n"},
		{"comment stays", "backend: studio   # upstairs\nout: art\n", set("backend", "pod"), "backend: pod   # upstairs\nout: art\n"},
		{"added last", "backend: a\n\n# end\n", set("out", "art"), "backend: a\nout: art\n\n# end\n"},
		{"new section", "out: a\n", set("inpaint.workflow", "w"), "out: a\ninpaint:\n  workflow: w\n"},
		{"into a section", "inpaint:\n    workflow: a # x\nout: b\n", set("inpaint.workflow", "w"), "inpaint:\n    workflow: w # x\nout: b\n"},
		{"empty section", "inpaint:\nout: b\n", set("inpaint.workflow", "w"), "inpaint:\n  workflow: w\nout: b\n"},
		{"section in one line", "inpaint: {workflow: a}\n", set("inpaint.workflow", "w"), "inpaint:\n  workflow: w\n"},
		{"list", "", set("allow_origins", "http://a, http://b"), "allow_origins:\n  - http://a\n  - http://b\n"},
		{"list below its key", "allow_origins:\n- http://a\n- http://b\nout: x\n", set("allow_origins", "http://c"), "allow_origins:\n  - http://c\nout: x\n"},
		{"quoting", "", set("out", "yes: no # x"), "out: \"yes: no # x\"\n"},
		{"digits stay a text", "", set("backend", "8188"), "backend: \"8188\"\n"},
		{"line ends stay", "backend: a\r\nout: b\r\n", set("out", "c"), "backend: a\r\nout: c\r\n"},
		{"no last line end", "backend: a", set("out", "c"), "backend: a\nout: c\n"},
		{"first backend", "", backend("studio", Backend{URL: "http://a"}), "backends:\n  studio:\n    url: http://a\n"},
		{
			"backend between the others", commented, backend("studio", Backend{
				URL: "http://b", Username: "u", Password: NewSecret("p w"), Headers: map[string]Secret{"B": NewSecret("2"), "A": NewSecret("1")},
				Insecure: true, Aliases: map[string]string{"x": "y"},
			}),
			`# my settings

backend: studio   # the one upstairs

# quick looks
preview: never

backends:
  # upstairs
  studio:
    url: http://b
    username: u
    password: p w
    headers:
      A: "1"
      B: "2"
    insecure: true
    aliases:
      x: "y"

  pod: {url: https://pod.example, insecure: true}

# the end
`,
		},
		{"one more backend", "backends:\n  a: {url: http://a}\nout: x\n", backend("b", Backend{URL: "http://b"}), "backends:\n  a: {url: http://a}\n  b:\n    url: http://b\nout: x\n"},
		{
			"remove the one in use", commented, removeBackend("studio"), `# my settings


# quick looks
preview: never

backends:
  # upstairs

  pod: {url: https://pod.example, insecure: true}

# the end
`,
		},
		{"remove the last one", "out: a\nbackends:\n  a:\n    url: http://a\n", removeBackend("a"), "out: a\n"},
		{"remove from one line", "backends: {a: {url: http://a}, b: {url: http://b}}\n", removeBackend("a"), "backends:\n  b:\n    url: http://b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.after, edited(t, tt.before, tt.do)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before string
		do           func(string) error
		want         string
	}{
		{"unknown key", "", func(p string) error { return Set(p, "bakend", "x") }, `unknown setting "bakend"; did you mean "backend"?`},
		{"bad value", "", func(p string) error { return Set(p, "preview", "x") }, `preview is "x": it is one of auto, always, never`},
		{"backend without address", "", func(p string) error { return SetBackend(p, "a", Backend{}) }, `the address of backend a is "": it is http://host:8188 or another form of --backend`},
		{"reserved name", "", func(p string) error { return SetBackend(p, "emulator", Backend{URL: "http://a"}) }, `the name of a backend is "emulator": this name means something already`},
		{"name like an address", "", func(p string) error { return SetBackend(p, "a/b", Backend{URL: "http://a"}) }, `the name of a backend is "a/b": a name has letters, digits, dots, dashes and underscores`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.yaml")
			if err := tt.do(path); err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file was written: %v", err)
			}
		})
	}
}

func TestEditLeavesAFileWithMistakesAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"bakend: x\n", "{backend: x}\n", "a: [\n", "\r\r\r# c\rname: a\r"} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, text)
		if err := Set(path, "out", "art"); err == nil {
			t.Errorf("%q was changed", text)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q is now %q, %v", text, got, err)
		}
	}
}

func TestEditedFilesAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "easel", "config.yaml")
	if err := Set(path, "out", "a"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Set(path, "out", "b"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("an existing file's mode was changed: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestEditFollowsOurOwnLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "dotfiles.yaml"), filepath.Join(dir, "config.yaml")
	write(t, target, "out: a\n")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := Set(link, "out", "b"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if got, _ := os.ReadFile(target); string(got) != "out: b\n" {
		t.Errorf("target is %q", got)
	}
	if err := os.Lchown(link, 12345, 12345); err != nil {
		t.Skip("the rest needs root:", err)
	}
	if err := Set(link, "out", "c"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("another user's link was followed: %v", err)
	}
}

// Whatever is set can be read back, and nothing else changes.
func TestEditsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(commented)
		if rapid.Bool().Draw(rt, "CRLF") {
			data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
		}
		lines := bytes.Count(data, []byte("\r\n"))
		want := map[string]string{"preview": "never", "backend": "studio"}
		for range rapid.IntRange(1, 4).Draw(rt, "edits") {
			key := rapid.SampledFrom([]string{"backend", "out", "name", "inpaint.workflow"}).Draw(rt, "key")
			value := rapid.OneOf(
				rapid.StringMatching(`[ -~äß☕]{1,12}`),
				rapid.StringMatching(`[?:#&*!|>%@,"'{}~ \[\]\n\t\\-]{1,3}`),
				rapid.SampledFrom([]string{"null", "Yes", "off", "1e5", ".5", "0x1f", "1_000", "12:30", "2026-11-24", "---", "..."}),
			).Draw(rt, "value")
			var err error
			if data, err = setPath(data, strings.Split(key, "."), textdoc.String(value)); err != nil {
				rt.Fatalf("set %s to %q: %v", key, value, err)
			}
			want[key] = value
		}
		l, err := readLayer(data, "f", User)
		if err != nil {
			rt.Fatalf("%v\n%s", err, data)
		}
		for key, value := range want {
			if l.values[key] != value {
				rt.Fatalf("%s is %q, not %q, in\n%s", key, l.values[key], value, data)
			}
		}
		if lines > 0 && bytes.Count(data, []byte("\r\n")) != bytes.Count(data, []byte("\n")) {
			rt.Fatalf("lines end in LF alone:\n%q", data)
		}
		if comments := bytes.Count(data, []byte("\n# ")); comments != 2 {
			rt.Fatalf("%d comments are left of 2:\n%s", comments, data)
		}
		if len(l.backends) != 2 || l.backends["studio"].Headers["X-Key"].Reveal() != "a # b" {
			rt.Fatalf("backends changed:\n%s", data)
		}
	})
}

func FuzzEdit(f *testing.F) {
	f.Add(commented, "out", "x")
	f.Add("inpaint: {workflow: a}\n", "inpaint.workflow", "b\n# c")
	f.Add("out: |\n  a\n  # b\npreview: never\n", "out", "\t")
	f.Add("? out\n: a\n", "backend", "&x")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		l, err := readLayer([]byte(text), "f", User)
		if err != nil {
			return
		}
		k, err := lookup(key)
		if err != nil || k.isList() {
			return
		}
		changed, err := setPath([]byte(text), []string{key}, textdoc.String(value))
		if err != nil {
			return
		}
		after, err := readLayer(changed, "f", User)
		if err != nil {
			return // edit refuses it
		}
		if len(after.backends) != len(l.backends) || len(after.presets) != len(l.presets) {
			t.Errorf("setting %s changed something else:\n%s\n---\n%s", key, text, changed)
		}
	})
}
