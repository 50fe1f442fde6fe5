package registry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

func decodeAny(t testing.TB, data []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// conforms checks a value against the part of JSON Schema that the published
// schema uses. A keyword that it does not know is an error.
func conforms(root, schema map[string]any, v any, at string) error {
	for keyword, arg := range schema {
		var err error
		switch keyword {
		case "$schema", "title", "description", "$defs", "properties":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			err = conforms(root, root["$defs"].(map[string]any)[name].(map[string]any), v, at)
		case "type":
			types, ok := arg.([]any)
			if !ok {
				types = []any{arg}
			}
			if !slices.ContainsFunc(types, func(name any) bool { return hasType(name.(string), v) }) {
				err = fmt.Errorf("%s: not of type %v", at, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				err = fmt.Errorf("%s: %v is none of %v", at, v, arg)
			}
		case "minimum":
			if n, ok := v.(json.Number); ok && strings.HasPrefix(n.String(), "-") {
				err = fmt.Errorf("%s: below the minimum", at)
			}
		case "required":
			object, _ := v.(map[string]any)
			for _, name := range arg.([]any) {
				if _, ok := object[name.(string)]; !ok {
					err = fmt.Errorf("%s: no %s", at, name)
				}
			}
		case "items":
			list, _ := v.([]any)
			for i, e := range list {
				if err == nil {
					err = conforms(root, arg.(map[string]any), e, fmt.Sprintf("%s[%d]", at, i))
				}
			}
		case "oneOf":
			n := 0
			for _, option := range arg.([]any) {
				if conforms(root, option.(map[string]any), v, at) == nil {
					n++
				}
			}
			if n != 1 {
				err = fmt.Errorf("%s: fits %d of the forms", at, n)
			}
		case "additionalProperties":
			err = members(root, schema, v, at)
		default:
			err = fmt.Errorf("%s: the schema has the unknown keyword %s", at, keyword)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func members(root, schema map[string]any, v any, at string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	known, _ := schema["properties"].(map[string]any)
	for name, member := range object {
		sub, ok := known[name].(map[string]any)
		if !ok {
			sub, ok = schema["additionalProperties"].(map[string]any)
		}
		if !ok {
			return fmt.Errorf("%s: unknown %s", at, name)
		}
		if err := conforms(root, sub, member, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func hasType(name string, v any) bool {
	switch x := v.(type) {
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case json.Number:
		return name == "number" || name == "integer" && !strings.ContainsAny(x.String(), ".eE")
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	}
	return false
}

func TestSchema(t *testing.T) {
	t.Parallel()
	root := decodeAny(t, registry.Schema()).(map[string]any)
	for _, name := range []string{"registry.json", "characters.json"} {
		data, err := fs.ReadFile(workflows.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := conforms(root, root, decodeAny(t, data), name); err != nil {
			t.Error(err)
		}
	}
	// What the schema says of a file is what the decoder says of it.
	entry := func(body string) string {
		return `{"workflows":{"w":{"workflow_path":"g.json","configurable_params":{"p":{` + body + `}}}}}`
	}
	for _, tt := range []struct {
		data string
		ok   bool
	}{
		{ownersEntry, true},
		{entry(`"type":"int"`), true},
		{entry(`"type":"list<image>","bind":["a.b",{"target":"c","switch":true}]`), true},
		{entry(`"type":"enum","choices":["a",1]`), true},
		{entry(`"type":"float","bind":{"target":"a.b","scale":0.5,"map":{"1":"x"}}`), true},
		{`{"$schema":"x","characters":{"m":{"lora":"a","lora_strength":1,"loras":[{"file":"b"}],"trigger_position":"end"}}}`, true},
		{entry(`"typ":"int"`), false},
		{entry(`"type":"integer"`), false},
		{entry(`"type":"int","min":"1"`), false},
		{entry(`"type":"int","max_length":-1`), false},
		{entry(`"type":"int","bind":{"scale":1}`), false},
		{entry(`"type":"int","required":"yes"`), false},
		{`{"workflows":{"w":{"name":"x"}}}`, false},
		{`{"workflws":{}}`, false},
		{`{"characters":{"m":{"trigger_position":"middle"}}}`, false},
		{`{"characters":{"m":{"loras":[{"strength":1}]}}}`, false},
	} {
		err := conforms(root, root, decodeAny(t, []byte(tt.data)), "file")
		if (err == nil) != tt.ok {
			t.Errorf("schema on %s: %v", tt.data, err)
		}
		if _, err := registry.Load(file("r.json", tt.data)); (err == nil) != tt.ok {
			t.Errorf("decoder on %s: %v", tt.data, err)
		}
	}
}
