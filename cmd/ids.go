package cmd

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,63}$`) })

// checkID refuses ids that cannot be typed, or would be read as a file.
func checkID(what, id string) error {
	if !idForm().MatchString(id) {
		return usagef("letters, digits, dashes and underscores, at most 64", "%s %q cannot be an id", what, id)
	}
	return nil
}

// idFrom makes an id of a file name in any script: "My Graph (2)" is my_graph_2,
// "工作流" stays as it is. It is "" when there is no letter or digit in it.
func idFrom(name string) string {
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
