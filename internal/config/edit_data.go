package config

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// dataOf is what a file says, numbers exact; an empty file says nothing.
func dataOf(data []byte) (map[string]any, error) {
	doc, problem := parseDocument(data)
	if problem != nil {
		return nil, &FileError{Problems: []Problem{*problem}}
	}
	tree := map[string]any{}
	if doc.body == nil {
		return tree, nil
	}
	var b bytes.Buffer
	if err := doc.toJSON(&b, doc.body, 0); err != nil {
		return nil, err
	}
	err := decodeExact(b.Bytes(), &tree)
	return tree, err
}

// plainValue is a value as it is read back from a file.
func plainValue(value any) (any, error) {
	lines, err := rendered(0, "value", value)
	if err != nil {
		return nil, err
	}
	tree, err := dataOf([]byte(strings.Join(lines, "\n")))
	return tree["value"], err
}

func decodeExact(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(into)
}

func setIn(tree map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		inner, ok := tree[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			tree[key] = inner
		}
		tree = inner
	}
	tree[path[len(path)-1]] = value
}

// removeIn takes a value away, and the sections that become empty.
func removeIn(tree map[string]any, path []string) bool {
	if len(path) == 1 {
		_, had := tree[path[0]]
		delete(tree, path[0])
		return had
	}
	inner, ok := tree[path[0]].(map[string]any)
	if !ok || !removeIn(inner, path[1:]) {
		return false
	}
	if len(inner) == 0 {
		delete(tree, path[0])
	}
	return true
}

// mergedValue is a mapping written in one line, or nothing, with one value
// changed.
func mergedValue(n ast.Node, path []string, value any) (yaml.MapSlice, error) {
	tree, err := orderedMap(n)
	if err != nil {
		return nil, err
	}
	for i, item := range tree {
		if item.Key != path[0] {
			continue
		}
		if len(path) > 1 {
			return nil, errLayout // settings are no deeper
		}
		tree[i].Value = value
		return tree, nil
	}
	return append(tree, yaml.MapItem{Key: path[0], Value: wrap(path[1:], value)}), nil
}

// withoutValue is a mapping written in one line without one of its keys.
func withoutValue(n ast.Node, path []string) (yaml.MapSlice, error) {
	tree, err := orderedMap(n)
	if err != nil || len(path) > 1 {
		return nil, errLayout
	}
	var rest yaml.MapSlice
	for _, item := range tree {
		if item.Key != path[0] {
			rest = append(rest, item)
		}
	}
	return rest, nil
}

func orderedMap(n ast.Node) (yaml.MapSlice, error) {
	switch n.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.MappingNode:
	default:
		return nil, errLayout
	}
	var tree yaml.MapSlice
	if err := yaml.NodeToValue(n, &tree, yaml.UseOrderedMap()); err != nil {
		return nil, errLayout
	}
	return tree, nil
}
