package jobs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold gives letters that are the same in any case one form, as the index of prompts
// in SQLite does: whether a prompt is found must not depend on whether it is indexed.
func fold(text string) string { return strings.Map(foldRune, text) }

func foldRune(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf || unicode.Is(caseless, r):
		return r
	}
	return unicode.ToLower(notCapital(r))
}

// notCapital is the letter that another one which is no capital counts as.
func notCapital(r rune) rune {
	switch r {
	case 'ſ':
		return 's'
	case 'µ':
		return 'μ'
	case 'ς':
		return 'σ'
	case 'ϐ':
		return 'β'
	case 'ϑ':
		return 'θ'
	case 'ϕ':
		return 'φ'
	case 'ϖ':
		return 'π'
	case 'ϰ':
		return 'κ'
	case 'ϱ':
		return 'ρ'
	case 'ϵ':
		return 'ε'
	case 'ẛ':
		return 'ṡ'
	case '\u0345', '\u1fbe':
		return 'ι'
	}
	return r
}

// caseless are capitals that SQLite does not know as such: those that Unicode got after
// version 6.1, and İ, whose small letter is two.
var caseless = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x130, 0x130, 1},
		{0x37f, 0x37f, 1},
		{0x528, 0x52e, 2},
		{0x13a0, 0x13f5, 1},
		{0x1c89, 0x1c89, 1},
		{0x1c90, 0x1cbf, 1},
		{0x2c2f, 0x2c2f, 1},
		{0xa698, 0xa69a, 2},
		{0xa796, 0xa79e, 2},
		{0xa7ab, 0xa7dc, 1},
		{0xa7f5, 0xa7f5, 1},
	},
	R32: []unicode.Range32{
		{0x104b0, 0x104d3, 1}, {0x10570, 0x10595, 1}, {0x10c80, 0x10cb2, 1}, {0x10d50, 0x10d65, 1}, {0x118a0, 0x118bf, 1}, {0x16e40, 0x16ea0, 1}, {0x1e900, 0x1e921, 1},
	},
}
