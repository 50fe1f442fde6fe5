package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// Parameters are what AUTOMATIC1111 and its kin write about a picture, read
// from their text.
type Parameters struct {
	Prompt   string    `json:"prompt"`
	Negative string    `json:"negative,omitempty"`
	Settings []Setting `json:"settings,omitempty"` // in the order of the text
}

// A Setting is one of the pairs in the text's last line: "Steps", "20".
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ParseParameters reads the text of Meta.Parameters: the prompt, the negative
// prompt after "Negative prompt:", and a last line of pairs that begins with
// "Steps:". Some programs put all of it on one line. SwarmUI, Fooocus, InvokeAI
// and NovelAI write a JSON object instead. Text of another form is all prompt.
func ParseParameters(text string) Parameters {
	text = strings.TrimSpace(lineEnds.Replace(text))
	if p, ok := parseObject(text); ok {
		return p
	}
	if !strings.Contains(text, "\n") && strings.Contains(text, `\nSteps: `) {
		text = strings.ReplaceAll(text, `\n`, "\n") // escaped once too often
	}
	var p Parameters
	const negative = "Negative prompt:"
	i := settingsLine(text)
	inline := i < 0
	if inline {
		i = settingsWithin(text)
	}
	if i >= 0 {
		p.Settings = settings(text[i:])
		if text = text[:i]; inline {
			text = strings.TrimSuffix(text, ".") // in place of the end of a line
		}
	}
	n := lineWith(text, negative)
	if n < 0 && inline && i >= 0 {
		n = strings.LastIndex(text, negative)
	}
	if n >= 0 {
		p.Negative = strings.TrimSpace(text[n+len(negative):])
		if text = text[:n]; inline {
			text = strings.TrimSuffix(text, ".")
		}
	}
	p.Prompt = strings.TrimSpace(text)
	return p
}

// lazyPattern compiles an expression when it is first needed: most starts need none.
func lazyPattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// anySetting is the beginning of a line of pairs in another order than usual.
var anySetting = lazyPattern(`(?m)^[ \t]*(?:Steps|Sampler|Schedule type|Scheduler|CFG scale|Guidance|Seed|Size|Width|Model|Model hash|VAE|Clip skip|Version):`)

// settingsLine is where the last line of pairs begins, or -1. One that begins with
// "Steps: " is sure; any other needs three pairs, as for AUTOMATIC1111.
func settingsLine(text string) int {
	if i := lineWith(text, "Steps: "); i >= 0 {
		return i
	}
	last := strings.LastIndexByte(text, '\n') + 1
	if anySetting().MatchString(text[last:]) && len(settings(text[last:])) >= 3 {
		return last
	}
	return -1
}

// lineWith is where the last line with a beginning starts, or -1.
func lineWith(text, beginning string) int {
	if i := strings.LastIndex(text, "\n"+beginning); i >= 0 {
		return i + 1
	}
	if strings.HasPrefix(text, beginning) {
		return 0
	}
	return -1
}

// stepsWithin is the first pair within a line.
var stepsWithin = lazyPattern(`\bSteps: ?\d`)

// settingsWithin is where the pairs begin in a text that is all on one line,
// or -1. Words of a prompt may look like one pair; three make it certain, as
// for AUTOMATIC1111. Pairs after the first may be called steps of something too.
func settingsWithin(text string) int {
	const attempts = 8 // each may read all of the text
	from := max(0, strings.LastIndex(text, "Negative prompt:"))
	for _, m := range stepsWithin().FindAllStringIndex(text[from:], attempts) {
		if i := from + m[0]; len(settings(text[i:])) >= 3 {
			return i
		}
	}
	return -1
}

// pairName is the beginning of a pair, as AUTOMATIC1111 reads it.
var pairName = lazyPattern(`^\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/.()+]{0,63}):[ \t]*`)

// settings reads `Steps: 20, Size: 512x768, Lora hashes: "a: 1, b: 2"`. A value
// is a JSON string, object or list when it is one as a whole, or what Python prints
// for one, else it goes to the next comma or the end of its line; what no name
// begins belongs to the value before it.
func settings(text string) []Setting {
	var found []Setting
	var more []string // pieces of the last value
	finish := func() {
		if len(more) > 0 {
			found[len(found)-1].Value += "," + strings.Join(more, ",")
			more = nil
		}
	}
	for text != "" {
		m := pairName().FindStringSubmatchIndex(text)
		if m == nil {
			var piece string
			piece, text = untilSeparator(text)
			if piece = strings.TrimRight(piece, " "); len(found) > 0 && strings.TrimSpace(piece) != "" {
				more = append(more, piece)
			}
			continue
		}
		finish()
		key := strings.TrimSpace(text[m[2]:m[3]])
		var value string
		value, text = settingValue(text[m[1]:])
		found = append(found, Setting{key, value})
	}
	finish()
	return found
}

// untilSeparator cuts text at its first comma or line end.
func untilSeparator(text string) (piece, rest string) {
	if i := strings.IndexAny(text, ",\n"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// settingValue cuts a value off, with the comma or line end behind it.
func settingValue(text string) (value, rest string) {
	if text != "" && strings.IndexByte(`"{[`, text[0]) >= 0 {
		d := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		if d.Decode(&raw) == nil {
			if rest, ok := afterValue(text[d.InputOffset():]); ok {
				return plainValue(raw), rest
			}
		}
		if n := bracketed(text); n > 1 {
			if rest, ok := afterValue(text[n:]); ok {
				return text[:n], rest
			}
		}
	}
	value, rest = untilSeparator(text)
	return strings.TrimSpace(value), rest
}

// afterValue is what follows a value and its separator; false when the value goes on.
func afterValue(text string) (string, bool) {
	if text = strings.TrimLeft(text, " "); text == "" {
		return "", true
	}
	return text[1:], text[0] == ',' || text[0] == '\n'
}

// bracketed is the length of the line's beginning up to the bracket that closes its
// first one, or 0. Its depth is limited, and with it how often a hostile text of
// nothing but beginnings is read over.
func bracketed(text string) int {
	const deepest = 32
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '\n':
			return 0
		}
		if depth == 0 {
			return i + 1
		}
		if depth > deepest {
			return 0
		}
	}
	return 0
}

// plainValue is the text of a JSON string, and the JSON of anything else.
func plainValue(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && bytes.HasPrefix(raw, []byte(`"`)) {
		return s
	}
	return string(raw)
}

// parseObject reads parameters that are a JSON object: SwarmUI's, which lie in
// sui_image_params, those of old versions of InvokeAI in image, and the flat ones of
// Fooocus, InvokeAI, NovelAI and Draw Things.
func parseObject(text string) (Parameters, bool) {
	fields, ok := objectFields([]byte(text))
	if !ok {
		return Parameters{}, false
	}
	for _, f := range fields {
		if f.name == "sui_image_params" {
			inner, ok := objectFields(f.raw)
			return fieldsParameters(inner), ok
		}
	}
	if isParameters(fields) {
		return fieldsParameters(fields), true
	}
	for _, f := range fields {
		if inner, ok := objectFields(f.raw); ok && f.name == "image" && isParameters(inner) {
			return fieldsParameters(inner), true
		}
	}
	return Parameters{}, false
}

// isParameters tells parameters from other objects: they have a prompt, or a place
// for a negative one when it is empty.
func isParameters(fields []field) bool {
	for _, f := range fields {
		switch role := f.role(); {
		case role == "negative", role == "prompt" && promptText(f.raw) != "":
			return true
		}
	}
	return false
}

func fieldsParameters(fields []field) Parameters {
	var p Parameters
	for _, f := range fields {
		switch role := f.role(); {
		case role == "prompt" && p.Prompt == "":
			p.Prompt = promptText(f.raw)
		case role == "negative" && p.Negative == "":
			p.Negative = promptText(f.raw)
		default:
			p.Settings = append(p.Settings, Setting{f.name, plainValue(f.raw)})
		}
	}
	return p
}

// role is "prompt", "negative" or nothing. Programs differ in how they write the names.
func (f field) role() string {
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(f.name)) {
	case "prompt", "positiveprompt", "c":
		return "prompt"
	case "negativeprompt", "uc":
		return "negative"
	}
	return ""
}

// promptText is a string, or the texts of a list of weighted prompts.
func promptText(raw json.RawMessage) string {
	var weighted []struct {
		Prompt string `json:"prompt"`
	}
	if json.Unmarshal(raw, &weighted) == nil && len(weighted) > 0 {
		var texts []string
		for _, w := range weighted {
			texts = append(texts, w.Prompt)
		}
		return strings.TrimSpace(strings.Join(texts, ", "))
	}
	if string(raw) == "null" {
		return ""
	}
	return strings.TrimSpace(plainValue(raw))
}

// A field is one member of a JSON object.
type field struct {
	name string
	raw  json.RawMessage
}

// objectFields reads an object in the order of its text.
func objectFields(data []byte) ([]field, bool) {
	data = bytes.TrimLeftFunc(data, unicode.IsSpace)
	if !bytes.HasPrefix(data, []byte("{")) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(repair(data)))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	var fields []field
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		f := field{name: key.(string)} // an object's keys are strings
		if d.Decode(&f.raw) != nil {
			return nil, false
		}
		fields = append(fields, f)
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return fields, errors.Is(err, io.EOF)
}
