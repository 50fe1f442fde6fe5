package cmd

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/provenance"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A target is what WORKFLOW on a command line stands for.
type target struct {
	word     string
	workflow *registry.Workflow
	order    plan.Order             // the word alone: @PRESET has values
	again    *provenance.Repetition // of rerun
}

// isCompletion reports whether a shell asks for words.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == "__complete" || args[0] == "__completeNoDesc")
}

// scanWords reads a command line before the flags of its workflow are known.
// It returns the words that are no flags, without a leading help. What is wrong
// with a flag is left to the parse that follows, which knows them all. more
// declares flags of the command itself. What a workflow's file needs to be read
// stays in a.wanted.
func scanWords(a *app, args []string, more func(*pflag.FlagSet)) (words []string, known *generateOptions) {
	completion := isCompletion(args)
	if completion {
		args = args[1 : len(args)-1] // the last word is being typed
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if isNegativeNumber(arg) {
			args[i] = "0" // the value of a flag that is not known yet, and no flag: --seed -1
		}
	}
	f := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.SetNormalizeFunc(dashes)
	f.BoolP("help", "h", false, "")
	scan := &app{streams: a.streams}
	scan.addGlobals(f)
	known = &generateOptions{app: scan}
	known.addRunFlags(f)
	if more != nil {
		more(f)
	}
	f.VisitAll(func(flag *pflag.Flag) { flag.Value = lenient{flag.Value} })
	_ = f.Parse(args)
	words, a.wanted = f.Args(), wanted{known.backend, completion}
	if len(words) > 0 && words[0] == "help" {
		words = words[1:]
	}
	return words, known
}

// A lenient flag takes any text, so that one bad value does not hide the words
// behind it.
type lenient struct{ pflag.Value }

func (l lenient) Set(text string) error {
	_ = l.Value.Set(text)
	return nil
}

func isNegativeNumber(word string) bool {
	rest, ok := strings.CutPrefix(word, "-")
	return ok && rest != "" && strings.Trim(rest, "0123456789.") == ""
}

// workflowWord finds WORKFLOW in a command line for a command, before the
// flags of that workflow are known. Without one it is the workflow_id of
// --request.
func workflowWord(a *app, args []string, command string) (string, bool) {
	rest, known := scanWords(a, args, nil)
	if len(rest) == 1 && rest[0] == command && known.request != "" {
		return a.requestedWorkflow(known.request)
	}
	if len(rest) < 2 || rest[0] != command {
		return "", false
	}
	return rest[1], true
}

// defaultWorkflow is the workflow of the settings for a command line whose first
// word, with a space in it, is the prompt; "" when it is none or there is none.
func (a *app) defaultWorkflow(word string) (string, error) {
	if !strings.ContainsAny(word, " \t\n") || inputs.IsFile(a.path(word)) || meansFile(word) {
		return "", nil
	}
	cfg, err := a.config()
	if err != nil {
		return "", err
	}
	return cfg.Workflow, nil
}

// meansFile reports whether a word with spaces can only be meant as a file, also
// when there is none of that name.
func meansFile(word string) bool {
	return filepath.IsAbs(word) || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../") || strings.EqualFold(filepath.Ext(word), ".json")
}

// dashes lets --lora_strength mean --lora-strength.
func dashes(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

// resolveTarget looks WORKFLOW up: @PRESET, a file, or an id.
func (a *app) resolveTarget(word string) (*target, error) {
	order, err := a.catalog.Find(word)
	if err != nil {
		return nil, err
	}
	wf, err := a.catalog.Workflow(order)
	if err != nil {
		return nil, err
	}
	return &target{word: word, workflow: wf, order: order}, nil
}
