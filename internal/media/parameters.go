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
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if p, ok := parseObject(text); ok {
		return p
	}
	var p Parameters
	const negative = "Negative prompt:"
	i := lineWith(text, "Steps: ")
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

// settingsWithin is where the pairs begin in a text that is all on one line,
// or -1. Words of a prompt may look like one pair; three make it certain, as
// for AUTOMATIC1111.
func settingsWithin(text string) int {
	i := strings.LastIndex(text, "Steps: ")
	if i <= 0 || isNameByte(text[i-1]) || len(settings(text[i:])) < 3 {
		return -1
	}
	return i
}

func isNameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

// pairName is the beginning of a pair, as AUTOMATIC1111 reads it.
var pairName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/.()+]{0,63}):\s*`) })

// settings reads `Steps: 20, Size: 512x768, Lora hashes: "a: 1, b: 2"`. A value
// is a JSON string, object or list when it is one as a whole, else it goes to the
// next comma; what no name begins belongs to the value before it.
func settings(text string) []Setting {
	var found []Setting
	for text = strings.ReplaceAll(text, "\n", ", "); text != ""; {
		m := pairName().FindStringSubmatchIndex(text)
		if m == nil {
			piece, rest, _ := strings.Cut(text, ",")
			if len(found) > 0 && strings.TrimSpace(piece) != "" {
				found[len(found)-1].Value += "," + strings.TrimRight(piece, " ")
			}
			text = rest
			continue
		}
		key := strings.TrimSpace(text[m[2]:m[3]])
		var value string
		value, text = settingValue(text[m[1]:])
		found = append(found, Setting{key, value})
	}
	return found
}

// settingValue cuts a value off, with the comma behind it.
func settingValue(text string) (value, rest string) {
	if text != "" && strings.IndexByte(`"{[`, text[0]) >= 0 {
		d := json.NewDecoder(strings.NewReader(text))
		var raw json.RawMessage
		if d.Decode(&raw) == nil {
			after := strings.TrimLeft(text[d.InputOffset():], " ")
			if after == "" || after[0] == ',' {
				return plainValue(raw), strings.TrimPrefix(after, ",")
			}
		}
	}
	value, rest, _ = strings.Cut(text, ",")
	return strings.TrimSpace(value), rest
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
// sui_image_params, and the flat ones of Fooocus, InvokeAI and NovelAI.
func parseObject(text string) (Parameters, bool) {
	fields, ok := objectFields([]byte(text))
	if !ok {
		return Parameters{}, false
	}
	for _, f := range fields {
		if f.name == "sui_image_params" {
			if fields, ok = objectFields(f.raw); !ok {
				return Parameters{}, false
			}
			return fieldsParameters(fields), true
		}
	}
	p := fieldsParameters(fields)
	return p, p.Prompt != ""
}

func fieldsParameters(fields []field) Parameters {
	var p Parameters
	for _, f := range fields {
		value := plainValue(f.raw)
		switch f.name {
		case "prompt", "positive_prompt":
			p.Prompt = strings.TrimSpace(value)
		case "negativeprompt", "negative_prompt", "uc":
			p.Negative = strings.TrimSpace(value)
		default:
			p.Settings = append(p.Settings, Setting{f.name, value})
		}
	}
	return p
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
