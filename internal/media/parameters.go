package media

import (
	"encoding/json"
	"strings"
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
// "Steps:". Text of another form is all prompt.
func ParseParameters(text string) Parameters {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	var p Parameters
	if i := lineWith(text, "Steps: "); i >= 0 {
		p.Settings = settings(text[i:])
		text = text[:i]
	}
	if i := lineWith(text, "Negative prompt:"); i >= 0 {
		p.Negative = strings.TrimSpace(strings.TrimPrefix(text[i:], "Negative prompt:"))
		text = text[:i]
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

// settings reads `Steps: 20, Size: 512x768, Lora hashes: "a: 1, b: 2"`. A
// quoted value is JSON; a comma that no name follows belongs to the value.
func settings(text string) []Setting {
	var found []Setting
	for _, piece := range pieces(strings.ReplaceAll(text, "\n", ", ")) {
		name, value, ok := strings.Cut(piece, ": ")
		name = strings.TrimSpace(name)
		switch {
		case ok && name != "" && len(name) <= 64:
			found = append(found, Setting{name, unquoted(strings.TrimSpace(value))})
		case len(found) > 0 && strings.TrimSpace(piece) != "":
			found[len(found)-1].Value += "," + piece
		}
	}
	return found
}

// pieces splits at commas outside of double quotes.
func pieces(text string) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				parts = append(parts, text[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, text[start:])
}

func unquoted(value string) string {
	var s string
	if strings.HasPrefix(value, `"`) && json.Unmarshal([]byte(value), &s) == nil {
		return s
	}
	return value
}
