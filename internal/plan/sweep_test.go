package plan

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1..3": "1 2 3", "3..1": "3 2 1", "2:8:2": "2 4 6 8", "0.1:0.5:0.1": "0.1 0.2 0.3 0.4 0.5", "1:0:-0.25": "1 0.75 0.5 0.25 0",
		"1:3": "1 2 3", "-1..1": "-1 0 1", "18446744073709551614..18446744073709551615": "18446744073709551614 18446744073709551615", "5..5": "5",
		"2:7:2": "2 4 6",
	} {
		got, ok, reason := parseRange(text)
		if !ok || reason != "" || strings.Join(got, " ") != want {
			t.Errorf("%s: %v %v %s", text, got, ok, reason)
		}
	}
	for _, text := range []string{"1..", "1:5:0", "1:5:-1", "a..b", "1..2.5", "1..999999999", "1:2:3x", "0:1:0.00000000000000000001"} {
		if _, ok, reason := parseRange(text); !ok || reason == "" {
			t.Errorf("%s is taken", text)
		}
	}
	for _, text := range []string{"7", "euler", "1e5", "a:b:c:d"} {
		if _, ok, _ := parseRange(text); ok {
			t.Errorf("%s is a range", text)
		}
	}
}

// Ranges count exactly, whatever their decimals.
func TestRangesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low, n, step := rapid.IntRange(-1000, 1000).Draw(t, "low"), rapid.IntRange(0, 200).Draw(t, "n"), rapid.IntRange(1, 500).Draw(t, "step")
		decimal := func(n int) string { return unscaled(big.NewInt(int64(n)), 3) }
		got, ok, reason := parseRange(fmt.Sprintf("%s:%s:%s", decimal(low), decimal(low+n*step), decimal(step)))
		if !ok || reason != "" || len(got) != n+1 {
			t.Fatal(got, ok, reason)
		}
		for i, text := range got {
			if text != decimal(low+i*step) {
				t.Fatalf("%d: %s", i, text)
			}
		}
	})
}
