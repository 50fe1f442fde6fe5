package registry

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A key is one key of the registry file: its name, what its value looks like
// (a JSON Schema fragment), what it means, and how it is read. The decoder, the
// list of known names in its errors and the published schema all come from
// these tables.
type key[T any] struct {
	name   string
	schema string
	doc    string
	set    func(d *decoder, t *T, v value)
}

// Schema fragments.
const (
	aText    = `{"type":"string"}`
	aNumber  = `{"type":"number"}`
	aBool    = `{"type":"boolean"}`
	aCount   = `{"type":"integer","minimum":0}`
	anything = `true`
	anObject = `{"type":"object"}`
)

func textKey[T any](name, doc string, to func(*T) *string) key[T] {
	return key[T]{name, aText, doc, func(d *decoder, t *T, v value) { *to(t) = d.text(v) }}
}

func boolKey[T any](name, doc string, to func(*T) *bool) key[T] {
	return key[T]{name, aBool, doc, func(d *decoder, t *T, v value) { *to(t) = d.boolean(v) }}
}

func countKey[T any](name, doc string, to func(*T) *int) key[T] {
	return key[T]{name, aCount, doc, func(d *decoder, t *T, v value) { *to(t) = d.count(v) }}
}

func numberKey[T any](name, doc string, to func(*T) *json.Number) key[T] {
	return key[T]{name, aNumber, doc, func(d *decoder, t *T, v value) { *to(t) = d.number(v) }}
}

func rawKey[T any](name, schema, doc string, to func(*T) *json.RawMessage) key[T] {
	return key[T]{name, schema, doc, func(_ *decoder, t *T, v value) { *to(t) = v.Raw() }}
}

// The tables are built when the first file is read.
var workflowKeys = sync.OnceValue(func() []key[Workflow] {
	return []key[Workflow]{
		textKey("id", "the workflow's id; the key it stands under", func(w *Workflow) *string { return &w.ID }),
		textKey("name", "name for people", func(w *Workflow) *string { return &w.Name }),
		textKey("description", "one or two sentences", func(w *Workflow) *string { return &w.Description }),
		textKey("category", "generation, editing, upscaling, video, ...", func(w *Workflow) *string { return &w.Category }),
		textKey("model_family", "qwen, flux, sd, ...", func(w *Workflow) *string { return &w.ModelFamily }),
		textKey("workflow_path", "API-format graph file, relative to this file's folder or to that folder's parent", func(w *Workflow) *string { return &w.Path }),
		boolKey("supports_batch", "several input images in one request are several runs", func(w *Workflow) *bool { return &w.SupportsBatch }),
		countKey("max_batch_size", "most input images of one request", func(w *Workflow) *int { return &w.MaxBatchSize }),
		boolKey("requires_input_image", "an input image must be given", func(w *Workflow) *bool { return &w.RequiresInputImage }),
		boolKey("requires_mask", "a mask must be given", func(w *Workflow) *bool { return &w.RequiresMask }),
		{"configurable_params", `{"type":"object","additionalProperties":{"$ref":"#/$defs/parameter"}}`, "parameters by name, in the order of help and forms", (*decoder).parameters},
		rawKey("example_payload", anObject, "a request that runs as it stands", func(w *Workflow) *json.RawMessage { return &w.ExamplePayload }),
		{"models", `{"type":"array","items":{"$ref":"#/$defs/model"}}`, "model files that the graph needs", (*decoder).models},
		textKey("min_version", "lowest ComfyUI version that runs the graph", func(w *Workflow) *string { return &w.MinVersion }),
		textKey("output", `node whose files are the result: "9", "#Title" or a class`, func(w *Workflow) *string { return &w.Output }),
	}
})

var parameterKeys = sync.OnceValue(func() []key[Parameter] {
	return []key[Parameter]{
		{"type", typeSchema(), "type of the value; list<TYPE> for several", (*decoder).paramType},
		numberKey("min", "lowest value, inclusive", func(p *Parameter) *json.Number { return &p.Min }),
		numberKey("max", "highest value, inclusive", func(p *Parameter) *json.Number { return &p.Max }),
		rawKey("default", anything, "value when none is given; a seed of -1 is drawn", func(p *Parameter) *json.RawMessage { return &p.Default }),
		textKey("description", "one sentence for help and forms", func(p *Parameter) *string { return &p.Description }),
		textKey("label", "name for people", func(p *Parameter) *string { return &p.Label }),
		textKey("group", "heading in help and forms", func(p *Parameter) *string { return &p.Group }),
		textKey("unit", "px, s, ...", func(p *Parameter) *string { return &p.Unit }),
		numberKey("step", "step of a slider; a width, height or size is rounded to it", func(p *Parameter) *json.Number { return &p.Step }),
		{"choices", `{"type":"array","items":{"type":["string","number"]}}`, "values of an enum", func(d *decoder, p *Parameter, v value) { p.Choices = d.texts(v) }},
		textKey("choices_from", `the live server's list: "KSampler.sampler_name"`, func(p *Parameter) *string { return &p.ChoicesFrom }),
		textKey("folder", "of a model: the server's model folder (loras, checkpoints, ...)", func(p *Parameter) *string { return &p.Folder }),
		boolKey("required", "must be given", func(p *Parameter) *bool { return &p.Required }),
		boolKey("advanced", "shown last", func(p *Parameter) *bool { return &p.Advanced }),
		{"pattern", aText, "regular expression (RE2) that the whole text matches", (*decoder).pattern},
		countKey("max_length", "most characters of a text; 0 = no limit", func(p *Parameter) *int { return &p.MaxLength }),
		{"bind", `{"oneOf":[{"$ref":"#/$defs/binding"},{"type":"array","items":{"$ref":"#/$defs/binding"}}]}`, "where the value lands; found by role when absent", (*decoder).bind},
	}
})

var bindingKeys = sync.OnceValue(func() []key[Binding] {
	return []key[Binding]{
		textKey("target", `"KSampler.steps" by class if unique, "#Title.steps" by title, "12.steps" by node id; only the node for a switch`, func(b *Binding) *string { return &b.Target }),
		{"scale", aNumber, "the value is multiplied by this", func(d *decoder, b *Binding, v value) { b.Scale = d.float(v) }},
		{"map", anObject, "what is written instead, by the value's text", (*decoder).bindingMap},
		boolKey("switch", "a bool that bypasses the node when false", func(b *Binding) *bool { return &b.Switch }),
	}
})

var modelKeys = sync.OnceValue(func() []key[Model] {
	return []key[Model]{
		textKey("folder", "the server's model folder", func(m *Model) *string { return &m.Folder }),
		textKey("file", "name relative to the folder", func(m *Model) *string { return &m.File }),
		textKey("page", "page that describes and offers the file", func(m *Model) *string { return &m.Page }),
		textKey("url", "direct download", func(m *Model) *string { return &m.URL }),
		{"size_gb", aNumber, "size in GB (10^9 bytes)", func(d *decoder, m *Model, v value) { m.SizeGB = d.float(v) }},
	}
})

var characterKeys = sync.OnceValue(func() []key[Character] {
	return []key[Character]{
		textKey("id", "the character's id; the key it stands under", func(c *Character) *string { return &c.ID }),
		textKey("name", "name for people", func(c *Character) *string { return &c.Name }),
		textKey("description", "one or two sentences", func(c *Character) *string { return &c.Description }),
		{"lora", aText, "the one LoRA file; several stand under loras", (*decoder).oneLora},
		{"lora_strength", aNumber, "strength of that LoRA", (*decoder).oneLoraStrength},
		{"loras", `{"type":"array","items":{"$ref":"#/$defs/lora"}}`, "LoRAs, chained in this order", (*decoder).loras},
		textKey("trigger", "words that the LoRA was trained on", func(c *Character) *string { return &c.Trigger }),
		{"trigger_position", `{"enum":["start","end"]}`, "where the trigger words go in a prompt without template; start when absent", (*decoder).triggerPosition},
		textKey("negative", "words added to the negative prompt", func(c *Character) *string { return &c.Negative }),
		textKey("prompt", "template with {prompt} and, if wanted, {trigger}", func(c *Character) *string { return &c.Prompt }),
		{"defaults", anObject, "parameter values that go before the registry's defaults", (*decoder).characterDefaults},
		{"reference_image", aText, "picture, relative to this file's folder, used when no image is given", (*decoder).referenceImage},
	}
})

var loraKeys = sync.OnceValue(func() []key[Lora] {
	return []key[Lora]{
		textKey("file", "name relative to the server's loras folder", func(l *Lora) *string { return &l.File }),
		numberKey("strength", "strength on the model; 1 when absent", func(l *Lora) *json.Number { return &l.Strength }),
		numberKey("strength_clip", "strength on the text encoder; the same as strength when absent", func(l *Lora) *json.Number { return &l.StrengthClip }),
	}
})

// fileSections are the keys at the top of a registry file.
func fileSections() []key[layerFile] {
	return []key[layerFile]{
		{"$schema", aText, "address of this schema, for editors", func(d *decoder, _ *layerFile, v value) { d.text(v) }},
		{"workflows", `{"type":"object","additionalProperties":{"$ref":"#/$defs/workflow"}}`, "workflows by id", (*decoder).workflows},
		{"characters", `{"type":"object","additionalProperties":{"$ref":"#/$defs/character"}}`, "characters by id", (*decoder).characters},
	}
}

// decodeObject reads an object by a table. where names it in errors.
func decodeObject[T any](d *decoder, where string, v value, keys []key[T], t *T) {
	defer d.enter(where)()
	if v.Kind != textdoc.Object {
		d.fail(v, "expected an object")
		return
	}
	seen := make([]bool, len(keys))
	for _, m := range v.Members {
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == m.Name })
		if i < 0 {
			names := make([]string, len(keys))
			for j, k := range keys {
				names[j] = k.name
			}
			d.unknown(m, "key", names)
			continue
		}
		if seen[i] {
			_ = d.failAt(m.Line, m.Col, "key %q is there twice", m.Name)
			continue
		}
		seen[i] = true
		leave := d.enter(m.Name)
		keys[i].set(d, t, m.Value)
		leave()
	}
}

// wholeText compiles a pattern that must match all of a text.
func wholeText(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?s:` + pattern + `)$`)
}

// typeSchema lists the types, then the lists of them.
func typeSchema() string {
	var names []string
	for _, form := range []string{`"%s"`, `"list<%s>"`} {
		for _, t := range paramTypes() {
			names = append(names, fmt.Sprintf(form, t))
		}
	}
	return `{"enum":[` + strings.Join(names, ",") + `]}`
}
