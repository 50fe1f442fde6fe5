package registry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
)

func wildcards(name string) ([]string, error) {
	switch name {
	case "two words", "café", "p+2", "色":
		return []string{"x"}, nil
	case "colour":
		return []string{"red", "green", "blue"}, nil
	case "nested/thing":
		return []string{"a __colour__ {hat|hat}"}, nil
	case "weighted":
		return []string{"0::never", "2::often", "plain"}, nil
	case "loop":
		return []string{"__loop__"}, nil
	case "empty":
		return nil, nil
	}
	return nil, errors.New("no such file")
}

// TestExpandDynamic draws with many seeds: every result must be one of those
// wanted, and each of those must come up.
func TestExpandDynamic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"plain", []string{"plain"}},
		{"a {b|c}", []string{"a b", "a c"}},
		{"{a|{b|c} d}", []string{"a", "b d", "c d"}},
		{"{one}", []string{"one"}},
		{"{a||}", []string{"a", ""}},
		{`\{a\|b\} {x\|y|z}`, []string{"{a|b} x|y", "{a|b} z"}},
		{"{0::a|b}", []string{"b"}},
		{"{3::a|b}", []string{"a", "b"}},
		{"{2$$a|b}", []string{"a, b", "b, a"}},
		{"{1-2$$ and $$a|b}", []string{"a", "b", "a and b", "b and a"}},
		{"{5$$a|b}", []string{"a, b", "b, a"}},
		{"__colour__ sky", []string{"red sky", "green sky", "blue sky"}},
		{"__nested/thing__", []string{"a red hat", "a green hat", "a blue hat"}},
		{`\__colour\__ a __ b __ _x_ snake__case`, []string{`__colour__ a __ b __ _x_ snake__case`}},
		{"__two words__, __café__, __p+2__, __色__", []string{"x, x, x, x"}},
		{"{2$$__colour__}", []string{"red, green", "red, blue", "green, red", "green, blue", "blue, red", "blue, green"}},
		{"{2-$$+$$__two words__|b}", []string{"x+b", "b+x"}},
		{"{-2$$a|b}", []string{"a", "b", "a, b", "b, a"}},
		{"{9$$__two words__}", []string{"x"}},
		{"{__two words__}", []string{"x"}},
		{"${5|6}", []string{"$5", "$6"}},
		{`__nested\thing__`, []string{"a red hat", "a green hat", "a blue hat"}},
		{"__weighted__", []string{"often", "plain"}},
		{"{2$$__weighted__}", []string{"often, plain", "plain, often"}},
		{`__a\_b__`, []string{"__a_b__"}},
		{`back\slash`, []string{`back\slash`}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for seed := range uint64(200) {
				got, err := registry.ExpandDynamic(tt.text, seed, wildcards)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(tt.want, got) {
					t.Fatalf("%q", got)
				}
				seen[got] = true
				if again, _ := registry.ExpandDynamic(tt.text, seed, wildcards); again != got {
					t.Fatalf("seed %d gave %q, then %q", seed, got, again)
				}
			}
			if len(seen) != len(tt.want) {
				t.Errorf("came up: %v", seen)
			}
		})
	}
	t.Run("weights", func(t *testing.T) {
		t.Parallel()
		n := 0
		for seed := range uint64(4000) {
			if s, _ := registry.ExpandDynamic("{3::a|b}", seed, nil); s == "a" {
				n++
			}
		}
		if n < 2850 || n > 3150 {
			t.Errorf("a came up %d times of 4000, want about 3000", n)
		}
	})
	t.Run("without wildcard files", func(t *testing.T) {
		t.Parallel()
		if s, err := registry.ExpandDynamic("__colour__", 1, nil); s != "__colour__" || err != nil {
			t.Error(s, err)
		}
	})
	// The choice of a seed is part of what makes a run repeatable: it may not
	// change between versions.
	t.Run("pinned", func(t *testing.T) {
		t.Parallel()
		s, _ := registry.ExpandDynamic("{a|b|c|d|e|f} {2$$1|2|3} __colour__", 42, wildcards)
		if want := "e 3, 1 green"; s != want {
			t.Errorf("%q, want %q", s, want)
		}
	})
}

func TestExpandDynamicProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a {b|c":                                 "never closed",
		"__missing__":                            "wildcard __missing__: no such file",
		"__empty__":                              "has no lines",
		"__loop__":                               "more than 32 deep",
		"{x$$a|b}":                               "not a number of options",
		"{-$$a|b}":                               "not a number of options",
		"{2$$__missing__}":                       "wildcard __missing__: no such file",
		"__no name__":                            "wildcard __no name__: no such file",
		"${season={summer|winter}} in ${season}": "a variable, which is not supported",
		"{-1::a|b}":                              "not between",
		strings.Repeat("{", 100) + strings.Repeat("}", 100): "more than 32 deep",
	} {
		if s, err := registry.ExpandDynamic(text, 1, wildcards); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %q, %v", text, s, err)
		}
	}
}
