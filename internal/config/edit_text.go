package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// A settings file is edited as text, line by line, with the parsed tree for
// positions: printing the tree again would lose blank lines and the owner's
// layout. What an edit means is checked afterwards against the same change of
// the data; where they differ, nothing is changed.

var errLayout = errors.New("its layout is too unusual to be changed safely, edit it by hand")

// setPath sets the value at a path of keys and returns the new text.
func setPath(data []byte, path []string, value any) ([]byte, error) {
	want, err := dataOf(data)
	if err != nil {
		return nil, err
	}
	plain, err := plainValue(value)
	if err != nil {
		return nil, err
	}
	setIn(want, path, plain)
	t := newText(data)
	if err := t.set(path, value); err != nil {
		return nil, err
	}
	return t.checked(want)
}

// removePath takes the value at a path away; a section that it leaves empty
// goes with it.
func removePath(data []byte, path []string) (changed []byte, found bool, err error) {
	want, err := dataOf(data)
	if err != nil {
		return nil, false, err
	}
	if !removeIn(want, path) {
		return data, false, nil
	}
	t := newText(data)
	if err := t.remove(path); err != nil {
		return nil, false, err
	}
	changed, err = t.checked(want)
	return changed, err == nil, err
}

// A yamlText is a file as lines without their ends.
type yamlText struct {
	lines []string
	eol   string
}

func newText(data []byte) *yamlText {
	data = withoutMark(data)
	t := &yamlText{eol: "\n"}
	if bytes.Contains(data, []byte("\r\n")) {
		t.eol = "\r\n"
	}
	all := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if all != "" {
		t.lines = strings.Split(all, "\n")
	}
	return t
}

func (t *yamlText) bytes() []byte {
	if len(t.lines) == 0 {
		return nil
	}
	return []byte(strings.Join(t.lines, t.eol) + t.eol)
}

func (t *yamlText) checked(want map[string]any) ([]byte, error) {
	data := t.bytes()
	got, err := dataOf(data)
	if err != nil {
		return nil, errLayout
	}
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		return nil, errLayout
	}
	return data, nil
}

// A found is how far a path exists: the mapping that has its key number depth,
// or would have it.
type found struct {
	mapping *ast.MappingNode // nil for an empty file
	depth   int
	entry   *ast.MappingValueNode // nil when that key is not there
}

// find follows a path through block mappings.
func (t *yamlText) find(path []string) (found, error) {
	doc, problem := parseDocument(t.bytes())
	if problem != nil || slices.ContainsFunc(t.lines, func(line string) bool { return strings.Contains(line, "\r") }) {
		return found{}, errLayout // a lone \r ends a line for the parser, whose positions count
	}
	f := found{}
	if doc.body == nil {
		return f, nil
	}
	mapping, ok := doc.body.(*ast.MappingNode)
	if !ok || mapping.IsFlowStyle {
		return found{}, errLayout
	}
	for {
		f.mapping, f.entry = mapping, nil
		for _, v := range mapping.Values {
			if k := v.Key.GetToken(); k != nil && k.Value == path[f.depth] {
				f.entry = v
			}
		}
		if f.entry == nil || f.depth == len(path)-1 {
			return f, nil
		}
		inner, ok := f.entry.Value.(*ast.MappingNode)
		if !ok || inner.IsFlowStyle {
			return f, nil // the whole entry is rewritten
		}
		mapping = inner
		f.depth++
	}
}

func (t *yamlText) set(path []string, value any) error {
	f, err := t.find(path)
	if err != nil {
		return err
	}
	rest := path[f.depth+1:]
	switch {
	case f.mapping == nil || len(f.mapping.Values) == 0:
		return t.insert(len(t.lines), 0, path[0], wrap(path[1:], value))
	case f.entry == nil:
		last := f.mapping.Values[len(f.mapping.Values)-1]
		_, end, indent := t.extent(last)
		return t.insert(end, indent, path[f.depth], wrap(rest, value))
	case len(rest) > 0:
		merged, err := mergedValue(f.entry.Value, rest, value)
		if err != nil {
			return err
		}
		return t.replace(f.entry, path[f.depth], merged)
	}
	return t.replace(f.entry, path[f.depth], value)
}

func (t *yamlText) remove(path []string) error {
	f, err := t.find(path)
	if err != nil {
		return err
	}
	if f.entry == nil {
		return errLayout
	}
	if rest := path[f.depth+1:]; len(rest) > 0 {
		short, err := withoutValue(f.entry.Value, rest)
		if err != nil {
			return err
		}
		if len(short) > 0 {
			return t.replace(f.entry, path[f.depth], short)
		}
	} else if len(f.mapping.Values) == 1 && f.depth > 0 {
		return t.remove(path[:f.depth]) // it was the section's last
	}
	start, end, _ := t.extent(f.entry)
	t.splice(start, end, nil)
	return nil
}

// extent is the range of lines of an entry, without the comments and blank
// lines that follow it, and the column where its key begins.
func (t *yamlText) extent(entry *ast.MappingValueNode) (start, end, indent int) {
	at := entry.Key.GetToken().Position
	start, indent = at.Line-1, at.Column-1
	end = start + 1
	for i := end; i < len(t.lines); i++ {
		line := t.lines[i]
		content := strings.TrimLeft(line, " ")
		depth := len(line) - len(content)
		switch {
		case strings.TrimSpace(content) == "":
			continue
		case depth > indent && !strings.HasPrefix(content, "#"):
			end = i + 1 // deeper: the entry's own
		case depth > indent:
			continue // a comment counts when more of the entry follows
		case depth == indent && (strings.HasPrefix(content, "- ") || content == "-"):
			end = i + 1 // a list may stand below its key
		case strings.ContainsAny(content[:1], "]}"):
			end = i + 1
		default:
			return start, end, indent
		}
	}
	return start, end, indent
}

func (t *yamlText) splice(start, end int, lines []string) {
	t.lines = append(t.lines[:start:start], append(lines, t.lines[end:]...)...)
}

func (t *yamlText) insert(at, indent int, key string, value any) error {
	lines, err := rendered(indent, key, value)
	if err == nil {
		t.splice(at, at, lines)
	}
	return err
}

// replace renders an entry anew. A comment behind a value of one line stays.
func (t *yamlText) replace(entry *ast.MappingValueNode, key string, value any) error {
	start, end, indent := t.extent(entry)
	lines, err := rendered(indent, key, value)
	if err != nil {
		return err
	}
	if comment := entry.Value.GetComment(); end == start+1 && len(lines) == 1 && comment != nil {
		mark := strings.TrimSpace(comment.String())
		if at := strings.LastIndex(t.lines[start], mark); at > 0 {
			before := t.lines[start][:at]
			gap := before[len(strings.TrimRight(before, " \t")):]
			lines[0] += gap + mark
		}
	}
	t.splice(start, end, lines)
	return nil
}

// rendered is a key with its value in block style.
func rendered(indent int, key string, value any) ([]string, error) {
	margin := strings.Repeat(" ", indent)
	head := margin + scalar(key) + ":"
	var lines []string
	switch v := value.(type) {
	case yaml.MapSlice:
		if len(v) == 0 {
			return []string{head + " {}"}, nil
		}
		lines = append(lines, head)
		for _, item := range v {
			name, ok := item.Key.(string)
			if !ok {
				return nil, fmt.Errorf("%v below %s is no name", item.Key, key)
			}
			inner, err := rendered(indent+2, name, item.Value)
			if err != nil {
				return nil, err
			}
			lines = append(lines, inner...)
		}
	case []string:
		if len(v) == 0 {
			return []string{head + " []"}, nil
		}
		lines = append(lines, head)
		for _, s := range v {
			lines = append(lines, margin+"  - "+scalar(s))
		}
	case string:
		lines = append(lines, head+" "+scalar(v))
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("write %s as YAML: %w", key, err)
		}
		lines = append(lines, head+" "+string(text))
	}
	return lines, nil
}

// scalar is a text as YAML: as it is where every reader takes it for that
// text, else in double quotes, whose escapes YAML 1.2 shares with JSON.
func scalar(s string) string {
	if isPlain(s) {
		return s
	}
	var b bytes.Buffer
	_ = writeJSONString(&b, s) // a string always encodes
	return b.String()
}

// isPlain reports whether a text needs no quotes in any version of YAML.
func isPlain(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~":
		return false
	}
	for i, r := range s {
		switch last := i+utf8.RuneLen(r) >= len(s); {
		case unicode.IsLetter(r), r == '_', r == '/', r == '~':
		case i > 0 && (unicode.IsDigit(r) || strings.ContainsRune(`.-+@%=\(),`, r)):
		case i > 0 && r == ' ' && !last && s[i+1] != '#':
		case i > 0 && r == ':' && !last && s[i+1] != ' ':
		default:
			return false
		}
	}
	return s != ""
}

// wrap puts a value below keys.
func wrap(path []string, value any) any {
	for i := len(path) - 1; i >= 0; i-- {
		value = yaml.MapSlice{{Key: path[i], Value: value}}
	}
	return value
}
