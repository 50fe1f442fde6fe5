package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A YAML file is edited line by line, with the parsed tree for positions:
// printing the tree again would lose blank lines and the owner's layout. What
// an edit means is checked afterwards.

var errYAMLLayout = errors.New("its layout is too unusual to be changed safely")

// yamlLines is a file as lines, and where one of its sections stands in it.
type yamlLines struct {
	lines   []string
	eol     string
	header  int // index of the line that begins the section, -1 without one
	end     int // index behind the section's last line
	indent  int // of its entries
	entries []member
}

func newYAMLLines(data []byte, root value, section Section) (*yamlLines, error) {
	y := &yamlLines{eol: lineEnd(data), header: -1, indent: 2}
	text := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if strings.Contains(text, "\r") {
		return nil, errYAMLLayout // alone it ends a line for the parser, whose positions count
	}
	if text != "" {
		y.lines = strings.Split(text, "\n")
	}
	y.end = len(y.lines)
	for i, m := range root.members {
		if m.name != string(section) {
			continue
		}
		y.header = m.line - 1
		if i+1 < len(root.members) {
			y.end = root.members[i+1].line - 1
		}
		y.entries = m.value.members
		if m.col != 1 || m.value.kind == kindList {
			return nil, errYAMLLayout
		}
	}
	if len(y.entries) > 0 {
		y.indent = y.entries[0].col - 1
		if y.entries[0].line-1 <= y.header || y.indent == 0 {
			return nil, errYAMLLayout // in one line: {a: ..., b: ...}
		}
	}
	if y.header >= 0 {
		y.end = y.trimmed(y.header+1, y.end)
	}
	return y, nil
}

// trimmed leaves out blank lines and comments at the end of a range that are
// not part of an entry.
func (y *yamlLines) trimmed(start, end int) int {
	for end > start {
		line := y.lines[end-1]
		text := strings.TrimSpace(line)
		inside := len(line)-len(strings.TrimLeft(line, " ")) > y.indent
		if text != "" && (inside || !strings.HasPrefix(text, "#")) {
			break
		}
		end--
	}
	return end
}

// span is the range of lines of an entry.
func (y *yamlLines) span(i int) (start, end int) {
	start, end = y.entries[i].line-1, y.end
	if i+1 < len(y.entries) {
		end = y.entries[i+1].line - 1
	}
	return start, y.trimmed(start+1, end)
}

func (y *yamlLines) bytes() []byte {
	return []byte(strings.Join(y.lines, y.eol) + y.eol)
}

func setInYAML(data []byte, root value, section Section, id string, entry json.RawMessage) ([]byte, error) {
	y, err := newYAMLLines(data, root, section)
	if err != nil {
		return nil, err
	}
	v, fe := parseDocument("entry.json", entry)
	if fe != nil {
		return nil, fe
	}
	var b strings.Builder
	writeYAMLMember(&b, member{name: id, value: v}, y.indent)
	text := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	i := slices.IndexFunc(y.entries, func(m member) bool { return m.name == id })
	switch {
	case i >= 0:
		start, end := y.span(i)
		y.lines = slices.Replace(y.lines, start, end, text...)
	case y.header < 0:
		if len(y.lines) > 0 {
			y.lines = append(y.lines, "")
		}
		y.lines = append(append(y.lines, string(section)+":"), text...)
	default:
		if len(y.entries) == 0 {
			y.lines[y.header] = string(section) + ":"
			y.end = y.header + 1
		}
		y.lines = slices.Insert(y.lines, y.end, text...)
	}
	return y.bytes(), nil
}

func removeFromYAML(data []byte, root value, section Section, id string) ([]byte, error) {
	y, err := newYAMLLines(data, root, section)
	if err != nil {
		return nil, err
	}
	start, end := y.span(slices.IndexFunc(y.entries, func(m member) bool { return m.name == id }))
	y.lines = slices.Delete(y.lines, start, end)
	if len(y.entries) == 1 {
		y.lines[y.header] = string(section) + ": {}"
	}
	return y.bytes(), nil
}

func writeYAMLMember(b *strings.Builder, m member, indent int) {
	fmt.Fprintf(b, "%*s%s:", indent, "", yamlText(m.name))
	v := m.value
	flat := v.flatYAML()
	switch {
	case v.kind == kindScalar, len(v.members)+len(v.items) == 0, v.isLeaf() && len(flat) <= prettyWidth && indent > 2:
		b.WriteString(" " + flat + "\n")
	case v.kind == kindList:
		b.WriteByte('\n')
		for _, e := range v.items {
			fmt.Fprintf(b, "%*s- %s\n", indent+2, "", e.flatYAML())
		}
	default:
		b.WriteByte('\n')
		for _, inner := range v.members {
			writeYAMLMember(b, inner, indent+2)
		}
	}
}

// flatYAML is the value in one line.
func (v value) flatYAML() string {
	var parts []string
	switch v.kind {
	case kindObject:
		for _, m := range v.members {
			parts = append(parts, yamlText(m.name)+": "+m.value.flatYAML())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case kindList:
		for _, e := range v.items {
			parts = append(parts, e.flatYAML())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if s, ok := v.text(); ok {
		return yamlText(s)
	}
	return string(v.scalar)
}

var plainYAML = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.()-]+)*$`)
})

// yamlText writes a text without quotes where no reader can take it for
// something else; a JSON string is one in YAML too.
func yamlText(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf":
		return string(comfy.RawString(s))
	}
	if plainYAML().MatchString(s) {
		return s
	}
	return string(comfy.RawString(s))
}
