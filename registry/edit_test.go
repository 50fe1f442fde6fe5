package registry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

const entryB = `{"id":"b","steps":{"type":"int","max":18446744073709551615},"list":["x",1],"nested":{"deep":{"a":1}}}`

func TestSetEntry(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, file, before, id, after string }{
		{"new JSON file", "registry.json", "", "b", `{
  "workflows": {
    "b": {
      "id": "b",
      "steps": {"type": "int", "max": 18446744073709551615},
      "list": ["x", 1],
      "nested": {
        "deep": {"a": 1}
      }
    }
  }
}
`},
		{"behind the others, comments stay", "registry.json", `// mine
{
  "workflows": {
    "a": {"id": "a"} // the first
  },
  "characters": {}
}
`, "b", `// mine
{
  "workflows": {
    "a": {"id": "a"}, // the first
    "b": {
      "id": "b",
      "steps": {"type": "int", "max": 18446744073709551615},
      "list": ["x", 1],
      "nested": {
        "deep": {"a": 1}
      }
    }
  },
  "characters": {}
}
`},
		{"in its place", "registry.json", "{\"workflows\": {\"a\": {\"id\": \"a\"}, /* two */ \"b\": {\"id\": \"b\"} , \"c\":{}}}", "b", `{"workflows": {"a": {"id": "a"}, /* two */ "b": {
      "id": "b",
      "steps": {"type": "int", "max": 18446744073709551615},
      "list": ["x", 1],
      "nested": {
        "deep": {"a": 1}
      }
    } , "c":{}}}`},
		{"trailing comma", "registry.json", "{\n  \"workflows\": {\n    \"a\": {\"id\": \"a\"},\n  },\n}\n", "a", "{\n  \"workflows\": {\n    \"a\": {\n      \"id\": \"b\",\n      \"steps\": {\"type\": \"int\", \"max\": 18446744073709551615},\n      \"list\": [\"x\", 1],\n      \"nested\": {\n        \"deep\": {\"a\": 1}\n      }\n    },\n  },\n}\n"},
		{"new YAML file", "registry.yaml", "", "b", `workflows:
  b:
    id: b
    steps: {type: int, max: 18446744073709551615}
    list: [x, 1]
    nested:
      deep: {a: 1}
`},
		{"YAML behind the others", "registry.yaml", `# mine
workflows:
    a:   # the first
        id: a

# people
characters: {}
`, "b", `# mine
workflows:
    a:   # the first
        id: a
    b:
      id: b
      steps: {type: int, max: 18446744073709551615}
      list: [x, 1]
      nested:
        deep: {a: 1}

# people
characters: {}
`},
		{"YAML in its place", "registry.yaml", "workflows:\n  b: {id: b}\n\n  # the second\n  c:\n    id: c\n", "b", `workflows:
  b:
    id: b
    steps: {type: int, max: 18446744073709551615}
    list: [x, 1]
    nested:
      deep: {a: 1}

  # the second
  c:
    id: c
`},
		{"YAML with an empty section", "registry.yaml", "workflows: {}\n", "b", "workflows:\n  b:\n    id: b\n    steps: {type: int, max: 18446744073709551615}\n    list: [x, 1]\n    nested:\n      deep: {a: 1}\n"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := registry.SetEntry(tc.file, []byte(tc.before), registry.Workflows, tc.id, json.RawMessage(entryB))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.after, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			has, err := registry.HasEntry(tc.file, got, registry.Workflows, tc.id)
			if err != nil || !has {
				t.Errorf("the entry is not there: %v", err)
			}
		})
	}
}

func TestRemoveEntry(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, file, before, after string }{
		{"last of two", "r.json", "{\n  \"workflows\": {\n    \"a\": {},\n    \"b\": {\"x\": 1}\n  }\n}\n", "{\n  \"workflows\": {\n    \"a\": {}\n  }\n}\n"},
		{"first of two", "r.json", "{\"workflows\": {\"b\": {}, \"a\": {}}}", "{\"workflows\": { \"a\": {}}}"},
		{"only one", "r.json", "{\"workflows\": {\"b\": {}}, \"characters\": {\"b\": {}}}", "{\"workflows\": {}, \"characters\": {\"b\": {}}}"},
		{"trailing comma", "r.json", "{\"workflows\": {\"a\": {}, \"b\": {},}}", "{\"workflows\": {\"a\": {},}}"},
		{"YAML", "r.yaml", "workflows:\n  a: {x: 1}\n  b:\n    x: 1\n    # inside\n\n# people\ncharacters:\n  b: {}\n", "workflows:\n  a: {x: 1}\n\n# people\ncharacters:\n  b: {}\n"},
		{"YAML, only one", "r.yaml", "workflows:\n  b:\n    x: 1\n", "workflows: {}\n"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, found, err := registry.RemoveEntry(tc.file, []byte(tc.before), registry.Workflows, "b")
			if err != nil || !found {
				t.Fatalf("found %v, %v", found, err)
			}
			if diff := cmp.Diff(tc.after, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if _, found, err := registry.RemoveEntry(tc.file, got, registry.Workflows, "b"); found || err != nil {
				t.Errorf("a second time: found %v, %v", found, err)
			}
		})
	}
}

// The mark that Notepad puts in front goes; nothing else changes.
func TestEditWithAByteOrderMark(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		"r.json": "{\n  // ours\n  \"workflows\": {\n    \"a\": {}\n  }\n}\n",
		"r.yaml": "workflows:\n  a: {}\n",
	} {
		want, err := registry.SetEntry(file, []byte(text), registry.Workflows, "b", json.RawMessage(entryB))
		if err != nil {
			t.Fatal(err)
		}
		got, err := registry.SetEntry(file, []byte("\xef\xbb\xbf"+text), registry.Workflows, "b", json.RawMessage(entryB))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q, %v", file, got, want, err)
		}
		if got, found, err := registry.RemoveEntry(file, append([]byte("\xef\xbb\xbf"), want...), registry.Workflows, "b"); err != nil || !found || string(got) != text {
			t.Errorf("%s: %q, want %q, %v", file, got, text, err)
		}
	}
}

// A file that cannot be changed safely is left alone.
func TestEditRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, text string }{
		{"broken JSON", "r.json", `{"workflows": {`},
		{"no object", "r.json", `[]`},
		{"no object of entries", "r.json", `{"workflows": []}`},
		{"broken YAML", "r.yaml", "workflows: {\n"},
		{"YAML in one line", "r.yaml", "workflows: {a: {id: a}}\n"},
		{"lone carriage returns", "r.yaml", "\r\r\r# c\rworkflows:\r  a: {id: a}\r"},
		{"YAML flow at the top", "r.yaml", "{workflows: {a: {id: a}}}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := registry.SetEntry(tc.file, []byte(tc.text), registry.Workflows, "b", json.RawMessage(entryB))
			var fe *registry.FileError
			if !errors.As(err, &fe) || !strings.HasPrefix(err.Error(), tc.file) {
				t.Errorf("error %v, want a *FileError of %s", err, tc.file)
			}
		})
	}
}

// FuzzSetEntry: whatever the file, an edit adds the entry and nothing else, or
// fails; taking it away again gives the same entries as before.
func FuzzSetEntry(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"workflows":{"a":{}}} // x`, "{\"workflows\":{\"a\":1,},}", "workflows:\n  a: {x: 1}\n", "workflows: &x\n  a: *x\n", "# c\n\ncharacters:\n  - a\n"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, yaml bool) {
		file := "r.json"
		if yaml {
			file = "r.yaml"
		}
		out, err := registry.SetEntry(file, []byte(text), registry.Workflows, "b", json.RawMessage(entryB))
		if err != nil {
			return
		}
		if has, err := registry.HasEntry(file, out, registry.Workflows, "b"); !has || err != nil {
			t.Fatalf("%q became %q: has %v, %v", text, out, has, err)
		}
		if _, found, err := registry.RemoveEntry(file, out, registry.Workflows, "b"); err == nil && !found {
			t.Fatalf("%q: not found again", out)
		}
	})
}

// Two files of one source with one id: which of them counts would be a guess.
func TestOneSourceHasAnIDOnce(t *testing.T) {
	t.Parallel()
	file := []byte(`{"workflows":{"a":{"id":"a","workflow_path":"a.json"}},"characters":{"c":{"id":"c"}}}`)
	files := fstest.MapFS{"one/registry.json": {Data: file}, "two/registry.json": {Data: file}}
	layer := func(name, dir string) registry.Layer {
		return registry.Layer{Name: name, FS: files, File: dir + "/registry.json", Display: dir + "/registry.json"}
	}
	if _, err := registry.Load(layer("user", "one"), layer("project", "two")); err != nil {
		t.Errorf("two sources: %v", err)
	}
	if _, err := registry.Load(layer("flag", "one"), layer("flag", "two")); err != nil {
		t.Errorf("two flags: %v", err)
	}
	_, err := registry.Load(layer("user", "one"), layer("user", "two"))
	for _, want := range []string{`two/registry.json: workflow "a" is in one/registry.json too`, `character "c"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
