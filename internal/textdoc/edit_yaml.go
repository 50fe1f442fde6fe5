package textdoc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// YAML is edited line by line, with the parsed tree for positions: printing the
// tree again would lose blank lines and the owner's layout. What an edit means
// is checked afterwards.

var errLayout = errors.New(unusual)

// yamlText is a document as lines without their ends.
type yamlText struct {
	root  Value
	lines []string
	eol   string
	style Style
}

func newYAMLText(data []byte, root Value, style Style) (*yamlText, error) {
	t := &yamlText{root: root, eol: lineEnd(data), style: style}
	text := strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if strings.Contains(text, "\r") {
		return nil, errLayout // alone it ends a line for the parser, whose positions count
	}
	if text != "" {
		t.lines = strings.Split(text, "\n")
	}
	return t, nil
}

func (t *yamlText) bytes() []byte {
	if len(t.lines) == 0 {
		return nil
	}
	return []byte(strings.Join(t.lines, t.eol) + t.eol)
}

func setYAML(data []byte, root Value, path []string, v Value, style Style) ([]byte, error) {
	t, err := newYAMLText(data, root, style)
	if err != nil {
		return nil, err
	}
	if err := t.set(path, v); err != nil {
		return nil, err
	}
	return t.bytes(), nil
}

func removeYAML(data []byte, root Value, path []string, style Style) ([]byte, error) {
	t, err := newYAMLText(data, root, style)
	if err != nil {
		return nil, err
	}
	if err := t.remove(path); err != nil {
		return nil, err
	}
	return t.bytes(), nil
}

// A place is how far a path goes through objects in block style: the one that
// has its key number depth, or would have it.
type place struct {
	object Value
	depth  int
	entry  *Member // nil when that key is not there
}

func (t *yamlText) find(path []string) (place, error) {
	p := place{object: t.root}
	if len(t.root.Members) > 0 && t.isFlow(t.root) {
		return place{}, errLayout
	}
	for {
		p.entry = nil
		for i, m := range p.object.Members {
			if m.Name == path[p.depth] {
				p.entry = &p.object.Members[i]
			}
		}
		if p.entry == nil || p.depth == len(path)-1 {
			return p, nil
		}
		inner := p.entry.Value
		if inner.Kind != Object || len(inner.Members) == 0 || t.isFlow(inner) {
			return p, nil // the whole entry is rewritten
		}
		p.object = inner
		p.depth++
	}
}

// isFlow reports whether an object is written in braces.
func (t *yamlText) isFlow(v Value) bool {
	if v.Line < 1 || v.Line > len(t.lines) {
		return false
	}
	line := []rune(t.lines[v.Line-1])
	return v.Col >= 1 && v.Col <= len(line) && line[v.Col-1] == '{'
}

func (t *yamlText) set(path []string, v Value) error {
	p, err := t.find(path)
	if err != nil {
		return err
	}
	key, rest := path[p.depth], path[p.depth+1:]
	if p.entry != nil {
		if old := p.entry.Value; len(rest) > 0 && !old.isEmpty() {
			if old.Kind != Object || t.hasRemarks(*p.entry) {
				return errLayout
			}
		}
		return t.replace(*p.entry, key, p.entry.Value.with(rest, v))
	}
	v = Value{}.with(rest, v)
	if len(p.object.Members) == 0 {
		t.insert(len(t.lines), 0, key, v)
		return nil
	}
	_, end, indent := t.extent(p.object.Members[len(p.object.Members)-1])
	t.insert(end, indent, key, v)
	return nil
}

func (t *yamlText) remove(path []string) error {
	p, err := t.find(path)
	if err != nil {
		return err
	}
	if p.entry == nil {
		return errLayout
	}
	if rest := path[p.depth+1:]; len(rest) > 0 { // out of an object in one line
		short, found := p.entry.Value.without(rest, t.style.KeepEmpty)
		if !found || t.hasRemarks(*p.entry) {
			return errLayout
		}
		if len(short.Members) > 0 || t.style.KeepEmpty {
			return t.replace(*p.entry, path[p.depth], short)
		}
	}
	if len(p.object.Members) == 1 && p.depth > 0 { // it was the object's last
		if !t.style.KeepEmpty {
			return t.remove(path[:p.depth])
		}
		holder, err := t.find(path[:p.depth])
		if err != nil {
			return err
		}
		return t.replace(*holder.entry, path[p.depth-1], Value{Kind: Object})
	}
	start, end, _ := t.extent(*p.entry)
	t.lines = slices.Delete(t.lines, start, end)
	return nil
}

// hasRemarks reports whether comments may stand within an entry, which writing
// it anew would lose.
func (t *yamlText) hasRemarks(m Member) bool {
	start, end, _ := t.extent(m)
	return slices.ContainsFunc(t.lines[start+1:end], func(line string) bool { return strings.Contains(line, "#") })
}

// extent is the range of lines of an entry, with the comments that stand deeper
// than its key but without blank lines behind it, and the column where the key
// begins.
func (t *yamlText) extent(m Member) (start, end, indent int) {
	start, indent = max(0, min(m.Line-1, len(t.lines)-1)), m.Col-1
	end = start + 1
	for i := end; i < len(t.lines); i++ {
		line := t.lines[i]
		content := strings.TrimLeft(line, " ")
		depth := len(line) - len(content)
		switch {
		case strings.TrimSpace(content) == "":
			continue
		case depth > indent,
			depth == indent && (strings.HasPrefix(content, "- ") || content == "-"), // a list may stand below its key
			strings.ContainsAny(content[:1], "]}"):
			end = i + 1
		default:
			return start, end, indent
		}
	}
	return start, end, indent
}

func (t *yamlText) insert(at, indent int, key string, v Value) {
	t.lines = slices.Insert(t.lines, at, t.rendered(indent, key, v)...)
}

// replace renders an entry anew. A comment behind a value of one line stays.
func (t *yamlText) replace(m Member, key string, v Value) error {
	start, end, indent := t.extent(m)
	if start >= len(t.lines) {
		return errLayout
	}
	lines := t.rendered(indent, key, v)
	if end == start+1 && len(lines) == 1 {
		lines[0] += remark([]rune(t.lines[start]), m)
	}
	t.lines = slices.Replace(t.lines, start, end, lines...)
	return nil
}

// remark is the comment behind a value, with the space before it.
func remark(line []rune, m Member) string {
	at := m.Col
	if m.Value.Line == m.Line && m.Value.Col > m.Col && m.Value.Col <= len(line) {
		at = m.Value.Col - 1
		if q := line[at]; q == '"' || q == '\'' {
			for at++; at < len(line) && line[at] != q; at++ {
				if line[at] == '\\' && q == '"' {
					at++
				}
			}
		}
	}
	for ; at < len(line); at++ {
		if line[at] != '#' || line[at-1] != ' ' && line[at-1] != '\t' {
			continue
		}
		for at > 0 && (line[at-1] == ' ' || line[at-1] == '\t') {
			at--
		}
		return string(line[at:])
	}
	return ""
}

// rendered is a key with its value as lines.
func (t *yamlText) rendered(indent int, key string, v Value) []string {
	margin := strings.Repeat(" ", indent)
	head := margin + scalar(key, false) + ":"
	flat := v.flatYAML()
	switch {
	case v.Kind == Scalar || v.Kind == Foreign:
		return []string{head + " " + v.scalarYAML(false)}
	case len(v.Members)+len(v.Items) == 0,
		t.style.Inline && indent > 2 && v.isLeaf() && len(flat) <= prettyWidth:
		return []string{head + " " + flat}
	}
	lines := []string{head}
	for _, e := range v.Items {
		item := e.flatYAML()
		if e.Kind == Scalar {
			item = e.scalarYAML(false)
		}
		lines = append(lines, fmt.Sprintf("%s  - %s", margin, item))
	}
	for _, m := range v.Members {
		lines = append(lines, t.rendered(indent+2, m.Name, m.Value)...)
	}
	return lines
}

// flatYAML is the value in one line.
func (v Value) flatYAML() string {
	var parts []string
	switch v.Kind {
	case Object:
		for _, m := range v.Members {
			parts = append(parts, scalar(m.Name, true)+": "+m.Value.flatYAML())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case List:
		for _, e := range v.Items {
			parts = append(parts, e.flatYAML())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.scalarYAML(true)
}

func (v Value) scalarYAML(inFlow bool) string {
	if s, ok := v.Text(); ok {
		return scalar(s, inFlow)
	}
	return string(v.Raw())
}

// scalar is a text as YAML: as it is where every reader takes it for that
// text, else in double quotes, whose escapes YAML 1.2 shares with JSON.
func scalar(s string, inFlow bool) string {
	if isPlain(s) && (!inFlow || !strings.ContainsAny(s, ",:")) {
		return s
	}
	return string(Quote(s))
}

// isPlain reports whether a text needs no quotes in any version of YAML.
func isPlain(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "nan", "inf":
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
