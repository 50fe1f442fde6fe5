package textdoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// editedLayouts are files as people and editors leave them, by name, each with
// the entries a and b.
func editedLayouts() map[string]string {
	return map[string]string{
		"empty.json":   "",
		"empty.yaml":   "",
		"plain.json":   "{\n  \"workflows\": {\n    \"a\": {\"id\": \"a\"},\n    \"b\": {\"n\": 1.50}\n  },\n  \"characters\": {}\n}\n",
		"dense.json":   `{"workflows":{"a":{"id":"a"},"b":{"n":1.50}},"characters":{}}`,
		"remarks.json": "// ours\n{\n  \"workflows\": { // all\n    \"a\": {\"id\": \"a\"}, /* one */\n    // two\n    \"b\": {\"n\": 1.50}, // last\n    // end\n  },\n  \"characters\": {},\n}\n// end\n",
		"block.yaml":   "# ours\nworkflows:\n  a:   # one\n    id: a\n\n  # two\n  b:\n    n: 1.50\n    # inside\n\n# people\ncharacters: {}\n# end\n",
		"flow.yaml":    "characters: {}\nworkflows:\n    a: {id: a}\n    \"b\": {n: 1.50}",
	}
}

// oddText are texts that YAML could take for something else.
func oddText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ -~äß☕😀]{0,12}`),
		rapid.StringMatching(`[?:#&*!|>%@,"'{}~ \[\]\n\r\t\\-]{1,3}`),
		rapid.SampledFrom([]string{"a", "b", "null", "Yes", "off", "1e5", ".5", "0x1f", "012", "1_000", "12:30", "2026-11-24", "---", "...", "<<", "\u2028", "\u0085", "\x00", "\x7f", "\ufeff"}),
	)
}

// oddValue is JSON whose digits and texts must come through an edit unchanged.
func oddValue() *rapid.Generator[string] {
	text := oddText()
	number := rapid.SampledFrom([]string{"0", "-0", "-1", "1.50", "1e5", "-2E-7", "18446744073709551615", "0.1", "1e400"})
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return number.Draw(t, "number")
		case 1:
			return rapid.SampledFrom([]string{"true", "false", "null", "{}", "[]"}).Draw(t, "word")
		case 2:
			return fmt.Sprintf("[%s, [%s]]", Quote(text.Draw(t, "item")), number.Draw(t, "number"))
		case 3:
			return fmt.Sprintf("{%s: [%s]}", Quote("x"+text.Draw(t, "key")), Quote(text.Draw(t, "text")))
		}
		return string(Quote(text.Draw(t, "text")))
	})
}

// Whatever entry is set can be read back, what is removed is gone, and nothing
// else changes, comments and line ends included.
func TestEditsReadBack(t *testing.T) {
	t.Parallel()
	text, leaf := oddText(), oddValue()
	layouts := editedLayouts()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(layouts))).Draw(rt, "file")
		data := []byte(layouts[name])
		crlf := rapid.Bool().Draw(rt, "CRLF")
		if crlf {
			data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
		}
		want := map[string]string{}
		if len(data) > 0 {
			want["a"], want["b"] = `{"id":"a"}`, `{"n":1.50}`
		}
		for range rapid.IntRange(1, 4).Draw(rt, "edits") {
			id := text.Filter(func(s string) bool { return s != "" }).Draw(rt, "id")
			before := data
			var err error
			if rapid.IntRange(0, 3).Draw(rt, "remove") == 0 {
				var found bool
				data, found, err = removedFrom(name, data, id)
				if _, had := want[id]; found != had {
					rt.Fatalf("remove %q: found %v, %v", id, found, err)
				}
				delete(want, id)
			} else {
				entry := fmt.Sprintf(`{"k": %s, %s: {"x": %s, "y": [%s, {}]}}`, leaf.Draw(rt, "k"), Quote(text.Filter(func(s string) bool { return s != "" && s != "k" }).Draw(rt, "key")), leaf.Draw(rt, "x"), leaf.Draw(rt, "y"))
				data, err = setTo(name, data, id, entry)
				var b bytes.Buffer
				if err := json.Compact(&b, []byte(entry)); err != nil {
					rt.Fatal(err)
				}
				want[id] = b.String()
			}
			if err != nil {
				rt.Fatalf("edit %q: %v\n%s", id, err, before)
			}
		}
		root, fe := Parse(FormatOf(name), data, Options{})
		if fe != nil {
			rt.Fatalf("%v\n%s", fe, data)
		}
		list, _ := root.Get("workflows")
		if len(list.Members) != len(want) {
			rt.Errorf("%d entries, want %d", len(list.Members), len(want))
		}
		for _, m := range list.Members {
			if got := string(m.Value.Raw()); got != want[m.Name] {
				rt.Errorf("%q is %s, want %s", m.Name, got, want[m.Name])
			}
		}
		for _, comment := range []string{"ours", "people", "end"} {
			if strings.Contains(layouts[name], comment) && !bytes.Contains(data, []byte(comment)) {
				rt.Errorf("the comment %q is gone", comment)
			}
		}
		if lf := bytes.Count(data, []byte("\n")) - bytes.Count(data, []byte("\r\n")); crlf && layouts[name] != "" && bytes.Contains(data, []byte("\r\n")) && lf > 0 {
			rt.Errorf("%d lines end in LF alone", lf)
		}
		if rt.Failed() {
			rt.Logf("%s:\n%s", name, data)
		}
	})
}

// setTo and removedFrom edit an entry as registries have it.
func setTo(name string, data []byte, id, entry string) ([]byte, error) {
	v, e := Parse(JSON, []byte(entry), Options{})
	if e != nil {
		return nil, e
	}
	changed, e := Set(FormatOf(name), data, []string{"workflows", id}, v, Style{Inline: true, KeepEmpty: true})
	if e != nil {
		return nil, e
	}
	return changed, nil
}

func removedFrom(name string, data []byte, id string) ([]byte, bool, error) {
	changed, found, e := Remove(FormatOf(name), data, []string{"workflows", id}, Style{Inline: true, KeepEmpty: true})
	if e != nil {
		return nil, found, e
	}
	return changed, found, nil
}
