package cmd

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

// shellWords takes a command line of an example apart, up to its comment, pipe
// or redirection.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ':
			if text := word.String(); open || text != "" {
				if !open && (text == "#" || text == "|" || text == ">" || text == "<") {
					return words
				}
				words = append(words, text)
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
		}
	}
	return words
}

// Each example of each help can be typed: its command, its flags and the number
// of its arguments are those that there are. What it names, a run or a file of
// the reader's, is not here.
func TestExamplesCanBeTyped(t *testing.T) {
	t.Parallel()
	streams, _, _, _ := term.Test()
	root, err := newRootCmd(newApp(t.Context(), streams, Build{}, t.TempDir(), nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for line := range strings.Lines(c.Example) {
			if words := shellWords(strings.TrimSpace(line)); len(words) > 1 && words[0] == "easel" {
				tried++
				tryExample(t, c, words[1:])
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if tried < 60 {
		t.Errorf("only %d examples were found", tried)
	}
}

func tryExample(t *testing.T, of *cobra.Command, args []string) {
	t.Helper()
	streams, _, _, _ := term.Test()
	home := t.TempDir()
	root, err := newRootCmd(newApp(t.Context(), streams, Build{}, home, []string{"HOME=" + home}), args)
	if err != nil { // of a run, file or preset of the reader's: the flags cannot be known
		word := args[min(1, len(args)-1)]
		if args[0] != "rerun" && !strings.HasPrefix(word, "@") && !strings.Contains(word, ".") {
			t.Errorf("%s: easel %s: %v", of.CommandPath(), strings.Join(args, " "), err)
		}
		return
	}
	c, rest, err := root.Find(args)
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if errors.Is(err, pflag.ErrHelp) {
		return
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: easel %s: %v", of.CommandPath(), strings.Join(args, " "), err)
	}
}
