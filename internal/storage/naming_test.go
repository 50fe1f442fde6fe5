package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
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
		{"{param.}", "unknown placeholder", ""},
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
	if got := tmpl.Fields(); !slices.Equal(got, []string{"workflow", "prompt", "row.sku"}) {
		t.Errorf("fields %q", got)
	}
}

func TestSafeName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "_",
		"..":                                 "_",
		" . ":                                "_",
		"...x":                               "_..x",
		"-rf":                                "_rf",
		"x. . ":                              "x",
		"a/b\\c":                             "a_b_c",
		`<>:"|?*`:                            "_______",
		"nul":                                "nul_",
		"NUL.txt":                            "NUL_.txt",
		"Aux .png":                           "Aux_.png",
		"com1":                               "com1_",
		"COM¹.tar.gz":                        "COM¹_.tar.gz",
		"com":                                "com",
		"console":                            "console",
		"a\tb\r\nc\u00a0d":                   "a b c d",
		"a\x00\x1b[31m":                      "a__[31m",
		"\u202egnp.exe":                      "gnp.exe",
		"zero\u200bwidth\ufeff":              "zerowidth",
		"bad\xffbyte":                        "bad_byte",
		"grüße 東京 🙂":                         "grüße 東京 🙂",
		strings.Repeat("é", 150):             strings.Repeat("é", 100),
		strings.Repeat("x", 1000):            strings.Repeat("x", 200),
		strings.Repeat("x", 199) + "e\u0301": strings.Repeat("x", 199),
	} {
		if got := SafeName(in); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"", "..", "con", "a/b", "\u202ex", "CON .x", strings.Repeat("é", 150), "x\u0301. .", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := SafeName(s)
		if len(name) > MaxNameBytes || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00\n\r\x1b") ||
			strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.TrimSpace(name) != name {
			t.Errorf("SafeName(%q) = %q", s, name)
		}
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
		if again := SafeName(name); again != name {
			t.Errorf("SafeName(%q) = %q, and again %q", s, name, again)
		}
	})
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
		for _, field := range tmpl.Fields() {
			values[field] = value
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
