package textdoc

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF8 returns a text without its byte order mark, in UTF-8. UTF-16 with a mark
// is read, as PowerShell's > writes it; anything else is an *Error with the line
// and the likely encoding: guessed text would go wrong without a word.
func UTF8(data []byte) ([]byte, *Error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return nil, foreignText(data, 0, "UTF-32")
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fromUTF16(data[2:], binary.BigEndian)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if zeros := bytes.Count(data, []byte{0}); zeros > 0 && zeros >= len(data)/4 {
		return nil, foreignText(data, bytes.IndexByte(data, 0), "UTF-16 without a mark")
	}
	if utf8.Valid(data) {
		return data, nil
	}
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return nil, foreignText(data, at, likely(data))
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, *Error) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	text := make([]byte, 0, len(data))
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			next := rune(0)
			if i+1 < len(units) {
				next = rune(units[i+1])
			}
			if r = utf16.DecodeRune(r, next); r == utf8.RuneError {
				return nil, foreignText(text, len(text), "UTF-16 that is damaged")
			}
			i++
		}
		text = utf8.AppendRune(text, r)
	}
	if len(data)%2 != 0 {
		return nil, foreignText(text, len(text), "UTF-16 that is cut off")
	}
	return text, nil
}

func foreignText(data []byte, at int, encoding string) *Error {
	line, col := position(data, at)
	return &Error{Line: line, Column: col, Message: "is not UTF-8 text but looks like " + encoding, Hint: "save it as UTF-8"}
}

// likely names the encoding of text that is not UTF-8.
func likely(data []byte) string {
	switch {
	case isShiftJIS(data):
		return "Shift-JIS"
	case isDoubleByte(data):
		return "GBK, Big5 or another of two bytes a character"
	}
	return "Latin-1 or Windows-1252"
}

// isShiftJIS reports whether all bytes above ASCII fit Shift-JIS, and most of
// its letters begin with a byte that Latin-1 has no letter for, as kana and
// common kanji do.
func isShiftJIS(data []byte) bool {
	typical, pairs := 0, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c < 0x80, 0xa1 <= c && c <= 0xdf: // ASCII; half a width katakana
		case c == 0x80, c == 0xa0, c > 0xfc, i+1 == len(data):
			return false
		default:
			i++
			if t := data[i]; t < 0x40 || t == 0x7f || t > 0xfc {
				return false
			}
			if pairs++; c <= 0x9f {
				typical++
			}
		}
	}
	return pairs > 0 && 2*typical > pairs
}

// isDoubleByte reports whether bytes above ASCII come in pairs, and often
// several pairs together, which letters with accents do not.
func isDoubleByte(data []byte) bool {
	runs, long := 0, 0
	for i := 0; i < len(data); i++ {
		start := i
		for i < len(data) && data[i] >= 0x80 {
			i++
		}
		switch n := i - start; {
		case n == 0:
		case n%2 != 0:
			return false
		default:
			if runs++; n > 2 {
				long++
			}
		}
	}
	return runs > 0 && 2*long > runs
}
