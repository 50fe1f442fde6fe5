package config

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A preset that was written reads back as it was, to the last digit, and
// nothing else in the file moves.
func TestPresetsComeBack(t *testing.T) {
	t.Parallel()
	preset := Preset{Workflow: "flux_single", Character: "milan", Params: []Param{
		{"seed", json.RawMessage(`18446744073709551615`)},
		{"cfg", json.RawMessage(`3.50`)},
		{"tiled", json.RawMessage(`true`)},
		{"sampler", json.RawMessage(`"euler"`)},
		{"negative", json.RawMessage(`"no: #hash, \"quotes\" ü"`)},
		{"mode", json.RawMessage(`"yes"`)},
		{"lora", json.RawMessage(`["a b.safetensors","c,d.safetensors"]`)},
	}}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, commented)
	for _, name := range []string{"small", "v1.2_tall-one", "портрет", "肖像"} {
		if err := SetPreset(path, name, preset); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "# upstairs\n") || !strings.Contains(string(data), "# quick looks\npreview: never\n") {
		t.Errorf("comments are lost:\n%s", data)
	}
	l, err := readLayer(data, path, User)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for _, name := range []string{"small", "v1.2_tall-one", "портрет", "肖像"} {
		if diff := cmp.Diff(preset, l.presets[name], cmpopts.IgnoreFields(Preset{}, "Origin")); diff != "" {
			t.Errorf("%s (-written +read):\n%s\n%s", name, diff, data)
		}
	}
	for _, name := range []string{"small", "v1.2_tall-one", "портрет", "肖像"} {
		if found, err := RemovePreset(path, name); err != nil || !found {
			t.Errorf("remove %s: %v, %v", name, found, err)
		}
	}
	if data, err = os.ReadFile(path); err != nil || strings.Contains(string(data), "presets") {
		t.Errorf("left (%v):\n%s", err, data)
	}
	_, bad := errors.AsType[*ValueError](SetPreset(path, "a b", preset))
	if !bad {
		t.Error("a name with a space is taken")
	}
}
