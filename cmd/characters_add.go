package cmd

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
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
	file, err := src.Find(sources.Characters, id)
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
	if _, err = src.Set(sources.Characters, id, entry, o.force); err != nil {
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
