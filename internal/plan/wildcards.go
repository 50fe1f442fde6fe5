package plan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// maxWildcards bounds a wildcard file: 16 MiB.
const maxWildcards = 16 << 20

// Wildcards are folders of NAME.txt files with a choice per line, and of YAML and
// JSON files with lists of choices. A file in an earlier folder hides one in a later,
// and a .txt a list of its name.
type Wildcards []string

// Lines reads the choices of __name__; a * in it stands for any text but a
// slash, ** for any, and all files that match are read in their order.
func (w Wildcards) Lines(name string) ([]string, error) {
	if !strings.Contains(name, "*") {
		return w.file(name)
	}
	names := w.names()
	slices.Sort(names)
	pattern := wildcardPattern(name)
	var all []string
	for _, file := range slices.Compact(names) {
		if !pattern.MatchString(file) {
			continue
		}
		lines, err := w.file(file)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	if all == nil {
		return nil, fmt.Errorf("no file of that form in %s", strings.Join(w, " or "))
	}
	return all, nil
}

func wildcardPattern(name string) *regexp.Regexp {
	form := strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`).Replace(regexp.QuoteMeta(name))
	return regexp.MustCompile(`^(?s:` + form + `)$`)
}

// file reads the choices of one file. Empty lines and those that begin with #
// are none.
func (w Wildcards) file(name string) ([]string, error) {
	for _, dir := range w {
		data, err := readWithin(dir, filepath.FromSlash(name)+".txt")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, foreign := textdoc.UTF8(data)
		if foreign != nil {
			return nil, fmt.Errorf("%s.txt:%d %s", filepath.Join(dir, filepath.FromSlash(name)), foreign.Line, foreign.Message)
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		return lines, nil
	}
	for _, dir := range w {
		if lines, err := fromTrees(dir, name); lines != nil || err != nil {
			return lines, err
		}
	}
	if near := nearest.To(name, w.names(), 2); len(near) > 0 {
		return nil, fmt.Errorf("there is no such file; did you mean __%s__?", strings.Join(near, "__ or __"))
	}
	return nil, fmt.Errorf("there is no %s.txt in %s", name, strings.Join(w, " or "))
}

// readWithin reads a file that must not lie outside of a folder.
func readWithin(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxWildcards+1))
	if err == nil && len(data) > maxWildcards {
		err = fmt.Errorf("is larger than %d MiB", maxWildcards>>20)
	}
	return data, err
}

// names are the wildcards that there are.
func (w Wildcards) names() []string {
	var names []string
	for _, dir := range w {
		_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, ".txt") {
				names = append(names, strings.TrimSuffix(name, ".txt"))
			}
			return nil
		})
		names = append(names, treeNames(dir)...)
	}
	return names
}
