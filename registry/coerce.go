package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

const maxSeedText = "18446744073709551615"

// isNumber reports whether the text is a JSON number, and nothing else.
func isNumber(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') && json.Valid(v) && !strings.ContainsAny(string(v), " \t\r\n")
}

// isInteger reports whether the text is a JSON number without fraction and
// exponent.
func isInteger(s string) bool { return isNumber([]byte(s)) && !strings.ContainsAny(s, ".eE") }

// CompareNumbers compares exactly: -1, 0 or 1 as a is below, equal to or above b.
// Both are valid JSON numbers.
func CompareNumbers(a, b json.Number) int { return compareNumbers(a, b) }

func compareNumbers(a, b json.Number) int {
	if x, err := strconv.ParseInt(string(a), 10, 64); err == nil {
		if y, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			return cmp.Compare(x, y)
		}
	}
	if x, ok := shortDecimal(a); ok {
		if y, ok := shortDecimal(b); ok {
			return cmp.Compare(x, y)
		}
	}
	x, y := rational(a), rational(b)
	return x.Cmp(y)
}

// shortDecimal is a number of at most 15 digits, which two floats tell apart
// exactly as they are written: a batch compares very many.
func shortDecimal(n json.Number) (float64, bool) {
	if len(n) > 15 || strings.ContainsAny(string(n), "eE") {
		return 0, false
	}
	x, err := strconv.ParseFloat(string(n), 64)
	return x, err == nil
}

// rational is the exact value of a JSON number. Exponents that would take
// megabytes of digits are cut; such a number is out of every range anyway.
func rational(n json.Number) *big.Rat {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return new(big.Rat).SetInt64(i)
	}
	s := string(n)
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		if e, err := strconv.Atoi(strings.TrimPrefix(s[at+1:], "+")); err != nil || e > 400 || e < -400 {
			limit := "1e400"
			if strings.HasPrefix(s[at+1:], "-") {
				limit = "1e-400"
			}
			if strings.HasPrefix(s, "-") {
				limit = "-" + limit
			}
			s = limit
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// problem makes a Problem with the parameter's name and limits.
func (p *Parameter) problem(format string, args ...any) *Problem {
	return &Problem{
		Parameter: p.Name,
		Message:   fmt.Sprintf("Parameter '%s' ", p.Name) + fmt.Sprintf(format, args...),
		Allowed:   p.Allowed(),
	}
}

// fromText coerces what somebody typed. The result is canonical JSON.
func (p *Parameter) fromText(s string) (json.RawMessage, *Problem) {
	if !p.List {
		return p.oneFromText(s)
	}
	parts := []string{s}
	if p.Splits() {
		parts = strings.Split(s, ",")
	}
	var items []json.RawMessage
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item, bad := p.oneFromText(part)
		if bad != nil {
			return nil, bad
		}
		items = append(items, item)
	}
	return list(items), nil
}

// Splits reports whether a comma separates the items of a list. File and model
// names, and texts, may contain one.
func (p *Parameter) Splits() bool {
	return !p.Type.File() && p.Type != TypeModel && p.Type != TypeText && p.Type != TypeString
}

// list is a JSON array of these items.
func list(items []json.RawMessage) json.RawMessage {
	b := []byte{'['}
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return append(b, ']')
}

// items are the elements of a JSON array.
func items(v json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	_ = json.Unmarshal(v, &list)
	return list
}

func (p *Parameter) oneFromText(s string) (json.RawMessage, *Problem) {
	switch p.Type {
	case TypeInt, TypeSeed:
		t := strings.TrimPrefix(strings.TrimSpace(s), "+")
		if !isInteger(t) {
			return nil, p.problem("must be int")
		}
		return p.check(json.RawMessage(t))
	case TypeFloat:
		t := canonicalFloat(strings.TrimSpace(s))
		if !isNumber([]byte(t)) {
			return nil, p.problem("must be float")
		}
		return p.check(json.RawMessage(t))
	case TypeBool:
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true", "yes", "1", "on":
			return json.RawMessage("true"), nil
		case "false", "no", "0", "off":
			return json.RawMessage("false"), nil
		}
		return nil, p.problem("must be true or false")
	}
	if !utf8.ValidString(s) { // JSON has no place for it: the model would get other letters
		return nil, p.problem("must be UTF-8 text")
	}
	return p.check(comfy.RawString(s))
}

// canonicalFloat makes a JSON number of the usual ways to type one: .5, 5., +1.
func canonicalFloat(s string) string {
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	return sign + strings.TrimSuffix(s, ".")
}

// fromJSON checks a value that has a type already. Numbers may be strings, for
// exactness; nothing else is converted.
func (p *Parameter) fromJSON(v json.RawMessage) (json.RawMessage, *Problem) {
	v = compact(v)
	if len(v) == 0 {
		return nil, p.problem("must be JSON")
	}
	if !p.List {
		return p.oneFromJSON(v)
	}
	if v[0] != '[' {
		item, bad := p.oneFromJSON(v)
		if bad != nil {
			return nil, bad
		}
		return list([]json.RawMessage{item}), nil
	}
	var out []json.RawMessage
	for _, e := range items(v) {
		item, bad := p.oneFromJSON(compact(e))
		if bad != nil {
			return nil, bad
		}
		out = append(out, item)
	}
	return list(out), nil
}

func (p *Parameter) oneFromJSON(v json.RawMessage) (json.RawMessage, *Problem) {
	var s string
	isText := len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil
	switch p.Type {
	case TypeInt, TypeSeed:
		if isText {
			v = json.RawMessage(s)
		}
		if !isInteger(string(v)) {
			return nil, p.problem("must be int")
		}
		return p.check(v)
	case TypeFloat:
		if isText {
			v = json.RawMessage(s)
		}
		if !isNumber(v) {
			return nil, p.problem("must be float")
		}
		return p.check(v)
	case TypeBool:
		if string(v) != "true" && string(v) != "false" {
			return nil, p.problem("must be true or false")
		}
		return v, nil
	case TypeEnum:
		if isNumber(v) {
			return p.check(comfy.RawString(string(v)))
		}
	}
	if !isText {
		return nil, p.problem("must be text")
	}
	return p.check(comfy.RawString(s))
}

func compact(v json.RawMessage) json.RawMessage {
	v = json.RawMessage(strings.TrimSpace(string(v)))
	if !json.Valid(v) {
		return nil
	}
	return v
}

// check holds one value of the right form against the limits.
func (p *Parameter) check(v json.RawMessage) (json.RawMessage, *Problem) {
	switch p.Type {
	case TypeInt, TypeFloat, TypeSeed:
		return p.checkRange(v)
	case TypeSize:
		return p.checkSize(v)
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return nil, p.problem("must be text")
	}
	if len(p.Choices) > 0 && !slices.Contains(p.Choices, s) {
		bad := p.problem("has no choice '%s'", s)
		bad.Nearest = nearest.To(s, p.Choices, 3)
		return nil, bad
	}
	if p.MaxLength > 0 && utf8.RuneCountInString(s) > p.MaxLength {
		return nil, p.problem("longer than %d characters", p.MaxLength)
	}
	if p.Pattern != "" {
		re, err := wholeText(p.Pattern)
		if err != nil || !re.MatchString(s) {
			return nil, p.problem("does not match %s", p.Pattern)
		}
	}
	if p.Type.File() {
		return p.checkFile(v, s)
	}
	return v, nil
}

// checkFile refuses a secret in the name of a file: it would stand in every
// record of the run.
func (p *Parameter) checkFile(v json.RawMessage, name string) (json.RawMessage, *Problem) {
	if name == "" {
		return nil, p.problem("names no file")
	}
	if u, err := url.Parse(name); err == nil && u.User != nil {
		bad := p.problem("is an address with a user or password, which the record of the run would keep")
		bad.Hint = "download it first: curl -u USER ADDRESS | easel generate ... --" + strings.ReplaceAll(p.Name, "_", "-") + " -"
		return nil, bad
	}
	return v, nil
}

func (p *Parameter) checkRange(v json.RawMessage) (json.RawMessage, *Problem) {
	n := json.Number(v)
	low, high := p.Min, p.Max
	if p.Type == TypeSeed {
		if string(v) == "-1" {
			return v, nil
		}
		if low == "" || strings.HasPrefix(string(low), "-") && compareNumbers(n, low) >= 0 {
			low = "0" // a negative minimum only says that -1 may be given
		}
		if high == "" {
			high = maxSeedText
		}
	}
	if p.Type == TypeFloat {
		if _, err := n.Float64(); err != nil {
			return nil, p.problem("must be a number of usual size")
		}
	}
	if low != "" && compareNumbers(n, low) < 0 {
		return nil, p.problem("below minimum %s", low)
	}
	if high != "" && compareNumbers(n, high) > 0 {
		return nil, p.problem("above maximum %s", high)
	}
	return canonicalInteger(v), nil
}

// canonicalInteger turns -0 into 0.
func canonicalInteger(v json.RawMessage) json.RawMessage {
	if string(v) == "-0" {
		return json.RawMessage("0")
	}
	return v
}

// checkSize reads "1024x768"; limits apply to both sides.
func (p *Parameter) checkSize(v json.RawMessage) (json.RawMessage, *Problem) {
	var s string
	_ = json.Unmarshal(v, &s)
	width, height, ok := parseSize(s)
	if !ok {
		return nil, p.problem("must be WIDTHxHEIGHT in pixels, like 1024x768")
	}
	if len(p.Choices) > 0 && !slices.Contains(p.Choices, s) {
		bad := p.problem("has no choice '%s'", s)
		bad.Nearest = nearest.To(s, p.Choices, 3)
		return nil, bad
	}
	for _, side := range []string{width, height} {
		if p.Min != "" && compareNumbers(json.Number(side), p.Min) < 0 {
			return nil, p.problem("below minimum %s", p.Min)
		}
		if p.Max != "" && compareNumbers(json.Number(side), p.Max) > 0 {
			return nil, p.problem("above maximum %s", p.Max)
		}
	}
	return comfy.RawString(width + "x" + height), nil
}

func parseSize(s string) (width, height string, ok bool) {
	s = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "×", "x")
	width, height, ok = strings.Cut(s, "x")
	for _, side := range []string{width, height} {
		if n, err := strconv.Atoi(side); err != nil || n <= 0 || !isInteger(side) {
			return "", "", false
		}
	}
	return width, height, ok
}
