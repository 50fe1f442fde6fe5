package term

import (
	"slices"
	"testing"
)

func TestGraphicsByEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		want Graphics
		sure bool
	}{
		{"kitty", map[string]string{"TERM": "xterm-kitty"}, Kitty, true},
		{"kitty, other TERM", map[string]string{"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Kitty, true},
		{"ghostty", map[string]string{"TERM": "xterm-ghostty"}, Kitty, true},
		{"iTerm2", map[string]string{"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, ITerm2, true},
		{"iTerm2 over ssh", map[string]string{"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, ITerm2, true},
		{"WezTerm", map[string]string{"TERM_PROGRAM": "WezTerm"}, ITerm2, true},
		{"foot", map[string]string{"TERM": "foot"}, Sixel, true},
		{"tmux in kitty", map[string]string{"TERM": "tmux-256color", "TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"}, HalfBlocks, true},
		{"tmux over ssh", map[string]string{"TERM": "screen-256color", "LC_TERMINAL": "iTerm2"}, HalfBlocks, true},
		{"Terminal.app", map[string]string{"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, HalfBlocks, true},
		{"something else", map[string]string{"TERM": "xterm-256color"}, HalfBlocks, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, sure := graphicsByEnv(func(name string) string { return tt.env[name] })
			if got != tt.want || sure != tt.sure {
				t.Errorf("got %v, sure %v", got, sure)
			}
		})
	}
}

func TestGraphicsOfStreams(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tty  bool
		env  map[string]string
		want Graphics
	}{
		{"a pipe", false, map[string]string{"TERM": "xterm-kitty"}, NoGraphics},
		{"dumb", true, map[string]string{"TERM": "dumb"}, NoGraphics},
		{"no colour", true, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, NoGraphics},
		{"kitty without colour", true, map[string]string{"TERM": "xterm-kitty", "NO_COLOR": "1"}, Kitty},
		{"terminal", true, map[string]string{"TERM": "xterm"}, HalfBlocks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _, _, _ := Test()
			s.ErrTTY = tt.tty
			s.settle(func(name string) string { return tt.env[name] })
			if got := s.Graphics(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDeviceAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
		ok   bool
	}{
		{"\x1b[?62;4;22c", []string{"62", "4", "22"}, true},
		{"typed\x1b[A\x1b[?1c", []string{"1"}, true},
		{"\x1b[?62;4", nil, false},
		{"abc", nil, false},
		{"", nil, false},
	}
	for _, tt := range tests {
		got, ok := deviceAttributes([]byte(tt.in))
		if !slices.Equal(got, tt.want) || ok != tt.ok {
			t.Errorf("%q: %q, %v", tt.in, got, ok)
		}
	}
}
