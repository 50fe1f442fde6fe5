package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A layer is what one file says.
type layer struct {
	kind     Kind
	path     string
	values   map[string]any // settings by full name: string or []string
	origins  map[string]Origin
	backends map[string]Backend
	presets  map[string]Preset
	models   map[string]string // file by folder

	problems []Problem
}

// maxFile bounds a settings file: 1 MiB. A larger one is a mistake or an attack.
const maxFile = 1 << 20

// readFile reads a settings file, and of a longer one as much as it takes to
// refuse it: a project's may be a link to a device.
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
		backends: map[string]Backend{}, presets: map[string]Preset{}, models: map[string]string{},
	}
	root, err := parse(data)
	if err != nil {
		return nil, &FileError{Path: path, Problems: []Problem{problemOf(err)}}
	}
	l.readRoot(root)
	if len(l.problems) > 0 {
		return nil, &FileError{Path: path, Problems: l.problems}
	}
	return l, nil
}

// parse reads a settings file, always as YAML.
func parse(data []byte) (textdoc.Value, *textdoc.Error) {
	if len(data) > maxFile {
		return textdoc.Value{}, &textdoc.Error{Message: fmt.Sprintf("the file is larger than %d bytes", maxFile)}
	}
	return textdoc.Parse(textdoc.YAML, data, textdoc.Options{Verbatim: true})
}

func problemOf(e *textdoc.Error) Problem {
	p := Problem{Line: e.Line, Column: e.Column, Message: e.Message}
	if e.Hint != "" {
		p.Message += "; " + e.Hint
	}
	return p
}

func (l *layer) fail(v textdoc.Value, key, format string, args ...any) {
	l.problems = append(l.problems, Problem{Line: v.Line, Column: v.Col, Key: key, Message: fmt.Sprintf(format, args...)})
}

func (l *layer) unknown(m textdoc.Member, prefix string, known []string) {
	l.problems = append(l.problems, Problem{
		Line: m.Line, Column: m.Col, Key: prefix + m.Name,
		Message: fmt.Sprintf("unknown key %q", prefix+m.Name), Nearest: nearest.One(m.Name, known),
	})
}

func (l *layer) at(m textdoc.Member) Origin { return Origin{Kind: l.kind, Path: l.path, Line: m.Line} }

// mapping lists the members of v, or reports that it is something else.
func (l *layer) mapping(v textdoc.Value, key string) []textdoc.Member {
	if v.Kind != textdoc.Object && !v.IsNull() {
		l.fail(v, key, "%s must be a mapping of keys to values, not %s", key, kindOf(v))
	}
	return v.Members
}

func (l *layer) readRoot(root textdoc.Value) {
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
	known = append(known, "backends", "presets", "models")
	for _, m := range l.mapping(root, "the file") {
		k, isSetting := settings[m.Name]
		switch {
		case m.Name == "backends":
			l.readBackends(m)
		case m.Name == "presets":
			l.readPresets(m)
		case m.Name == "models":
			l.readModels(m)
		case isSetting:
			l.readSetting(m, k)
		case sections[m.Name]:
			l.readSection(m, settings)
		default:
			l.unknown(m, "", known)
		}
	}
}

func (l *layer) readSection(m textdoc.Member, settings map[string]Key) {
	prefix := m.Name + "."
	var known []string
	for name := range settings {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			known = append(known, rest)
		}
	}
	for _, inner := range l.mapping(m.Value, m.Name) {
		if k, ok := settings[prefix+inner.Name]; ok {
			l.readSetting(inner, k)
		} else {
			l.unknown(inner, prefix, known)
		}
	}
}

func (l *layer) readSetting(m textdoc.Member, k Key) {
	if m.Value.IsNull() {
		return // "key:" with nothing behind it is the default
	}
	if k.userOnly && l.kind == Project {
		l.problems = append(l.problems, Problem{
			Line: m.Line, Column: m.Col, Key: k.Name,
			Message: k.Name + " counts only in your own settings or as " + k.Env() + ", not in a project's file",
		})
		return
	}
	if k.isList() {
		if list, ok := l.texts(m.Value, k.Name); ok {
			l.values[k.Name], l.origins[k.Name] = list, l.at(m)
		}
		return
	}
	value, ok := m.Value.Text()
	if said := string(m.Value.Scalar); !ok && slices.Contains(k.Choices, said) { // true and false
		value, ok = said, true
	}
	if !ok {
		want := "a text"
		if k.Type == typeDuration {
			want = "a duration like 30s"
		}
		l.fail(m.Value, k.Name, "%s must be %s, not %s", k.Name, want, kindOf(m.Value))
		return
	}
	if err := k.check(value); err != nil {
		l.fail(m.Value, k.Name, "%s is %q: %s", k.Name, value, err)
		return
	}
	l.values[k.Name], l.origins[k.Name] = value, l.at(m)
}

// texts reads a list of texts, or a single one.
func (l *layer) texts(v textdoc.Value, key string) ([]string, bool) {
	if s, ok := v.Text(); ok {
		return []string{s}, true
	}
	if v.Kind != textdoc.List {
		l.fail(v, key, "%s must be a list of texts, not %s", key, kindOf(v))
		return nil, false
	}
	list := []string{}
	for _, e := range v.Items {
		s, ok := e.Text()
		if !ok {
			l.fail(e, key, "%s must be a list of texts, not of %s", key, kindOf(e))
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// word reads a text that may be written as a number, as passwords of digits
// are.
func (l *layer) word(m textdoc.Member, key string) string {
	if s, ok := m.Value.Text(); ok {
		return s
	}
	_, isNumber := m.Value.Number()
	switch {
	case m.Value.IsNull():
		return ""
	case isNumber, m.Value.Kind == textdoc.Foreign:
		return string(m.Value.Scalar)
	}
	l.fail(m.Value, key, "%s must be a text, not %s", key, kindOf(m.Value))
	return ""
}

func (l *layer) words(m textdoc.Member, key string) map[string]string {
	all := map[string]string{}
	for _, inner := range l.mapping(m.Value, key) {
		all[inner.Name] = l.word(inner, key+"."+inner.Name)
	}
	return all
}

func (l *layer) readBackends(section textdoc.Member) {
	for _, m := range l.mapping(section.Value, "backends") {
		b := Backend{Origin: l.at(m)}
		key := "backends." + m.Name
		if address, ok := m.Value.Text(); ok {
			b.URL = address // the short form, "studio: http://host:8188"
		} else {
			l.readBackend(&b, m.Value, key)
		}
		if (b.ClientCert == "") != (b.ClientKey == "") {
			l.problems = append(l.problems, Problem{
				Line: m.Line, Column: m.Col, Key: key, Message: key + ": client_cert and client_key belong together",
			})
		}
		if b.URL == "" {
			l.problems = append(l.problems, Problem{
				Line: m.Line, Column: m.Col, Key: key, Message: key + " has no url",
			})
		}
		l.backends[m.Name] = b
	}
}

func (l *layer) readBackend(b *Backend, v textdoc.Value, key string) {
	for _, m := range l.mapping(v, key) {
		inner := key + "." + m.Name
		switch m.Name {
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
		case "client_cert":
			b.ClientCert = l.ownFile(m, inner)
		case "client_key":
			b.ClientKey = l.ownFile(m, inner)
		case "ca":
			b.CA = l.ownFile(m, inner)
		case "insecure":
			said := string(m.Value.Scalar)
			if said != "true" && said != "false" {
				l.fail(m.Value, inner, "%s must be true or false, not %s", inner, kindOf(m.Value))
				continue
			}
			b.Insecure = said == "true"
		case "aliases":
			b.Aliases = l.words(m, inner)
		case "usd_per_hour":
			b.USDPerHour = l.price(m, inner)
		default:
			l.unknown(m, key+".", []string{"url", "username", "password", "token", "headers", "client_cert", "client_key", "ca", "insecure", "aliases", "usd_per_hour"})
		}
	}
}

// ownFile reads the path of a file of certificates. A project's file names none: the
// user's key is not to speak for him at an address that a checkout names.
func (l *layer) ownFile(m textdoc.Member, key string) string {
	if l.kind == Project {
		l.problems = append(l.problems, Problem{Line: m.Line, Column: m.Col, Key: key, Message: key + " counts only in your own settings, not in a project's file"})
		return ""
	}
	return l.word(m, key)
}

// price reads an amount of US dollars.
func (l *layer) price(m textdoc.Member, key string) float64 {
	n, ok := m.Value.Number()
	usd, err := n.Float64()
	if !ok || err != nil || usd < 0 {
		l.fail(m.Value, key, "%s must be an amount of US dollars like 0.69", key)
		return 0
	}
	return usd
}

func (l *layer) readPresets(section textdoc.Member) {
	for _, m := range l.mapping(section.Value, "presets") {
		p := Preset{Origin: l.at(m)}
		key := "presets." + m.Name
		for _, inner := range l.mapping(m.Value, key) {
			name := key + "." + inner.Name
			switch inner.Name {
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
				Line: m.Line, Column: m.Col, Key: key, Message: key + " has no workflow",
			})
		}
		l.presets[m.Name] = p
	}
}

func (l *layer) readModels(section textdoc.Member) {
	for _, m := range l.mapping(section.Value, "models") {
		key := modelsPrefix + m.Name
		if !isFolder(m.Name) {
			l.fail(m.Value, key, "%q is no folder of models", m.Name)
			continue
		}
		if m.Value.IsNull() {
			continue
		}
		l.models[m.Name], l.origins[key] = l.word(m, key), l.at(m)
	}
}

func (l *layer) readParams(section textdoc.Member, key string) []Param {
	var params []Param
	for _, m := range l.mapping(section.Value, key) {
		plain, err := m.Value.Plain()
		if err != nil {
			l.fail(m.Value, key+"."+m.Name, "%s.%s: %s", key, m.Name, err.Message)
			continue
		}
		params = append(params, Param{Name: m.Name, JSON: plain.Raw()})
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

// kindOf names what a value is, in the words of people who write YAML.
func kindOf(v textdoc.Value) string {
	_, isText := v.Text()
	switch {
	case v.IsNull():
		return "empty"
	case v.Kind == textdoc.List:
		return "a list"
	case v.Kind == textdoc.Object:
		return "a mapping"
	case isText:
		return "a text"
	case string(v.Scalar) == "true", string(v.Scalar) == "false":
		return "true or false"
	}
	return "a number"
}
