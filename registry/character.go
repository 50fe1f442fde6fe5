package registry

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A Character is a preset for a person or style: LoRAs, words, default
// parameters and a reference picture. It must not be changed.
type Character struct {
	ID              string
	Name            string
	Description     string
	Loras           []Lora
	Trigger         string // words that the LoRA was trained on
	TriggerPosition string // "start" or "end"; used when Prompt is ""
	Negative        string // added to the negative prompt
	Prompt          string // template with {prompt} and {trigger}; "" = the trigger words are put beside the prompt
	Defaults        []NamedValue
	ReferenceImage  string // path in FS
	FS              fs.FS  // where ReferenceImage is read
	Source          Source

	raw func() json.RawMessage // writes the entry as it stands in its file
}

// A Lora is one LoRA file with its strengths; "" = not set.
type Lora struct {
	File         string
	Strength     json.Number
	StrengthClip json.Number
}

// A NamedValue is a parameter's name and exact JSON value.
type NamedValue struct {
	Name string
	JSON json.RawMessage
}

// MarshalJSON writes the entry as it stands in its file, in its order.
func (c *Character) MarshalJSON() ([]byte, error) { return c.raw(), nil }

// prompt extends the user's prompt by the character. Text that the character
// has already extended stays as it is, so a recorded prompt can be run again.
func (c *Character) prompt(user string) string {
	if c.Prompt != "" {
		t := strings.ReplaceAll(c.Prompt, "{trigger}", c.Trigger)
		before, after, ok := strings.Cut(t, "{prompt}")
		switch {
		case !ok:
			return joinWords(t, user)
		case user == "":
			return strings.Trim(before+after, ", \n\t")
		case strings.HasPrefix(user, before) && strings.HasSuffix(user, after) && before+after != "" && len(user) >= len(before)+len(after):
			return user
		}
		return before + user + after
	}
	if c.Trigger == "" || strings.Contains(strings.ToLower(user), strings.ToLower(c.Trigger)) {
		return user
	}
	if c.TriggerPosition == "end" {
		return joinWords(user, c.Trigger)
	}
	return joinWords(c.Trigger, user)
}

func (c *Character) negative(user string) string {
	if c.Negative == "" || strings.Contains(user, c.Negative) {
		return user
	}
	return joinWords(user, c.Negative)
}

// joinWords puts two pieces of a prompt together.
func joinWords(a, b string) string {
	a, b = strings.TrimRight(a, ", \n\t"), strings.TrimLeft(b, ", \n\t")
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

func (d *decoder) characters(f *layerFile, v value) {
	d.trail = nil
	d.each(v, "character", func(id string, v value) {
		c := &Character{FS: d.layer.FS, Source: Source{d.layer.Name, d.display}}
		defer d.enter("character " + id)()
		decodeObject(d, "", v, characterKeys(), c)
		if v.Kind != textdoc.Object {
			return
		}
		c.raw = d.identify(v, id, &c.ID).Raw
		if c.Name == "" {
			c.Name = id
		}
		if slices.ContainsFunc(c.Loras, func(l Lora) bool { return l.File == "" }) {
			d.fail(v, "a LoRA has no file")
		}
		f.characters = append(f.characters, c)
	})
}

// one returns the LoRA of the short form (lora, lora_strength): the first.
func (c *Character) one() *Lora {
	if len(c.Loras) == 0 {
		c.Loras = append(c.Loras, Lora{})
	}
	return &c.Loras[0]
}

func (d *decoder) oneLora(c *Character, v value) { c.one().File = d.text(v) }

func (d *decoder) oneLoraStrength(c *Character, v value) { c.one().Strength = d.number(v) }

func (d *decoder) loras(c *Character, v value) {
	if v.Kind != textdoc.List {
		d.fail(v, "must be a list")
		return
	}
	for _, e := range v.Items {
		var l Lora
		decodeObject(d, "", e, loraKeys(), &l)
		c.Loras = append(c.Loras, l)
	}
}

func (d *decoder) triggerPosition(c *Character, v value) {
	c.TriggerPosition = d.text(v)
	if c.TriggerPosition != "start" && c.TriggerPosition != "end" {
		d.fail(v, `must be "start" or "end"`)
	}
}

func (d *decoder) characterDefaults(c *Character, v value) {
	d.each(v, "default", func(name string, v value) {
		c.Defaults = append(c.Defaults, NamedValue{name, v.Raw()})
	})
}

func (d *decoder) referenceImage(c *Character, v value) {
	c.ReferenceImage = path.Join(d.dir, d.localPath(v, "reference_image", d.text(v)))
}
