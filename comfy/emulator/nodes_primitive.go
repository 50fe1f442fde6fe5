package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func primitiveClasses() []*class {
	return []*class{
		{
			name: "PrimitiveInt", display: "Int", category: "utils/primitive", module: "comfy_extras.nodes_primitive",
			required: []input{
				integer("value", 0, -math.MaxInt64, math.MaxInt64, 0).with("control_after_generate", true).without("default"),
			},
			outputs: []string{"INT"},
			run:     passValue,
		},
		{
			name: "PrimitiveFloat", display: "Float", category: "utils/primitive", module: "comfy_extras.nodes_primitive",
			required: []input{
				{name: "value", typ: "FLOAT", options: map[string]any{"min": -int64(math.MaxInt64), "max": int64(math.MaxInt64)}},
			},
			outputs: []string{"FLOAT"},
			run:     passValue,
		},
		{
			name: "PrimitiveString", display: "String", category: "utils/primitive", module: "comfy_extras.nodes_primitive",
			required: []input{
				text("value", "").without("default"),
			},
			outputs: []string{"STRING"},
			run:     passValue,
		},
		{
			name: "PrimitiveStringMultiline", display: "String (Multiline)", category: "utils/primitive", module: "comfy_extras.nodes_primitive",
			required: []input{
				multiline("value"),
			},
			outputs: []string{"STRING"},
			run:     passValue,
		},
		{
			name: "PrimitiveBoolean", display: "Boolean", category: "utils/primitive", module: "comfy_extras.nodes_primitive",
			required: []input{
				boolean("value", false).without("default"),
			},
			outputs: []string{"BOOLEAN"},
			run:     passValue,
		},
		{
			name: "PreviewAny", display: "Preview Any", category: "utils", module: "comfy_extras.nodes_preview_any",
			required: []input{
				link("source", "*"),
			},
			outputNode: true,
			run:        runPreviewAny,
		},
		{
			name: "StringConcatenate", display: "Concatenate", category: "utils/string", module: "comfy_extras.nodes_string",
			required: []input{
				multiline("string_a"),
				multiline("string_b"),
				text("delimiter", ""),
			},
			outputs: []string{"STRING"},
			run:     runStringConcatenate,
		},
	}
}

// passValue hands its only input on.
func passValue(_ context.Context, c *call) ([]any, error) {
	return []any{c.args().value("value")}, nil
}

func runPreviewAny(_ context.Context, c *call) ([]any, error) {
	c.show("text", described(c.inputs["source"]))
	return nil, nil
}

// described is a value as text, in Python's spelling of plain ones.
func described(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	case int64, uint64:
		return fmt.Sprint(v)
	case *raster.Frames:
		return fmt.Sprintf("%d of %dx%d pixels, %d channels", v.Count, v.Width, v.Height, v.Channels())
	}
	if text, err := json.Marshal(v); err == nil && string(text) != "{}" {
		return string(text)
	}
	return fmt.Sprintf("%T", v)
}

func runStringConcatenate(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	joined := a.text("string_a") + a.text("delimiter") + a.text("string_b")
	return []any{joined}, a.err
}
