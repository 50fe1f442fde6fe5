package registry_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/registry"
)

func loadWithExtras(main, extras string) (*registry.Registry, error) {
	return registry.Load(registry.Layer{
		Name: "project", Display: "shared/registry.json", File: "registry.json",
		FS: fstest.MapFS{"registry.json": {Data: []byte(main)}, "registry.extras.json": {Data: []byte(extras)}},
	})
}

const plainEntry = `{"workflows":{"a":{"workflow_path":"a.json","configurable_params":{"steps":{"type":"int","max":50.0}}}}}`

func TestExtrasAdd(t *testing.T) {
	t.Parallel()
	r, err := loadWithExtras(plainEntry, `{"workflows":{
	 "a":{"min_version":"0.3.49","configurable_params":{"steps":{"label":"Steps","min":1},"sampler":{"type":"enum","choices":["x"]}}},
	 "b":{"workflow_path":"b.json"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	w := r.Workflows()[0]
	if w.MinVersion != "0.3.49" || len(w.Params) != 2 || w.Params[0].Label != "Steps" || w.Params[0].Min != "1" || w.Params[0].Max != "50.0" || w.Params[1].Name != "sampler" {
		t.Errorf("%+v", w.Params)
	}
	raw, err := json.Marshal(w)
	if want := `{"id":"a","workflow_path":"a.json","configurable_params":{"steps":{"type":"int","max":50.0}}}`; err != nil || string(raw) != want {
		t.Errorf("as JSON %s, want %s", raw, want)
	}
	want := `{"id":"a","workflow_path":"a.json","configurable_params":{"steps":{"type":"int","max":50.0,"label":"Steps","min":1},"sampler":{"type":"enum","choices":["x"]}},"min_version":"0.3.49"}`
	if got := string(w.Complete()); got != want {
		t.Errorf("complete %s, want %s", got, want)
	}
	if other := r.Workflows()[1]; other.ID != "b" || other.Source.Path != "shared/registry.extras.json" {
		t.Errorf("the second is %s from %s", other.ID, other.Source.Path)
	}
}

func TestExtrasChangeNothing(t *testing.T) {
	t.Parallel()
	for extras, want := range map[string]string{
		`{"workflows":{"a":{"workflow_path":"b.json"}}}`:                      "shared/registry.extras.json:1:20: workflow a: the registry file says workflow_path already",
		`{"workflows":{"a":{"configurable_params":{"steps":{"max":9}}}}}`:     "parameter steps: the registry file says max already",
		`{"workflows":{"a":{"configurable_params":{"steps":{"labl":"x"}}}}}`:  `unknown key "labl"`,
		`{"workflows":{"a":{"configurable_params":{"other":{"label":"x"}}}}}`: "parameter other: no type",
		`{"workflows":{"a":{"configurable_params":3}}}`:                       "expected an object",
		`{"workflows":{"a":3}}`:                                                                         "expected an object",
		`{"workflows":{"aa":{"min_version":"1.0.0"}}}`:                                                  "no such workflow to add to",
		`{"workflows":{"a":{"min_version":"1.0.0","min_version":"2.0.0"}}}`:                             `key "min_version" is there twice`,
		`{"workflows":{"a":{"configurable_params":{"Steps-":{"type":"int"},"Steps_":{"type":"int"}}}}}`: "are one name",
	} {
		_, err := loadWithExtras(plainEntry, extras)
		var fe *registry.FileError
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", extras, err, want)
		}
	}
}
