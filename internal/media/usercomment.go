package media

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	bomUTF8  = "\xef\xbb\xbf"
	bomLE    = "\xff\xfe"
	bomBE    = "\xfe\xff"
	markSize = 8 // of the character set's name
)

// userComment decodes the tag whose first 8 bytes name its character set. Programs
// keep to it loosely: behind UNICODE comes UTF-16 of either byte order, with or
// without a byte order mark, or UTF-8; some leave the name out.
func userComment(value []byte, order binary.ByteOrder) string {
	if len(value) < markSize {
		return plainText(value, order)
	}
	mark, text := value[:markSize], value[markSize:]
	switch strings.ToUpper(string(bytes.TrimRight(mark, "\x00 "))) {
	case "UNICODE":
		return wideText(text, order)
	case "ASCII", "JIS", "": // JIS itself is not decoded: its tables would be in every start
		return plainText(text, order)
	}
	return plainText(value, order) // no character set, against the standard
}

// wideText decodes what is meant to be UTF-16.
func wideText(b []byte, order binary.ByteOrder) string {
	if text, ok := marked(b); ok {
		return text
	}
	whole := wholeRunes(bytes.TrimRight(b, "\x00"))
	if utf8.Valid(whole) && bytes.IndexByte(whole, 0) < 0 {
		return string(whole)
	}
	return fromUTF16(b, likelyOrder(b, order))
}

// plainText decodes what is meant to have one byte a character: UTF-8, perhaps cut
// off within a character, else Latin-1, and UTF-16 where its zero bytes show it.
func plainText(b []byte, order binary.ByteOrder) string {
	if text, ok := marked(b); ok {
		return text
	}
	trimmed := bytes.TrimRight(b, "\x00")
	zeros := bytes.Count(trimmed, []byte{0})
	switch whole := wholeRunes(trimmed); {
	case 4*zeros > len(trimmed), zeros > 0 && !utf8.Valid(whole):
		return fromUTF16(b, likelyOrder(b, order))
	case utf8.Valid(whole) && (len(whole) == len(trimmed) || bytes.ContainsFunc(whole, beyondASCII)):
		return string(whole)
	}
	return string(latin1(trimmed))
}

// wholeRunes is b without the beginning of a character at its end.
func wholeRunes(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

func beyondASCII(r rune) bool { return r >= utf8.RuneSelf }

// marked decodes text that begins with a byte order mark, without it.
func marked(b []byte) (string, bool) {
	switch {
	case hasPrefix(b, bomLE):
		return fromUTF16(b[len(bomLE):], binary.LittleEndian), true
	case hasPrefix(b, bomBE):
		return fromUTF16(b[len(bomBE):], binary.BigEndian), true
	case hasPrefix(b, bomUTF8):
		return strings.ToValidUTF8(string(b[len(bomUTF8):]), "\ufffd"), true
	}
	return "", false
}

// likelyOrder is the byte order in which UTF-16 reads like writing; the block's
// own when both do. (Counting zero bytes goes wrong in Chinese: U+4E00, the word
// "one", has one.)
func likelyOrder(b []byte, order binary.ByteOrder) binary.ByteOrder {
	le, be := likeness(b, binary.LittleEndian), likeness(b, binary.BigEndian)
	switch {
	case le > be:
		return binary.LittleEndian
	case be > le:
		return binary.BigEndian
	}
	return order
}

// likeness rates text: a letter of a living script or ASCII counts for it, a
// character nobody writes against it.
func likeness(b []byte, order binary.ByteOrder) int {
	const enough = 64 << 10 // bytes
	rating := 0
	for _, r := range fromUTF16(b[:min(len(b), enough)], order) {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= ' ' && r <= '~':
			rating += 2
		case r == 0:
		case !written(r):
			rating -= 3
		case r&0xff != 0 || r == '\u4e00' || r == '\u3000':
			rating++ // the others ending in 00 are mostly ASCII in the other order
		}
	}
	return rating
}

func written(r rune) bool {
	switch {
	case r >= 0x4e00 && r <= 0x9fff, r >= 0x2010 && r <= 0x205e, r >= 0x3000 && r <= 0x303f,
		r >= 0xff01 && r <= 0xffee, r >= 0x1f300 && r <= 0x1faff:
		return r != unicode.ReplacementChar
	}
	return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic,
		unicode.Devanagari, unicode.Thai, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

func fromUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
