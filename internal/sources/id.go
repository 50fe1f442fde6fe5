package sources

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,63}$`) })

// IDForm says in words what ValidID asks for.
const IDForm = "letters, digits, dashes and underscores, at most 64"

// ValidID reports whether a text can be the id of an entry: one that can be
// typed, and is not read as a file.
func ValidID(id string) bool { return idForm().MatchString(id) }

// IDFrom makes an id of a file name in any script: "My Graph (2)" is my_graph_2,
// "工作流" stays as it is. It is "" when there is no letter or digit in it.
func IDFrom(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && b.Len() > 0, unicode.IsNumber(r), r == '-':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	id := []rune(strings.Trim(b.String(), "_-"))
	return string(id[:min(len(id), 64)])
}
