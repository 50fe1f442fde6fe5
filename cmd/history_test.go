package cmd

import (
	"path/filepath"
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0": 0, "30d": 30 * day, "8w": 56 * day, "1.5d": 36 * time.Hour, "36h": 36 * time.Hour, "90m": 90 * time.Minute,
	} {
		if got, err := parseAge(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "30", "-1d", "-5h", "soon", "NaNd", "Infw", "1e300d", "3x"} {
		if got, err := parseAge(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ folder, path, want string }{
		{"/home/anna/outputs", "outputs/fox.png", "/home/anna/outputs/fox.png"},
		{"/home/anna", "fox.png", "/home/anna/fox.png"},
		{"/home/anna/a/b", "a/b/2026/fox.png", "/home/anna/a/b/2026/fox.png"},
		{"/home/art", "../art/fox.png", "/home/art/fox.png"},
		{"/home/anna", "./-fox.png", "/home/anna/-fox.png"},
		{"/home/outputs/outputs", "outputs/outputs/fox.png", "/home/outputs/outputs/fox.png"},
	} {
		folder, path, want := filepath.FromSlash(tt.folder), filepath.FromSlash(tt.path), filepath.FromSlash(tt.want)
		if got := within(folder, path); got != want {
			t.Errorf("within(%q, %q) = %q, want %q", folder, path, got, want)
		}
	}
}
