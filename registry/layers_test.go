package registry_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/registry"
)

// Two files of one source with one id: which of them counts would be a guess.
func TestOneSourceHasAnIDOnce(t *testing.T) {
	t.Parallel()
	file := []byte(`{"workflows":{"a":{"id":"a","workflow_path":"a.json"}},"characters":{"c":{"id":"c"}}}`)
	files := fstest.MapFS{"one/registry.json": {Data: file}, "two/registry.json": {Data: file}}
	layer := func(name, dir string) registry.Layer {
		return registry.Layer{Name: name, FS: files, File: dir + "/registry.json", Display: dir + "/registry.json"}
	}
	if _, err := registry.Load(layer("user", "one"), layer("project", "two")); err != nil {
		t.Errorf("two sources: %v", err)
	}
	if _, err := registry.Load(layer("flag", "one"), layer("flag", "two")); err != nil {
		t.Errorf("two flags: %v", err)
	}
	_, err := registry.Load(layer("user", "one"), layer("user", "two"))
	for _, want := range []string{`two/registry.json: workflow "a" is in one/registry.json too`, `character "c"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
