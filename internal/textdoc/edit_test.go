package textdoc

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			got, err := setTo(tc.file, []byte(tc.before), tc.id, entryB)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.after, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			has, err := has(tc.file, got, tc.id)
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
			got, found, err := removedFrom(tc.file, []byte(tc.before), "b")
			if err != nil || !found {
				t.Fatalf("found %v, %v", found, err)
			}
			if diff := cmp.Diff(tc.after, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if _, found, err := removedFrom(tc.file, got, "b"); found || err != nil {
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
		want, err := setTo(file, []byte(text), "b", entryB)
		if err != nil {
			t.Fatal(err)
		}
		got, err := setTo(file, []byte("\xef\xbb\xbf"+text), "b", entryB)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q, %v", file, got, want, err)
		}
		if got, found, err := removedFrom(file, append([]byte("\xef\xbb\xbf"), want...), "b"); err != nil || !found || string(got) != text {
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
		{"remarks in braces", "r.yaml", "workflows: {\n  a: {id: a} # ours\n  }\n"},
		{"broken YAML", "r.yaml", "workflows: {\n"},
		{"lone carriage returns", "r.yaml", "\r\r\r# c\rworkflows:\r  a: {id: a}\r"},
		{"YAML flow at the top", "r.yaml", "{workflows: {a: {id: a}}}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := setTo(tc.file, []byte(tc.text), "b", entryB)
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("error %v, want an *Error", err)
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
		out, err := setTo(file, []byte(text), "b", entryB)
		if err != nil {
			return
		}
		if has, err := has(file, out, "b"); !has || err != nil {
			t.Fatalf("%q became %q: has %v, %v", text, out, has, err)
		}
		if _, found, err := removedFrom(file, out, "b"); err == nil && !found {
			t.Fatalf("%q: not found again", out)
		}
	})
}

func has(name string, data []byte, id string) (bool, error) {
	root, e := Parse(FormatOf(name), data, Options{})
	if e != nil {
		return false, e
	}
	list, _ := root.Get("workflows")
	_, ok := list.Get(id)
	return ok, nil
}
