package editor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// drawText treats a text as the editor does before it sends it: comments go,
// one of each {a|b} is chosen, escapes of braces are undone. Other than in the
// editor, // is no comment behind a colon: it is part of an address.
func (c *converter) drawText(s step, name string, value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) != nil || !strings.ContainsAny(text, `{}|\/`) {
		return value
	}
	drawn := dropComments(text)
	if strings.ContainsRune(drawn, '{') && strings.ContainsRune(drawn, '|') && c.opts.Choose == nil {
		c.note(s.scope, s.node, "the choices in its %s stay as they are written", name)
		return comfy.RawString(drawn)
	}
	choose := c.opts.Choose
	if choose == nil {
		choose = func(int) int { return 0 }
	}
	drawn = unescape(choices(drawn, choose, 0))
	if drawn == text {
		return value
	}
	return comfy.RawString(drawn)
}

// dropComments takes out /* ... */ and // to the end of a line.
func dropComments(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				b.WriteString(rest)
				return b.String()
			}
			i += end + 4
		case strings.HasPrefix(rest, "//") && (i == 0 || text[i-1] != ':'):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				return b.String()
			}
			i += end
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// choices draws one option of each group.
func choices(text string, choose func(int) int, depth int) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		case text[i] == '{' && depth < maxNesting:
			options, end := group(text, i+1)
			b.WriteString(choices(options[choose(len(options))], choose, depth+1))
			i = end
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// group splits the options of the group that begins at start, and returns where
// its closing brace is.
func group(text string, start int) (options []string, end int) {
	depth, from := 0, start
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return append(options, text[from:i]), i
			}
			depth--
		case '|':
			if depth == 0 {
				options, from = append(options, text[from:i]), i+1
			}
		}
	}
	return append(options, text[from:]), len(text)
}

func unescape(text string) string {
	return strings.NewReplacer(`\{`, "{", `\}`, "}", `\|`, "|").Replace(text)
}

// tokenClasses are the classes in whose file names the editor fills tokens in.
var tokenClasses = []string{
	"SaveImage", "SaveImageAdvanced", "SaveSVGNode", "SaveVideo", "SaveAnimatedWEBP", "SaveWEBM", "SaveAudio", "SaveAudioMP3",
	"SaveAudioOpus", "SaveAudioAdvanced", "SaveGLB", "SaveAnimatedPNG", "CLIPSave", "VAESave", "ModelSave", "LoraSave", "SaveLatent",
}

func takesTokens(class string) bool { return slices.Contains(tokenClasses, class) }

// maxTokens bounds the tokens of one text: each looks through all nodes.
const maxTokens = 100

// replaceTokens fills %Node.widget% and %date:yyyy-MM-dd% in. What is not known
// stays, as %width% does, which the server fills in.
func (c *converter) replaceTokens(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) != nil || strings.Count(text, "%") < 2 {
		return value
	}
	var b strings.Builder
	for range maxTokens {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if text = rest; !found {
			break
		}
		token, after, closed := strings.Cut(rest, "%")
		if !closed || token == "" {
			b.WriteString("%")
			text = rest
			continue
		}
		filled, ok := c.fillToken(token)
		if !ok {
			filled = "%" + token + "%"
		}
		b.WriteString(filled)
		text = after
	}
	return comfy.RawString(b.String() + text)
}

func (c *converter) fillToken(token string) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 2 {
		format, ok := strings.CutPrefix(parts[0], "date:")
		if !ok {
			return "", false
		}
		return formatDate(c.opts.Now, format), true
	}
	for _, byAlias := range []bool{true, false} {
		for _, n := range c.allNodes() {
			name := n.title
			if byAlias {
				if name = n.class; takesTokens(n.class) { // those that save have no name by their class
					name = ""
				}
				_ = json.Unmarshal(n.properties["Node name for S&R"], &name) // what is no text is no alias
			} else if name == "" {
				name = c.displayName(n.class)
			}
			if name != parts[0] || name == "" {
				continue
			}
			ws, err := c.widgetsOf(n)
			if err != nil {
				return "", false
			}
			for _, w := range ws {
				if w.name == parts[1] && w.value != nil {
					return safeName(w.value), true
				}
			}
			return "", false
		}
	}
	return "", false
}

func (c *converter) displayName(class string) string {
	if def := c.opts.Definitions[class]; def != nil {
		return def.DisplayName
	}
	return class
}

func (c *converter) allNodes() []*node {
	all := slices.Clone(c.doc.root.nodes)
	for _, def := range c.doc.order {
		all = append(all, def.nodes...)
	}
	return all
}

// safeName is a value as part of a file name.
func safeName(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		s = string(value)
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/?<>\:*|"`, r) || r == 0x7f {
			return '_'
		}
		return r
	}, s)
}

// formatDate writes a date in the editor's form: d M h m s, doubled with a
// zero in front, yy and yyyy. All other characters stay.
func formatDate(t time.Time, format string) string {
	fields := map[byte]int{'d': t.Day(), 'M': int(t.Month()), 'h': t.Hour(), 'm': t.Minute(), 's': t.Second()}
	var b strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		v, field := fields[c]
		switch {
		case field:
			for left := n; left > 0; left -= 2 {
				if left == 1 {
					b.WriteString(strconv.Itoa(v))
				} else {
					fmt.Fprintf(&b, "%02d", v)
				}
			}
		case c == 'y' && n == 4:
			b.WriteString(strconv.Itoa(t.Year()))
		case c == 'y' && n == 2:
			fmt.Fprintf(&b, "%02d", t.Year()%100)
		default:
			b.WriteString(format[i : i+n])
		}
		i += n
	}
	return b.String()
}
