package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"workflow": "flux_single", "id": "01jd7x", "n": "2", "seed": "18446744073709551615", "character": "",
		"prompt": "a lighthouse\nat dusk, 50% \"fog\" / rain", "param.steps": "20", "row.sku": "../../etc", "backend": "studio",
	}
	for _, c := range []struct{ template, want string }{
		{"{workflow}-{id}-{n}", "flux_single-01jd7x-2"},
		{"{prompt:12}", "a lighthouse"},
		{"{prompt:13}", "a lighthouse"},
		{"{prompt}", "a lighthouse at dusk, 50% _fog_ _ rain"},
		{"{backend}/{seed}", "studio/18446744073709551615"},
		{"{character}/{id}", "01jd7x"},
		{"{character}", "_"},
		{"{n:04}", "0002"},
		{"{id:04}", "01jd7x"},
		{"{row.sku}/x", "_._.._etc/x"},
		{"steps {param.steps}", "steps 20"},
		{"{{{n}}}", "{2}"},
		{"con", "con_"},
		{"{date}x", "x"},
		{"Straße/東京 {n}", "Straße/東京 2"},
	} {
		tmpl, err := ParseTemplate(c.template)
		if err != nil {
			t.Errorf("parse %s: %v", c.template, err)
			continue
		}
		if got, err := tmpl.Expand(values); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, reason, nearest string }{
		{"", "is empty", ""},
		{"{wrokflow}", "unknown placeholder {wrokflow}", "workflow"},
		{"{Seed}", "unknown placeholder {Seed}", "seed"},
		{"{zzzzzzzz}", "unknown placeholder", ""},
		{"{param.}", "unknown placeholder", "param.NAME"},
		{"{prompt:0}", "width", ""},
		{"{prompt:x}", "width", ""},
		{"{prompt:-3}", "width", ""},
		{"{prompt", "{ without }", ""},
		{"prompt}", "} without {", ""},
		{"../{id}", `folder ".."`, ""},
		{"a/./{id}", `folder "."`, ""},
		{"/tmp/{id}", "absolute", ""},
		{"C:/{id}", "absolute", ""},
		{"a//b", `folder ""`, ""},
		{"a/", `folder ""`, ""},
		{`a\b`, "separated by /", ""},
	} {
		_, err := ParseTemplate(c.template)
		var te *TemplateError
		if !errors.As(err, &te) || !strings.Contains(te.Reason, c.reason) || te.Nearest != c.nearest {
			t.Errorf("%s: got %v, want %q and %q", c.template, err, c.reason, c.nearest)
		}
	}
	tmpl, err := ParseTemplate("{param.stpes}")
	if err != nil {
		t.Fatal(err)
	}
	var te *TemplateError
	if _, err := tmpl.Expand(map[string]string{"param.steps": "20"}); !errors.As(err, &te) || te.Nearest != "param.steps" {
		t.Errorf("a missing parameter: %v", err)
	}
}

func TestTemplateUses(t *testing.T) {
	t.Parallel()
	tmpl, err := ParseTemplate("{workflow}/{prompt:40}-{row.sku}")
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Uses("n") || !tmpl.Uses("prompt") {
		t.Error("Uses is wrong")
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"{workflow}-{id}-{n}", "{prompt:40}/x", "{{}}", "a/../b", "{row.x:03}"} {
		f.Add(s, "v/../v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		tmpl, err := ParseTemplate(text)
		if err != nil {
			return
		}
		values := map[string]string{}
		for _, p := range tmpl.parts {
			values[p.field] = value
		}
		name, err := tmpl.Expand(values)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckName(name); err != nil {
			t.Errorf("%q with %q: %v", text, value, err)
		}
	})
}

func TestVariants(t *testing.T) {
	t.Parallel()
	if got := []string{Variant("a/x", 0), Variant("a/x", 1), Variant("a/x", 12), Numbered("x", 1), Numbered("x", 2)}; !slices.Equal(got, []string{"a/x", "a/x-1", "a/x-12", "x", "x_2"}) {
		t.Errorf("%q", got)
	}
}
