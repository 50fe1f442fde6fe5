package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A layer is what one file says.
type layer struct {
	kind     Kind
	path     string
	values   map[string]any // settings by full name: string or []string
	origins  map[string]Origin
	backends map[string]Backend
	presets  map[string]Preset

	doc      *document
	problems []Problem
}

// readFile reads a settings file, and of a longer one as much as parseDocument
// needs to refuse it: a project's may be a link to a device.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !isDangling(path) {
		return nil, &FileError{Path: path, Problems: []Problem{{Message: "there is no such file"}}, Err: err}
	}
	var data []byte
	if err == nil {
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	}
	if err != nil {
		return nil, &FileError{Path: path, Problems: []Problem{{Message: "cannot be read: " + reasonOf(err)}}, Err: err}
	}
	return data, nil
}

// isDangling reports whether path is a link to nothing, which is a mistake and
// not a missing file.
func isDangling(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// readLayer reads a file's content. All mistakes come in one *FileError.
func readLayer(data []byte, path string, kind Kind) (*layer, error) {
	l := &layer{
		kind: kind, path: path,
		values: map[string]any{}, origins: map[string]Origin{},
		backends: map[string]Backend{}, presets: map[string]Preset{},
	}
	doc, problem := parseDocument(data)
	if problem != nil {
		return nil, &FileError{Path: path, Problems: []Problem{*problem}}
	}
	l.doc = doc
	l.readRoot()
	if len(l.problems) > 0 {
		return nil, &FileError{Path: path, Problems: l.problems}
	}
	return l, nil
}

func (l *layer) fail(n ast.Node, key, format string, args ...any) {
	l.problems = append(l.problems, problemAt(n, key, format, args...))
}

func (l *layer) unknown(m member, prefix string, known []string) {
	l.problems = append(l.problems, Problem{
		Line: m.line, Column: m.column, Key: prefix + m.name,
		Message: fmt.Sprintf("unknown key %q", prefix+m.name), Nearest: nearest(m.name, known),
	})
}

func (l *layer) at(m member) Origin { return Origin{Kind: l.kind, Path: l.path, Line: m.line} }

// mapping lists the members of n, or reports that it is something else.
func (l *layer) mapping(n ast.Node, key string) []member {
	if n == nil {
		return nil
	}
	list, ok := l.doc.members(n)
	if !ok {
		l.fail(n, key, "%s must be a mapping of keys to values, not %s", key, kindOf(n))
	}
	return list
}

func (l *layer) readRoot() {
	sections := map[string]bool{}
	var known []string
	settings := map[string]Key{}
	for _, k := range keys() {
		section, _, nested := strings.Cut(k.Name, ".")
		if nested {
			sections[section] = true
		}
		known = append(known, section)
		settings[k.Name] = k
	}
	known = append(known, "backends", "presets")
	for _, m := range l.mapping(l.doc.body, "the file") {
		k, isSetting := settings[m.name]
		switch {
		case m.name == "backends":
			l.readBackends(m)
		case m.name == "presets":
			l.readPresets(m)
		case isSetting:
			l.readSetting(m, k)
		case sections[m.name]:
			l.readSection(m, settings)
		default:
			l.unknown(m, "", known)
		}
	}
}

func (l *layer) readSection(m member, settings map[string]Key) {
	prefix := m.name + "."
	var known []string
	for name := range settings {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			known = append(known, rest)
		}
	}
	for _, inner := range l.mapping(m.value, m.name) {
		if k, ok := settings[prefix+inner.name]; ok {
			l.readSetting(inner, k)
		} else {
			l.unknown(inner, prefix, known)
		}
	}
}

func (l *layer) readSetting(m member, k Key) {
	if m.value == nil {
		return // "key:" with nothing behind it is the default
	}
	if k.userOnly && l.kind == Project {
		l.problems = append(l.problems, Problem{
			Line: m.line, Column: m.column, Key: k.Name,
			Message: k.Name + " counts only in your own settings or as " + k.Env() + ", not in a project's file",
		})
		return
	}
	if k.isList() {
		if list, ok := l.texts(m.value, k.Name); ok {
			l.values[k.Name], l.origins[k.Name] = list, l.at(m)
		}
		return
	}
	value, ok := text(m.value)
	if !ok {
		want := "a text"
		if k.Type == typeDuration {
			want = "a duration like 30s"
		}
		l.fail(m.value, k.Name, "%s must be %s, not %s", k.Name, want, kindOf(m.value))
		return
	}
	if err := k.check(value); err != nil {
		l.fail(m.value, k.Name, "%s is %q: %s", k.Name, value, err)
		return
	}
	l.values[k.Name], l.origins[k.Name] = value, l.at(m)
}

// texts reads a list of texts, or a single one.
func (l *layer) texts(n ast.Node, key string) ([]string, bool) {
	if s, ok := text(n); ok {
		return []string{s}, true
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		l.fail(n, key, "%s must be a list of texts, not %s", key, kindOf(n))
		return nil, false
	}
	list := []string{}
	for _, e := range seq.Values {
		s, ok := text(l.doc.plain(e))
		if !ok {
			l.fail(e, key, "%s must be a list of texts, not of %s", key, kindOf(l.doc.plain(e)))
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// word reads a text that may be written as a number, as passwords of digits
// are.
func (l *layer) word(m member, key string) string {
	if s, ok := text(m.value); ok {
		return s
	}
	switch m.value.(type) {
	case nil:
		return ""
	case *ast.IntegerNode, *ast.FloatNode:
		return m.value.GetToken().Value
	}
	l.fail(m.value, key, "%s must be a text, not %s", key, kindOf(m.value))
	return ""
}

func (l *layer) words(m member, key string) map[string]string {
	all := map[string]string{}
	for _, inner := range l.mapping(m.value, key) {
		all[inner.name] = l.word(inner, key+"."+inner.name)
	}
	return all
}

func (l *layer) readBackends(section member) {
	for _, m := range l.mapping(section.value, "backends") {
		b := Backend{Origin: l.at(m)}
		key := "backends." + m.name
		if address, ok := text(m.value); ok {
			b.URL = address // the short form, "studio: http://host:8188"
		} else {
			l.readBackend(&b, m.value, key)
		}
		if b.URL == "" {
			l.problems = append(l.problems, Problem{
				Line: m.line, Column: m.column, Key: key, Message: key + " has no url",
			})
		}
		l.backends[m.name] = b
	}
}

func (l *layer) readBackend(b *Backend, n ast.Node, key string) {
	for _, m := range l.mapping(n, key) {
		inner := key + "." + m.name
		switch m.name {
		case "url":
			b.URL = l.word(m, inner)
		case "username":
			b.Username = l.word(m, inner)
		case "password":
			b.Password = NewSecret(l.word(m, inner))
		case "token":
			b.Token = NewSecret(l.word(m, inner))
		case "headers":
			b.Headers = map[string]Secret{}
			for name, value := range l.words(m, inner) {
				b.Headers[name] = NewSecret(value)
			}
		case "insecure":
			flag, ok := m.value.(*ast.BoolNode)
			if !ok {
				l.fail(m.value, inner, "%s must be true or false, not %s", inner, kindOf(m.value))
				continue
			}
			b.Insecure = flag.Value
		case "aliases":
			b.Aliases = l.words(m, inner)
		default:
			l.unknown(m, key+".", []string{"url", "username", "password", "token", "headers", "insecure", "aliases"})
		}
	}
}

func (l *layer) readPresets(section member) {
	for _, m := range l.mapping(section.value, "presets") {
		p := Preset{Origin: l.at(m)}
		key := "presets." + m.name
		for _, inner := range l.mapping(m.value, key) {
			name := key + "." + inner.name
			switch inner.name {
			case "workflow":
				p.Workflow = l.word(inner, name)
			case "character":
				p.Character = l.word(inner, name)
			case "params":
				p.Params = l.readParams(inner, name)
			default:
				l.unknown(inner, key+".", []string{"workflow", "character", "params"})
			}
		}
		if p.Workflow == "" {
			l.problems = append(l.problems, Problem{
				Line: m.line, Column: m.column, Key: key, Message: key + " has no workflow",
			})
		}
		l.presets[m.name] = p
	}
}

func (l *layer) readParams(section member, key string) []Param {
	var params []Param
	for _, m := range l.mapping(section.value, key) {
		var b bytes.Buffer
		if err := l.doc.toJSON(&b, m.value, 0); err != nil {
			l.fail(m.value, key+"."+m.name, "%s.%s: %s", key, m.name, err)
			continue
		}
		params = append(params, Param{Name: m.name, JSON: b.Bytes()})
	}
	return params
}

func (l *layer) hasSecrets() bool {
	if address, ok := l.values["backend"].(string); ok && WithoutUser(address) != address {
		return true
	}
	for _, b := range l.backends {
		if b.hasSecrets() {
			return true
		}
	}
	return false
}
