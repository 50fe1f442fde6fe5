package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A target is what WORKFLOW on a command line stands for.
type target struct {
	word     string
	workflow *registry.Workflow
	preset   []registry.Arg // of @PRESET
	person   string         // character of @PRESET
	again    *repetition    // of rerun
}

// isCompletion reports whether a shell asks for words.
func isCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == "__complete" || args[0] == "__completeNoDesc")
}

// scanWords reads a command line before the flags of its workflow are known.
// It returns the words that are no flags, without a leading help. What is wrong
// with a flag is left to the parse that follows, which knows them all. more
// declares flags of the command itself.
func scanWords(a *app, args []string, more func(*pflag.FlagSet)) (words []string, known *generateOptions) {
	if isCompletion(args) {
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
	words = f.Args()
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

// dashes lets --lora_strength mean --lora-strength.
func dashes(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

// resolveTarget looks WORKFLOW up: @PRESET, a file, or an id.
func (a *app) resolveTarget(word string) (*target, error) {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		return a.resolvePreset(name)
	}
	if strings.HasPrefix(word, "server:") {
		return nil, problem.NotBuilt("running a workflow saved on the backend (" + word + ")")
	}
	if looksLikeFile(word) && !a.isID(word) {
		wf, err := a.workflowFromFile(word)
		return &target{word: word, workflow: wf}, err
	}
	reg, err := a.registry()
	if err != nil {
		return nil, err
	}
	wf, err := reg.Workflow(word)
	return &target{word: word, workflow: wf}, err
}

func (a *app) resolvePreset(name string) (*target, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	preset, ok := cfg.Presets[name]
	if !ok {
		return nil, unknownPreset(cfg, name)
	}
	reg, err := a.registry()
	if err != nil {
		return nil, err
	}
	wf, err := reg.Workflow(preset.Workflow)
	if err != nil {
		return nil, err
	}
	t := &target{word: "@" + name, workflow: wf, person: preset.Character}
	t.preset = presetArgs(preset)
	return t, nil
}

// isID reports whether a word is the id of a workflow although it looks like a
// file: flux.1. A registry that cannot be read is no reason not to run a file.
func (a *app) isID(word string) bool {
	if strings.ContainsAny(word, `/\`) {
		return false
	}
	reg, err := a.registry()
	if err != nil {
		return false
	}
	_, err = reg.Workflow(word)
	return err == nil
}

// looksLikeFile follows INTERFACE section 1: a slash or an extension.
func looksLikeFile(word string) bool {
	return strings.ContainsAny(word, `/\`) || filepath.Ext(word) != ""
}

// graphHint says which files hold a graph.
const graphHint = "name a graph: a .json of ComfyUI's File > Export (API), or a picture made by ComfyUI"

// maxGraphFile bounds how much of a graph file is read: 64 MiB.
const maxGraphFile = 64 << 20

// workflowFromFile makes a workflow of an API graph, or of the one inside a
// picture: with the standard inputs by role, and what people change in such a
// graph, steps for one, with the graph's values as defaults.
func (a *app) workflowFromFile(name string) (*registry.Workflow, error) {
	info, err := os.Stat(a.path(name))
	if err == nil && !info.Mode().IsRegular() { // to open a pipe might take for ever
		return nil, &registry.FileError{Path: name, Message: "is not a file", Hint: graphHint}
	}
	file, err := os.Open(a.path(name))
	if err != nil {
		reason := "cannot be read: " + reasonOf(err).Error()
		if errors.Is(err, fs.ErrNotExist) {
			reason = "there is no such file"
		}
		return nil, &registry.FileError{Path: name, Message: reason, Err: err}
	}
	defer file.Close()
	if info.Size() > maxGraphFile && strings.EqualFold(filepath.Ext(name), ".json") {
		return nil, &registry.FileError{Path: name, Message: "is too large for a graph", Hint: graphHint}
	}
	id := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	data, err := graphBytes(file, info.Size(), name)
	if err != nil {
		return nil, err
	}
	g, err := comfy.ParseGraph(data)
	if err != nil {
		return nil, &registry.FileError{Path: name, Message: "is not an API-format graph: " + err.Error(), Hint: graphHint, Err: err}
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: id, Path: filepath.ToSlash(name), KeepFiles: true})
	return wf, err
}

// graphBytes reads the graph: the file itself, or what a picture carries.
func graphBytes(file *os.File, size int64, name string) ([]byte, error) {
	if strings.EqualFold(filepath.Ext(name), ".json") {
		data := make([]byte, size)
		if _, err := file.ReadAt(data, 0); err != nil && size > 0 {
			return nil, &registry.FileError{Path: name, Message: "cannot be read", Err: err}
		}
		return data, nil
	}
	meta, err := media.ReadMetadata(file, size)
	if err != nil {
		return nil, &registry.FileError{Path: name, Message: "carries no graph that can be read", Hint: graphHint, Err: err}
	}
	if len(meta.Prompt) == 0 {
		return nil, &registry.FileError{
			Path: name, Message: "carries no API-format graph",
			Hint: "pictures saved by ComfyUI carry one, unless a program on the way stripped it",
		}
	}
	return meta.Prompt, nil
}
