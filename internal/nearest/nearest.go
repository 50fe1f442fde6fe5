// Package nearest finds the names that a misspelt one may have meant.
package nearest

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// To returns up to max candidates that a person who typed name may have
// meant, best first: small typing mistakes, a common beginning, or one being
// part of the other. Case, folders and file extensions count little.
func To(name string, candidates []string, max int) []string {
	want := fold(name)
	if want == "" || max <= 0 {
		return nil
	}
	type scored struct {
		name string
		cost int
	}
	var found []scored
	for _, c := range candidates {
		if cost, ok := likeness(want, fold(c)); ok {
			found = append(found, scored{c, cost})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b scored) bool { return a.name == b.name })
	var names []string
	for _, f := range found[:min(len(found), max)] {
		names = append(names, f.name)
	}
	return names
}

// One is the first of To, "" when there is none.
func One(name string, candidates []string) string {
	if found := To(name, candidates, 1); len(found) > 0 {
		return found[0]
	}
	return ""
}

// fold makes names comparable: one case, one separator, one folder style.
func fold(s string) string {
	return strings.NewReplacer("\\", "/", "-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// likeness is the cost of taking have for want, 0 for equal; false when no
// person would.
func likeness(want, have string) (int, bool) {
	if want == have {
		return 0, true
	}
	best, ok := typos(want, have)
	// Model files: the same name in another folder or with another extension.
	w, h := stem(want), stem(have)
	if (w != want || h != have) && w != "" && h != "" {
		if w == h {
			return 1, true
		}
		if cost, near := typos(w, h); near && (!ok || cost+1 < best) {
			best, ok = cost+1, true
		}
	}
	short, long := w, h
	if len(short) > len(long) {
		short, long = long, short
	}
	if !ok && len(short) >= 3 && strings.Contains(long, short) {
		best, ok = 10+len(long)-len(short), true
		if !strings.HasPrefix(long, short) {
			best += 5
		}
	}
	return best, ok
}

func stem(s string) string {
	base := path.Base(s)
	if ext := path.Ext(base); len(ext) > 2 && len(ext) < len(base) {
		return strings.TrimSuffix(base, ext)
	}
	return base
}

// maxCompared bounds the names that are compared letter by letter: they come
// from servers.
const maxCompared = 256

// typos counts insertions, deletions, replacements and swaps of neighbours;
// false when they are too many for the length.
func typos(a, b string) (int, bool) {
	ra, rb := []rune(a), []rune(b)
	limit := max(1, min(len(ra), len(rb))/3)
	if d := len(ra) - len(rb); d > limit || -d > limit || len(ra) > maxCompared || len(rb) > maxCompared {
		return 0, false
	}
	before, last, row := make([]int, len(rb)+1), make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(ra); i++ {
		row[0] = i
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	d := last[len(rb)]
	return d, d <= limit
}
