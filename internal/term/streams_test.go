package term

import (
	"os"
	"path/filepath"
	"testing"
)

func TestColorAndSizeByEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		env        map[string]string
		tty, color bool
		width      int
	}{
		{"a file", nil, false, false, 80},
		{"forced colour", map[string]string{"CLICOLOR_FORCE": "1"}, false, true, 80},
		{"CLICOLOR_FORCE=0", map[string]string{"CLICOLOR_FORCE": "0"}, false, false, 80},
		{"NO_COLOR wins", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false, false, 80},
		{"forced terminal", map[string]string{"EASEL_FORCE_TTY": "1"}, true, true, 80},
		{"forced width", map[string]string{"EASEL_FORCE_TTY": "120"}, true, true, 120},
		{"not forced", map[string]string{"EASEL_FORCE_TTY": "false"}, false, false, 80},
		{"forced terminal without colour", map[string]string{"EASEL_FORCE_TTY": "true", "NO_COLOR": "1"}, true, false, 80},
		{"dumb", map[string]string{"EASEL_FORCE_TTY": "true", "TERM": "dumb"}, true, false, 80},
		{"CLICOLOR=0", map[string]string{"EASEL_FORCE_TTY": "true", "CLICOLOR": "0"}, true, false, 80},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Create(filepath.Join(t.TempDir(), "f"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			s := fromFiles(f, f, f, func(name string) string { return tt.env[name] })
			bold := s.OutStyle().Bold("x")
			if s.OutTTY != tt.tty || s.ErrTTY != tt.tty || s.Width != tt.width || (bold != "x") != tt.color || s.InTTY {
				t.Errorf("out %v, err %v, in %v, width %d, bold %q", s.OutTTY, s.ErrTTY, s.InTTY, s.Width, bold)
			}
		})
	}
}

func TestStyles(t *testing.T) {
	t.Parallel()
	s, _, _, _ := Test()
	s.SetColor(true)
	st := s.ErrStyle()
	for got, want := range map[string]string{
		st.Bold("x"): "\x1b[1mx\x1b[m", st.Faint("x"): "\x1b[2mx\x1b[m", st.Accent("x"): "\x1b[36mx\x1b[m",
		st.Good("x"): "\x1b[32mx\x1b[m", st.Warn("x"): "\x1b[33mx\x1b[m", st.Bad("x"): "\x1b[31mx\x1b[m", st.Bad(""): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if cell := st.cell(got); cell != got {
			t.Errorf("a table cell takes its own mark away: %q", cell)
		}
	}
	s.SetColor(false)
	if got := s.ErrStyle().Bad("x") + (Style{}).Bad("y"); got != "xy" {
		t.Errorf("without colour: %q", got)
	}
}
