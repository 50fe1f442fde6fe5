package registry

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Limits on dynamic prompts, against wildcards that name each other.
const (
	maxDynamicDepth = 32
	maxDynamicBytes = 1 << 20
)

// ExpandDynamic makes the choices of a dynamic prompt. The same text, seed and
// wildcard files always give the same result.
//
//	{a|b|c}          one of the options; they may hold choices themselves
//	{2::a|b}         a is drawn twice as often as b
//	{2$$a|b|c}       two different options, joined by ", "
//	{1-2$$ and $$a|b} one or two, joined by " and "; {-2$$...} at most, {2-$$...} at least two
//	__name__         a line of the wildcard file, which may begin with a weight; wildcard
//	                 returns its lines, and \ in a name is / to it
//	{2$$__name__}    two different lines of it
//	\{ \} \| \_ \\   the character itself
//
// A name is any text in one line that no space begins or ends. What looks like
// a choice and cannot be made is an error. With a nil wildcard, __name__ stays as
// it is.
func ExpandDynamic(text string, seed uint64, wildcard func(name string) ([]string, error)) (string, error) {
	e := expander{rng: rand.New(rand.NewPCG(seed, 0x6561_7365_6c)), wildcard: wildcard}
	return e.expand(text, 0)
}

type expander struct {
	rng      *rand.Rand
	wildcard func(string) ([]string, error)
	written  int
}

// expand walks over a text outside of any group.
func (e *expander) expand(s string, depth int) (string, error) {
	if depth > maxDynamicDepth {
		return "", fmt.Errorf("choices and wildcards are nested more than %d deep", maxDynamicDepth)
	}
	e.written++ // an expansion costs something even when it gives nothing
	var b strings.Builder
	for i := 0; i < len(s); {
		piece, n := s[i:i+1], 1
		var err error
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`{}|_\`, s[i+1]) >= 0:
			piece, n = s[i+1:i+2], 2
		case s[i] == '$' && variable(s[i:]):
			return "", fmt.Errorf("%.20s sets or uses a variable, which is not supported; a literal { is \\{", s[i:])
		case s[i] == '{':
			end := groupEnd(s[i:])
			if end < 0 {
				return "", errors.New("a { is never closed")
			}
			piece, err = e.group(s[i+1:i+end], depth+1)
			n = end + 1
		case s[i] == '_' && e.wildcard != nil:
			if name, ok := wildcardName(s[i:]); ok {
				piece, err = e.wild(name, depth+1)
				n = len(name) + 4
			}
		}
		if err != nil {
			return "", err
		}
		if e.written += len(piece); e.written > maxDynamicBytes {
			return "", fmt.Errorf("the prompt grows beyond %d bytes", maxDynamicBytes)
		}
		b.WriteString(piece)
		i += n
	}
	return b.String(), nil
}

// groupEnd is the offset of the } that closes the { at the start, or -1.
func groupEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// wildcardName reads __name__ at the start of a text.
func wildcardName(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "__")
	if !ok {
		return "", false
	}
	name, _, ok := strings.Cut(rest, "__")
	if !ok || name == "" || name != strings.TrimSpace(name) || strings.ContainsFunc(name, func(r rune) bool {
		return strings.ContainsRune(`{}|`, r) || unicode.IsControl(r)
	}) || strings.Contains(name, `\\`) || strings.Contains(name, `\_`) || strings.HasSuffix(name, `\`) {
		return "", false
	}
	return name, true
}

// variable reports whether a text begins with ${name} or ${name=...}.
func variable(s string) bool {
	rest, ok := strings.CutPrefix(s, "${")
	if !ok {
		return false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return end > 0 && !unicode.IsDigit(rune(rest[0])) && strings.IndexByte("}=!:", rest[end]) >= 0
}

func (e *expander) wild(name string, depth int) (string, error) {
	lines, err := e.lines(name)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(lines, func(o option) bool { return o.weight != 1 }); i >= 0 {
		return e.expand(lines[e.pick(lines)].text, depth)
	}
	return e.expand(lines[e.rng.IntN(len(lines))].text, depth)
}

// lines are the options of a wildcard. One may have a weight as an option of a group.
func (e *expander) lines(name string) ([]option, error) {
	lines, err := e.wildcard(strings.ReplaceAll(name, `\`, "/"))
	if err != nil {
		return nil, fmt.Errorf("wildcard __%s__: %w", name, err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("wildcard __%s__ has no lines", name)
	}
	options := make([]option, len(lines))
	for i, line := range lines {
		if options[i], err = weighted(line); err != nil {
			return nil, fmt.Errorf("wildcard __%s__: %w", name, err)
		}
	}
	return options, nil
}

// linesOf makes options of the lines of a wildcard that stands alone where
// several are drawn: {2$$__name__}.
func (e *expander) linesOf(s string) ([]option, error) {
	s = strings.TrimSpace(s)
	if e.wildcard == nil {
		return nil, nil
	}
	name, ok := wildcardName(s)
	if !ok || len(name)+4 != len(s) {
		return nil, nil
	}
	return e.lines(name)
}

type option struct {
	text   string
	weight float64
}

// group makes the choice of what stands between { and }.
func (e *expander) group(s string, depth int) (string, error) {
	low, high, joiner, counted := 1, 1, ", ", false
	if count, rest, ok := strings.Cut(s, "$$"); ok && !strings.ContainsAny(count, "{}|") {
		var valid bool
		counted = true
		if low, high, valid = parseCount(count); !valid {
			return "", fmt.Errorf("%q before $$ is not a number of options", count)
		}
		s = rest
		if own, rest, ok := strings.Cut(s, "$$"); ok && !strings.ContainsAny(own, "{}|") {
			joiner, s = own, rest
		}
	}
	options, err := splitOptions(s)
	if err != nil {
		return "", err
	}
	if counted && len(options) == 1 {
		lines, err := e.linesOf(options[0].text)
		if err != nil {
			return "", err
		}
		if lines != nil {
			options = lines
		}
	}
	if high == toAll {
		high = len(options)
	}
	n := low
	if high > low {
		n += e.rng.IntN(high - low + 1)
	}
	var picked []string
	for range min(n, len(options)) {
		i := e.pick(options)
		text, err := e.expand(options[i].text, depth)
		if err != nil {
			return "", err
		}
		picked = append(picked, text)
		options = append(options[:i], options[i+1:]...)
	}
	return strings.Join(picked, joiner), nil
}

// toAll is the upper bound of a count that has none, and above any other.
const toAll = 1000

// parseCount reads "2", "1-3", "-3" (one to three) or "2-" (two to all).
func parseCount(s string) (low, high int, ok bool) {
	first, last, ranged := strings.Cut(strings.TrimSpace(s), "-")
	low, high = 1, toAll
	var err error
	if first != "" || !ranged {
		low, err = strconv.Atoi(first)
	}
	switch {
	case !ranged:
		high = low
	case last != "" && err == nil:
		high, err = strconv.Atoi(last)
	}
	return low, high, err == nil && low >= 0 && high >= low && high <= toAll && (first != "" || last != "")
}

// splitOptions separates options at the | of this level and reads weights.
func splitOptions(s string) ([]option, error) {
	var options []option
	depth, start := 0, 0
	add := func(text string) error {
		o, err := weighted(text)
		options = append(options, o)
		return err
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		case '|':
			if depth == 0 {
				if err := add(s[start:i]); err != nil {
					return nil, err
				}
				start = i + 1
			}
		}
	}
	return options, add(s[start:])
}

// weighted reads the weight before an option: 2::a.
func weighted(text string) (option, error) {
	if w, rest, ok := strings.Cut(text, "::"); ok {
		if weight, err := strconv.ParseFloat(strings.TrimSpace(w), 64); err == nil {
			if weight < 0 || math.IsInf(weight, 0) || math.IsNaN(weight) || weight > 1e9 {
				return option{}, fmt.Errorf("the weight %s is not between 0 and 1e9", w)
			}
			return option{text: rest, weight: weight}, nil
		}
	}
	return option{text: text, weight: 1}, nil
}

// pick draws an option by weight; when all weights are 0, evenly.
func (e *expander) pick(options []option) int {
	total := 0.0
	for _, o := range options {
		total += o.weight
	}
	if total <= 0 {
		return e.rng.IntN(len(options))
	}
	at := e.rng.Float64() * total
	for i, o := range options {
		if at -= o.weight; at < 0 {
			return i
		}
	}
	return len(options) - 1
}
