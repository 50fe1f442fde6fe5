package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// charactersAddOptions are the settings of `characters add`.
type charactersAddOptions struct {
	app         *app
	name        string
	description string
	loras       []string
	strength    string
	trigger     string
	prompt      string
	negative    string
	image       string
	sets        []string
	project     bool
	force       bool
}

func newCharactersAddCmd(a *app) *cobra.Command {
	o := &charactersAddOptions{app: a}
	c := &cobra.Command{
		Use:   "add CHARACTER",
		Short: "Add a character: LoRA, words, defaults, reference picture",
		Long: `Add a character to the user's characters.json, or to the project's with
--project. The reference picture is copied beside it.

--prompt is a template: {prompt} stands for what generate is given, {trigger} for
the trigger words. Without a template the trigger words go before the prompt.`,
		Example: `  easel characters add anna --lora anna_v2.safetensors --lora-strength 0.8 --trigger "anna woman"
  easel characters add noir --prompt "{prompt}, film noir, 35mm" --negative colour --set steps=30
  easel generate qwen_single "in the rain" --character anna --image portrait.png`,
		Args: exactArgs("a character"),
		RunE: func(_ *cobra.Command, args []string) error { return runCharactersAdd(o, args[0]) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.loras, "lora", nil, "LoRA `FILE` in the server's loras folder; several are chained (repeatable)")
	f.StringVar(&o.strength, "lora-strength", "", "strength `N` of the LoRA, usually 0 to 2 (default 1)")
	f.StringVar(&o.trigger, "trigger", "", "`WORDS` that the LoRA was trained on")
	f.StringVar(&o.prompt, "prompt", "", "prompt `TEMPLATE` with {prompt} and {trigger}")
	f.StringVar(&o.negative, "negative", "", "`WORDS` added to the negative prompt")
	f.StringVar(&o.image, "image", "", "reference picture `FILE`, used when generate gets no image")
	f.StringArrayVar(&o.sets, "set", nil, "a default of a parameter: `steps=24` (repeatable)")
	f.StringVar(&o.name, "name", "", "`NAME` for people (default: the id)")
	f.StringVar(&o.description, "description", "", "who it is, in a `SENTENCE`")
	f.BoolVar(&o.project, "project", false, "write to the project instead of the user's settings")
	f.BoolVar(&o.force, "force", false, "replace a character of the same id there")
	return c
}

func runCharactersAdd(o *charactersAddOptions, id string) error {
	a := o.app
	if err := checkID("character", id); err != nil {
		return err
	}
	if len(o.loras) == 0 && o.trigger == "" && o.prompt == "" && o.negative == "" && o.image == "" && len(o.sets) == 0 {
		return usagef("easel characters add --help shows examples", "character %s would change nothing: give a LoRA, words, defaults or a picture", id)
	}
	reg, err := a.registry()
	if err != nil {
		return err
	}
	defaults, err := o.defaults(reg)
	if err != nil {
		return err
	}
	strength, err := o.loraStrength()
	if err != nil {
		return err
	}
	src, err := a.source(o.project)
	if err != nil {
		return err
	}
	file, err := src.Find(registry.Characters, id)
	if err != nil {
		return err
	}
	switch {
	case file != "" && !o.force:
		return &storage.Error{Op: "add", Location: fmt.Sprintf("character %s in %s", id, file), Err: storage.ErrExist}
	case file == "":
		file = src.CharacterFile()
	}
	picture, data, err := o.picture(id)
	if err != nil {
		return err
	}
	entry, err := json.Marshal(o.entry(id, strength, picture, defaults))
	if err != nil {
		return fmt.Errorf("write character %s: %w", id, err)
	}
	if picture != "" {
		if err := sources.Write(filepath.Join(filepath.Dir(file), filepath.FromSlash(picture)), data); err != nil {
			return err
		}
	}
	if _, err = src.Set(registry.Characters, id, entry, o.force); err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(json.RawMessage(entry))
	}
	if o.prompt != "" && !strings.Contains(o.prompt, "{prompt}") {
		a.note("note: the template has no {prompt}: what generate is given is put behind it")
	}
	a.note("added to %s", file)
	_, err = fmt.Fprintln(a.streams.Out, id)
	return err
}

// A characterEntry is a character as its file has it, in the file's order.
type characterEntry struct {
	ID          string           `json:"id"`
	Name        string           `json:"name,omitempty"`
	Description string           `json:"description,omitempty"`
	Lora        string           `json:"lora,omitempty"`
	Strength    json.Number      `json:"lora_strength,omitempty"`
	Loras       []characterLora  `json:"loras,omitempty"`
	Trigger     string           `json:"trigger,omitempty"`
	Prompt      string           `json:"prompt,omitempty"`
	Negative    string           `json:"negative,omitempty"`
	Defaults    *json.RawMessage `json:"defaults,omitempty"`
	Picture     string           `json:"reference_image,omitempty"`
}

type characterLora struct {
	File     string      `json:"file"`
	Strength json.Number `json:"strength,omitempty"`
}

func (o *charactersAddOptions) entry(id string, strength json.Number, picture string, defaults json.RawMessage) characterEntry {
	e := characterEntry{
		ID: id, Name: o.name, Description: o.description, Trigger: o.trigger, Prompt: o.prompt, Negative: o.negative, Picture: picture,
	}
	if defaults != nil {
		e.Defaults = &defaults
	}
	if len(o.loras) == 1 {
		e.Lora, e.Strength = o.loras[0], strength
		return e
	}
	for _, file := range o.loras {
		e.Loras = append(e.Loras, characterLora{file, strength})
	}
	return e
}

func (o *charactersAddOptions) loraStrength() (json.Number, error) {
	if o.strength == "" {
		return "", nil
	}
	if len(o.loras) == 0 {
		return "", usagef("add --lora FILE", "--lora-strength has no LoRA to count for")
	}
	n := json.Number(o.strength)
	if _, err := n.Float64(); err != nil || !json.Valid([]byte(o.strength)) {
		return "", usagef("write --lora-strength 0.8", "--lora-strength %q is not a number", o.strength)
	}
	return n, nil
}

// defaults reads --set. A name that no workflow has is a mistake.
func (o *charactersAddOptions) defaults(reg *registry.Registry) (json.RawMessage, error) {
	if len(o.sets) == 0 {
		return nil, nil
	}
	known := parameterNames(reg)
	var b bytes.Buffer
	for i, s := range o.sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("write --set steps=24", "--set %q has no name=value", s)
		}
		name = strings.ReplaceAll(name, "-", "_")
		if !slices.Contains(known, name) {
			hint := "easel workflows show WORKFLOW lists its parameters"
			if near := comfy.Nearest(name, known, 3); len(near) > 0 {
				hint = problem.DidYouMean(near)
			}
			return nil, &invalidError{fmt.Sprintf("no workflow has a parameter %q", name), hint}
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) || strings.ContainsAny(value[:1], `{["`) {
			raw = comfy.RawString(value)
		}
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.Write(comfy.RawString(name))
		b.WriteByte(':')
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// parameterNames are the names that any workflow has.
func parameterNames(reg *registry.Registry) []string {
	var names []string
	for _, wf := range reg.Workflows() {
		params, err := wf.Parameters()
		if err != nil {
			continue
		}
		for _, p := range params {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// maxReference bounds a reference picture: 256 MiB.
const maxReference = 256 << 20

// picture reads the reference picture and names its copy beside the file.
func (o *charactersAddOptions) picture(id string) (name string, data []byte, err error) {
	if o.image == "" {
		return "", nil, nil
	}
	bad := func(reason string, err error) error {
		return &run.InputError{Parameter: "--image", File: o.image, Reason: reason, Err: err}
	}
	path := o.app.path(o.image)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, bad("there is no such file", err)
	case err != nil:
		return "", nil, bad("cannot be read", err)
	case info.Size() > maxReference:
		return "", nil, bad("is too large for a reference picture", nil)
	}
	if data, err = os.ReadFile(path); err != nil {
		return "", nil, bad("cannot be read", err)
	}
	check := media.NewChecker()
	_, _ = check.Write(data) // it only looks
	rep := check.Report()
	if !strings.HasPrefix(rep.Format.MediaType, "image/") {
		return "", nil, bad("is not an image", nil)
	}
	if !rep.Complete {
		return "", nil, bad("is damaged: "+rep.Reason, nil)
	}
	return "references/" + id + rep.Format.Ext, data, nil
}
