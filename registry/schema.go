package registry

import (
	"bytes"
	"encoding/json"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Schema is the JSON Schema (2020-12) of a registry file, made from the tables
// that the decoder reads by.
func Schema() json.RawMessage {
	var b bytes.Buffer
	b.WriteString(`{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"easel registry","description":"Workflows and characters of easel. JSON with comments, or YAML.",`)
	b.Write(objectSchema(fileSections(), nil))
	b.WriteString(`,"$defs":{`)
	for i, def := range []struct {
		name string
		body []byte
	}{
		{"workflow", object(workflowKeys(), "workflow_path")},
		{"parameter", object(parameterKeys(), "type")},
		{"binding", bindingSchema()},
		{"model", object(modelKeys(), "folder", "file")},
		{"character", object(characterKeys())},
		{"lora", object(loraKeys(), "file")},
	} {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(comfy.RawString(def.name))
		b.WriteByte(':')
		b.Write(def.body)
	}
	b.WriteString(`}}`)
	var out bytes.Buffer
	_ = json.Indent(&out, b.Bytes(), "", "  ") // built above: always valid, as a test asserts
	out.WriteByte('\n')
	return out.Bytes()
}

func object[T any](keys []key[T], required ...string) []byte {
	return append(append([]byte{'{'}, objectSchema(keys, required)...), '}')
}

// bindingSchema allows the short form of a binding, its target alone.
func bindingSchema() []byte {
	return append(append([]byte(`{"oneOf":[`+aText+`,`), object(bindingKeys(), "target")...), "]}"...)
}

func objectSchema[T any](keys []key[T], required []string) []byte {
	var b bytes.Buffer
	b.WriteString(`"type":"object","additionalProperties":false,"properties":{`)
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(comfy.RawString(k.name))
		b.WriteByte(':')
		b.Write(describe(k.schema, k.doc))
	}
	b.WriteByte('}')
	if len(required) > 0 {
		b.WriteString(`,"required":[`)
		for i, name := range required {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(comfy.RawString(name))
		}
		b.WriteByte(']')
	}
	return b.Bytes()
}

// describe adds a description to a schema fragment.
func describe(schema, doc string) []byte {
	text := comfy.RawString(doc)
	if schema == anything {
		return append(append([]byte(`{"description":`), text...), '}')
	}
	return append(append(append([]byte(`{"description":`), text...), ','), schema[1:]...)
}
