package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A YAML or JSON file of wildcards holds lists under keys: artists: {dutch: [...]} in
// any file of the folder is __artists/dutch__, in one of its folder sub
// __sub/artists/dutch__. A file that is one list is named as the file is. What is no
// list of texts is passed over, as sd-dynamic-prompts does.

// fromTrees reads the choices of a name from the first YAML or JSON file of a folder
// that has them; nil when none has. A file that cannot be read is an error only then.
func fromTrees(dir, name string) ([]string, error) {
	var found []string
	var bad error
	eachTree(dir, func(file string) bool {
		data, err := readWithin(dir, filepath.FromSlash(file))
		if err == nil && !bytes.Contains(data, []byte(path.Base(name))) && stem(file) != name {
			return false // parsing is slow, and packs of wildcards are large
		}
		if err == nil {
			err = lists(file, data, func(n string, lines []string) {
				if n == name && found == nil {
					found = lines
				}
			})
		}
		if err != nil && bad == nil {
			bad = fmt.Errorf("%s: %w", filepath.Join(dir, filepath.FromSlash(file)), err)
		}
		return found != nil
	})
	if found != nil {
		return found, nil
	}
	return nil, bad
}

// treeNames are the names of all lists in the YAML and JSON files of a folder.
func treeNames(dir string) (names []string) {
	eachTree(dir, func(file string) bool {
		if data, err := readWithin(dir, filepath.FromSlash(file)); err == nil {
			_ = lists(file, data, func(name string, _ []string) { names = append(names, name) }) // told when it is read
		}
		return false
	})
	return names
}

// eachTree visits the YAML and JSON files below a folder in their order, until visit
// reports true.
func eachTree(dir string, visit func(file string) bool) {
	_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		switch path.Ext(name) {
		case ".yaml", ".yml", ".json":
			if err == nil && !d.IsDir() && visit(name) {
				return fs.SkipAll
			}
		}
		return nil
	})
}

func stem(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// lists visits the lists of a file.
func lists(file string, data []byte, visit func(name string, lines []string)) error {
	text, foreign := textdoc.UTF8(data)
	if foreign != nil {
		return fmt.Errorf("line %d %s", foreign.Line, foreign.Message)
	}
	format := textdoc.YAML
	if path.Ext(file) == ".json" {
		format = textdoc.JSON
	}
	root, bad := textdoc.Parse(format, text, textdoc.Options{})
	if bad != nil {
		return errors.New(bad.Error())
	}
	folder := path.Dir(file)
	if root.Kind == textdoc.List {
		visit(path.Join(folder, stem(file)), choices(root))
		return nil
	}
	walkLists(folder, root, visit)
	return nil
}

func walkLists(prefix string, v textdoc.Value, visit func(name string, lines []string)) {
	for _, m := range v.Members {
		switch name := path.Join(prefix, m.Name); m.Value.Kind {
		case textdoc.List:
			visit(name, choices(m.Value))
		case textdoc.Object:
			walkLists(name, m.Value, visit)
		}
	}
}

// choices are the texts of a list. One may be an object with its text and its weight.
func choices(list textdoc.Value) []string {
	lines := []string{}
	for _, item := range list.Items {
		text, ok := item.Text()
		for _, key := range []string{"text", "content"} {
			if v, has := item.Get(key); has && !ok {
				text, ok = v.Text()
			}
		}
		if weight, has := item.Get("weight"); has && ok {
			if n, isNumber := weight.Number(); isNumber {
				text = string(n) + "::" + text
			}
		}
		if text = strings.TrimSpace(text); ok && text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
