package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

func TestDecodeObject(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"p.json": `{"steps": 20, /* big */ "seed": 18446744073709551615, "list": [1, "a"],}`,
		"p.yaml": "steps: 20\nseed: 18446744073709551615\nlist: [1, a]\n",
	} {
		got, err := registry.DecodeObject(name, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"steps=20", "seed=18446744073709551615", `list=[1,"a"]`}
		var lines []string
		for _, v := range got {
			lines = append(lines, v.Name+"="+string(v.JSON))
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, data := range map[string]string{"p.json": `{"seed": 1, "seed": 2}`, "p.yaml": "seed: 1\nseed: 2\n"} {
		if _, err := registry.DecodeObject(name, []byte(data)); err == nil || !strings.Contains(err.Error(), `"seed"`) {
			t.Errorf("%s with one name twice: %v", name, err)
		}
	}
	_, err := registry.DecodeObject("p.json", []byte("\n[1]"))
	var fe *registry.FileError
	if !errors.As(err, &fe) || fe.Path != "p.json" || fe.Line != 2 {
		t.Errorf("%#v", err)
	}
}
