package plan

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"
)

// MostItems bounds the items of one batch.
const MostItems = 1_000_000

// A Sweep tries several values of one parameter, or of "workflow" or
// "character".
type Sweep struct {
	Name string
	Text string          // values with commas between them, each may be a range: 10,20..30,2:8:2
	JSON json.RawMessage // a list, or one value, instead of Text; texts in it may be ranges
	Dir  string          // what names of files in it are relative to
}

// written are the values as somebody wrote them.
func (s Sweep) written() string {
	if s.JSON != nil {
		return string(s.JSON)
	}
	return s.Text
}

// A point is one value of a sweep.
type point struct {
	axis  Axis
	value Value
}

// points are the values that a sweep has for a parameter; p is nil for an
// address of the graph and for what is no parameter.
func (s Sweep) points(p *registry.Parameter) ([]point, error) {
	elements, err := s.elements(p)
	if err != nil {
		return nil, err
	}
	var all []point
	for _, e := range elements {
		written := e.Text
		if e.JSON != nil {
			written = JSONText(e.JSON)
		}
		values := []Value{e}
		if text, ok := plainText(e); ok && takesRanges(p, s.Name) {
			numbers, isRange, reason := parseRange(text)
			if reason != "" {
				return nil, &SweepError{Name: s.Name, Text: text, Reason: reason}
			}
			if isRange {
				values = values[:0]
				for _, n := range numbers {
					values = append(values, Value{Name: s.Name, Text: n})
				}
			}
		}
		for _, v := range values {
			axis := Axis{Name: s.Name, Value: written}
			if v.JSON == nil {
				axis.Value = v.Text
			}
			all = append(all, point{axis, s.placed(p, v)})
		}
		if len(all) > MostItems {
			return nil, &TooManyRunsError{Most: MostItems, Asked: len(all)}
		}
	}
	if len(all) == 0 {
		return nil, &SweepError{Name: s.Name, Text: s.written(), Reason: "has no values"}
	}
	return all, nil
}

// placed is a value with its origin, and files where they lie. A seed counts as
// given by the row: it is no drawn one, which a backend may change.
func (s Sweep) placed(p *registry.Parameter, v Value) Value {
	v.Origin = registry.FromSweep
	if p == nil {
		return v
	}
	v.Name = p.Name
	if p.Role == registry.RoleSeed {
		v.Origin = registry.FromRow
	}
	if p.Type.File() {
		v = located(s.Dir, v)
	}
	return v
}

// elements are the values of the sweep as they are written, ranges not counted
// out.
func (s Sweep) elements(p *registry.Parameter) ([]Value, error) {
	raw := s.JSON
	if raw == nil && strings.HasPrefix(strings.TrimSpace(s.Text), "[") {
		raw = json.RawMessage(s.Text)
		if !json.Valid(raw) {
			return nil, &SweepError{Name: s.Name, Text: s.Text, Reason: "begins like a JSON list and is none"}
		}
	}
	var out []Value
	if raw != nil {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			text, ok := plainText(Value{JSON: raw})
			if !ok || p != nil && holdsProse(p) {
				list = []json.RawMessage{raw}
			} else {
				return Sweep{Name: s.Name, Text: text, Dir: s.Dir}.elements(p)
			}
		}
		for _, item := range list {
			out = append(out, Value{Name: s.Name, JSON: item})
		}
		return out, nil
	}
	for part := range strings.SplitSeq(s.Text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, Value{Name: s.Name, Text: part})
		}
	}
	return out, nil
}

// plainText is the text of a value that is one.
func plainText(v Value) (string, bool) {
	if v.JSON == nil {
		return v.Text, true
	}
	var s string
	return s, json.Unmarshal(v.JSON, &s) == nil
}

// holdsProse reports whether a comma is part of the parameter's text.
func holdsProse(p *registry.Parameter) bool {
	return p.Type == registry.TypeText || p.Type == registry.TypeString || p.Type.File()
}

// takesRanges reports whether 1..8 are eight numbers to it.
func takesRanges(p *registry.Parameter, name string) bool {
	if p == nil {
		return strings.Contains(name, ".")
	}
	return p.Type == registry.TypeInt || p.Type == registry.TypeFloat || p.Type == registry.TypeSeed
}

// parseRange counts a range out: a..b are whole numbers, up or down; a:b:step
// goes by exact decimals as far as b, and a:b is a:b:1. reason says why a text
// that looks like one is none.
func parseRange(text string) (numbers []string, isRange bool, reason string) {
	var from, to, step string
	if a, b, ok := strings.Cut(text, ".."); ok {
		from, to = a, b
		if strings.ContainsAny(a+b, ".eE:") {
			return nil, true, "counts whole numbers with ..; decimals have a step: 0.2:0.8:0.1"
		}
	} else if parts := strings.Split(text, ":"); len(parts) == 2 || len(parts) == 3 {
		from, to = parts[0], parts[1]
		if len(parts) == 3 {
			step = parts[2]
		}
	} else {
		return nil, false, ""
	}
	scale := max(decimals(from), decimals(to), decimals(step))
	low, okLow := scaledInt(from, scale)
	high, okHigh := scaledInt(to, scale)
	if !okLow || !okHigh {
		return nil, true, "is no range of numbers"
	}
	by, ok := scaledInt("1", scale)
	if step != "" {
		by, ok = scaledInt(step, scale)
	} else if high.Cmp(low) < 0 {
		by.Neg(by)
	}
	if !ok || by.Sign() == 0 {
		return nil, true, "needs a step that is a number and not 0"
	}
	if high.Cmp(low)*by.Sign() < 0 {
		return nil, true, fmt.Sprintf("never gets from %s to %s", from, to)
	}
	count := new(big.Int).Sub(high, low)
	count.Quo(count, by)
	if !count.IsInt64() || count.Int64() >= MostItems {
		return nil, true, fmt.Sprintf("has more than %d values", MostItems)
	}
	for i := int64(0); i <= count.Int64(); i++ {
		numbers = append(numbers, unscaled(low, scale))
		low = new(big.Int).Add(low, by)
	}
	return numbers, true, ""
}

// maxDecimals bounds what a range is counted with.
const maxDecimals = 18

func decimals(s string) int {
	_, fraction, _ := strings.Cut(strings.TrimSpace(s), ".")
	return min(len(fraction), maxDecimals+1)
}

// scaledInt is a decimal times 10^scale, exactly.
func scaledInt(s string, scale int) (*big.Int, bool) {
	s = strings.TrimSpace(s)
	if scale > maxDecimals || s == "" || len(s) > 40 || strings.Trim(s, "0123456789.-+") != "" || strings.Count(s, ".") > 1 {
		return nil, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	return new(big.Int).SetString(whole+fraction+strings.Repeat("0", scale-len(fraction)), 10)
}

// unscaled writes n / 10^scale without zeros at its end.
func unscaled(n *big.Int, scale int) string {
	if scale == 0 {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
	s := strings.TrimSuffix(strings.TrimRight(digits[:len(digits)-scale]+"."+digits[len(digits)-scale:], "0"), ".")
	if n.Sign() < 0 && s != "0" {
		s = "-" + s
	}
	return s
}

// A combo is one point of all sweeps.
type combo struct {
	axes      []Axis
	values    []Value
	workflow  string // "" = that of the row
	character string
}

// combos are the points of the sweeps that are left when a row has decided some
// itself, in their order: the last sweep changes fastest. One without axes
// where there are no sweeps.
func combos(product [][]point, zip [][]point) ([]*combo, error) {
	all := []*combo{nil}
	extend := func(points [][]point) error { // columns of points that belong together
		n := len(points)
		if n == 0 {
			return nil
		}
		if len(all)*n > MostItems {
			return &TooManyRunsError{Most: MostItems, Asked: len(all) * n}
		}
		var next []*combo
		for _, c := range all {
			for _, together := range points {
				next = append(next, c.with(together))
			}
		}
		all = next
		return nil
	}
	if len(zip) > 0 {
		rows := make([][]point, len(zip[0]))
		for i := range rows {
			for _, sweep := range zip {
				rows[i] = append(rows[i], sweep[i])
			}
		}
		if err := extend(rows); err != nil {
			return nil, err
		}
	}
	for _, sweep := range product {
		var rows [][]point
		for _, p := range sweep {
			rows = append(rows, []point{p})
		}
		if err := extend(rows); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// with is the combo with more points.
func (c *combo) with(points []point) *combo {
	var next combo
	if c != nil {
		next = *c
		next.axes, next.values = slices.Clone(c.axes), slices.Clone(c.values)
	}
	for _, p := range points {
		next.axes = append(next.axes, p.axis)
		switch p.axis.Name {
		case columnWorkflow:
			next.workflow = p.axis.Value
		case columnCharacter:
			next.character = p.axis.Value
		default:
			next.values = append(next.values, p.value)
		}
	}
	return &next
}
