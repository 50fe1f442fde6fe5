package config

import "testing"

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "12": 12, "12B": 12, "1kb": 1000, "500MB": 500_000_000, "5GB": 5_000_000_000, "1.5 GB": 1_500_000_000, "2TB": 2_000_000_000_000,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "much", "-1", "5XB", "GB", "1e30GB", "NaN", "Inf", "5 G B"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
