package supabase

import (
	"net/url"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// The service takes only some characters in keys and refuses a name such as
// grüße.png. Each byte of the others is written as = and two hexadecimal digits,
// as in quoted-printable (gr=C3=BC=C3=9Fe.png); an = that would read as such is
// written so too. Names that need none of this stay as they are.

const hexDigits = "0123456789ABCDEF"

// allowed reports whether the service takes a byte in keys:
// src/storage/limits.ts of supabase/storage has the list.
func allowed(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("_/!.*'() &$=@;:+,?-", c) >= 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' }

// escapes reports whether an escape stands at i.
func escapes(s string, i int) bool {
	return s[i] == '=' && i+2 < len(s) && digit(s[i+1]) && digit(s[i+2])
}

// keyOf is the key under which the service keeps a name.
func keyOf(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; !allowed(c) || escapes(name, i) {
			b.Write([]byte{'=', hexDigits[c>>4], hexDigits[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// nameOf is the name that a key stands for. A key that easel would not have made,
// of an object of somebody else, is its own name.
func nameOf(key string) string {
	if !strings.Contains(key, "=") {
		return key
	}
	var b strings.Builder
	for i := 0; i < len(key); i++ {
		if escapes(key, i) {
			b.WriteByte(byte(strings.IndexByte(hexDigits, key[i+1])<<4 | strings.IndexByte(hexDigits, key[i+2])))
			i += 2
		} else {
			b.WriteByte(key[i])
		}
	}
	name := b.String()
	if keyOf(name) != key || storage.CheckName(name) != nil {
		return key
	}
	return name
}

// path is a key as it stands in an address.
func path(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
