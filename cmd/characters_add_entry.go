package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
)

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
	known := plan.ParameterNames(reg)
	var b bytes.Buffer
	for i, s := range o.sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, usagef("write --set steps=24", "--set %q has no name=value", s)
		}
		name = strings.ReplaceAll(name, "-", "_")
		if !slices.Contains(known, name) {
			hint := "easel workflows show WORKFLOW lists its parameters"
			if near := nearest.To(name, known, 3); len(near) > 0 {
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
	return sources.ReferencePath(id, rep.Format.Ext), data, nil
}
