package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrName is the failure of an operation on a name that no store takes.
var ErrName = errors.New("invalid name")

// CheckName refuses names that are not slash-separated, relative and free of
// "." and ".." elements. Every store calls it before it touches anything.
func CheckName(name string) error {
	if name == "." || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("%w %q", ErrName, name)
	}
	return nil
}

// MaxNameBytes is the length that SafeName cuts to. The usual limit of file
// systems is 255; the rest is for a number, an extension and ".easel.json".
const MaxNameBytes = 200

// SafeName makes one file name (no path) of any text that every system takes
// and shows as it is: no separators, none of <>:"|?*, no control, formatting
// or bidirectional characters, no leading dot, dash or space, no trailing dot
// or space, no device name of Windows (CON, nul.txt, ...), valid UTF-8 of at
// most MaxNameBytes, cut between characters. Text of which nothing is left is
// "_".
func SafeName(text string) string {
	var b strings.Builder
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r) && b.Len() == 0:
			continue
		case r == utf8.RuneError, !unicode.IsGraphic(r), strings.ContainsRune(`<>:"/\|?*`, r):
			r = '_'
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		if b.Len() == 0 && (r == '.' || r == '-') {
			r = '_'
		}
		b.WriteRune(r)
	}
	name := Cut(b.String(), MaxNameBytes)
	name = strings.TrimRight(name, ". ")
	if name == "" {
		return "_"
	}
	return Cut(freeOfDevices(name), MaxNameBytes)
}

// Cut shortens to at most n bytes without splitting a character or leaving a
// base letter without the combining marks that follow it.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	for n > 0 {
		r, _ := utf8.DecodeRuneInString(s[n:])
		if !unicode.Is(unicode.M, r) {
			break
		}
		_, size := utf8.DecodeLastRuneInString(s[:n])
		n -= size
	}
	return s[:n]
}

// freeOfDevices changes names that Windows takes for devices, with any
// extension and case.
func freeOfDevices(name string) string {
	stem, ext, dot := strings.Cut(name, ".")
	device := strings.ToUpper(strings.TrimRight(stem, " "))
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}, device) || isPort(device) {
		stem = strings.TrimRight(stem, " ") + "_"
		if dot {
			return stem + "." + ext
		}
		return stem
	}
	return name
}

func isPort(device string) bool {
	port, ok := strings.CutPrefix(device, "COM")
	if !ok {
		port, ok = strings.CutPrefix(device, "LPT")
	}
	return ok && slices.Contains([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, port)
}
