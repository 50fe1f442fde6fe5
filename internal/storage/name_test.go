package storage

import (
	"strings"
	"testing"
	"unicode/utf8"
)

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
