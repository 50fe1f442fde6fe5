package storage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// placeholders are the names that a template may use, beside param.NAME and
// row.COLUMN.
func placeholders() []string {
	return []string{"workflow", "id", "n", "item", "seed", "date", "time", "character", "backend", "prompt"}
}

// families are the prefixes behind which any name may stand.
func families() []string { return []string{"param.", "row."} }

// A Template makes file names: text with placeholders such as {workflow},
// {prompt:40} (at most 40 characters), {n:03} (filled up with zeros to 3),
// {param.steps} and {row.sku}. A slash in its text separates folders; {{ and }}
// are braces. It names the file without extension.
type Template struct {
	text  string
	parts []part
}

// A part is literal text, or a placeholder when field is not "".
type part struct {
	literal string
	field   string
	width   int  // most characters, 0 = all
	zeros   bool // width is the least, filled up with zeros
}

// TemplateError says what is wrong with a template.
type TemplateError struct {
	Template string
	Reason   string
	Nearest  string // the known placeholder that was perhaps meant, "" if none is near
}

func (e *TemplateError) Error() string {
	s := fmt.Sprintf("the name template %q %s", e.Template, e.Reason)
	if e.Nearest != "" {
		s += fmt.Sprintf(", did you mean {%s}?", e.Nearest)
	}
	return s
}

// ParseTemplate reads a template. An unknown placeholder, an open brace, an
// absolute path and a ".." element are a *TemplateError.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{text: text}
	if strings.TrimSpace(text) == "" {
		return nil, t.fail("is empty")
	}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t.parts = append(t.parts, part{literal: lit.String()})
			lit.Reset()
		}
	}
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			lit.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '}':
			return nil, t.fail("has a } without {; a brace is written }}")
		case rest[0] == '{':
			inside, after, ok := strings.Cut(rest[1:], "}")
			if !ok {
				return nil, t.fail("has a { without }; a brace is written {{")
			}
			p, err := t.placeholder(inside)
			if err != nil {
				return nil, err
			}
			flush()
			t.parts = append(t.parts, p)
			rest = after
		default:
			lit.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	flush()
	return t, t.checkFolders()
}

func (t *Template) fail(reason string) error { return &TemplateError{Template: t.text, Reason: reason} }

func (t *Template) placeholder(text string) (part, error) {
	field, width, limited := strings.Cut(text, ":")
	p := part{field: field}
	if limited {
		n, err := strconv.ParseUint(width, 10, 8)
		if err != nil || n == 0 {
			return p, t.fail(fmt.Sprintf("has the width %q in {%s}; it is a number from 1 to 255", width, text))
		}
		p.width, p.zeros = int(n), width[0] == '0'
	}
	if slices.Contains(placeholders(), field) || slices.ContainsFunc(families(), func(family string) bool {
		return strings.HasPrefix(field, family) && len(field) > len(family)
	}) {
		return p, nil
	}
	known := append(placeholders(), "param.NAME", "row.COLUMN")
	return p, &TemplateError{
		Template: t.text, Reason: fmt.Sprintf("has the unknown placeholder {%s}", field), Nearest: nearest.One(field, known),
	}
}

// checkFolders looks at the template's own text only: a value never makes a
// folder, since Expand makes it safe.
func (t *Template) checkFolders() error {
	var shape strings.Builder
	for _, p := range t.parts {
		if p.field != "" {
			shape.WriteByte('x')
		}
		shape.WriteString(p.literal)
	}
	s := shape.String()
	if strings.HasPrefix(s, "/") || (len(s) > 1 && s[1] == ':') {
		return t.fail("is an absolute path; the folder is given by --out")
	}
	if strings.Contains(s, `\`) {
		return t.fail(`has a \; folders are separated by /`)
	}
	for element := range strings.SplitSeq(s, "/") {
		if element == ".." || element == "." || element == "" {
			return t.fail(fmt.Sprintf("has the folder %q", element))
		}
	}
	return nil
}

// Uses reports whether the template has a placeholder of that name.
func (t *Template) Uses(field string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.field == field })
}

// UsesValues reports whether the template has a placeholder of a run's values:
// its prompt or one of its parameters.
func (t *Template) UsesValues() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.field == "prompt" || strings.HasPrefix(p.field, "param.") })
}

// Expand fills the placeholders in and makes each element of the path safe
// (SafeName); an element that came out empty is left out. A field of param. or
// row. that values does not have is a *TemplateError; the others are empty then.
func (t *Template) Expand(values map[string]string) (string, error) {
	var b strings.Builder
	flat := strings.NewReplacer("/", "_", `\`, "_")
	for _, p := range t.parts {
		if p.field == "" {
			b.WriteString(p.literal)
			continue
		}
		value, ok := values[p.field]
		if !ok && strings.Contains(p.field, ".") {
			return "", &TemplateError{
				Template: t.text, Reason: fmt.Sprintf("uses {%s}, which this run does not have", p.field),
				Nearest: nearest.One(p.field, slices.Collect(maps.Keys(values))),
			}
		}
		b.WriteString(p.fit(flat.Replace(value)))
	}
	var elements []string
	for element := range strings.SplitSeq(b.String(), "/") {
		if strings.TrimSpace(element) != "" {
			elements = append(elements, SafeName(element))
		}
	}
	if len(elements) == 0 {
		return SafeName(""), nil
	}
	return strings.Join(elements, "/"), nil
}

func (p part) fit(value string) string {
	switch n := utf8.RuneCountInString(value); {
	case p.width == 0:
		return value
	case p.zeros:
		return strings.Repeat("0", max(0, p.width-n)) + value
	case n > p.width:
		return strings.TrimSpace(string([]rune(value)[:p.width]))
	}
	return value
}

// Variant is the n-th alternative of a name without extension that is taken:
// the name itself for 0, then name-1, name-2, ...
func Variant(name string, n int) string {
	if n == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// Numbered is the name without extension of the n-th output, from 1, of a run
// whose name is fixed: name, name_2, name_3, ...
func Numbered(name string, n int) string {
	if n <= 1 {
		return name
	}
	return name + "_" + strconv.Itoa(n)
}
