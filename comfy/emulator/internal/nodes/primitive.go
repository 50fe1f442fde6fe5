package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func primitiveClasses() []*Class {
	return []*Class{
		{
			Name: "PrimitiveInt", Display: "Int", Category: "utils/primitive", Module: "comfy_extras.nodes_primitive",
			Required: []Input{
				integer("value", 0, -math.MaxInt64, math.MaxInt64, 0).with("control_after_generate", true).without("default"),
			},
			Outputs: []string{"INT"},
			Run:     passValue,
		},
		{
			Name: "PrimitiveFloat", Display: "Float", Category: "utils/primitive", Module: "comfy_extras.nodes_primitive",
			Required: []Input{
				{Name: "value", Type: "FLOAT", Options: map[string]any{"min": -int64(math.MaxInt64), "max": int64(math.MaxInt64)}},
			},
			Outputs: []string{"FLOAT"},
			Run:     passValue,
		},
		{
			Name: "PrimitiveString", Display: "String", Category: "utils/primitive", Module: "comfy_extras.nodes_primitive",
			Required: []Input{
				text("value", "").without("default"),
			},
			Outputs: []string{"STRING"},
			Run:     passValue,
		},
		{
			Name: "PrimitiveStringMultiline", Display: "String (Multiline)", Category: "utils/primitive", Module: "comfy_extras.nodes_primitive",
			Required: []Input{
				multiline("value"),
			},
			Outputs: []string{"STRING"},
			Run:     passValue,
		},
		{
			Name: "PrimitiveBoolean", Display: "Boolean", Category: "utils/primitive", Module: "comfy_extras.nodes_primitive",
			Required: []Input{
				boolean("value", false).without("default"),
			},
			Outputs: []string{"BOOLEAN"},
			Run:     passValue,
		},
		{
			Name: "PreviewAny", Display: "Preview Any", Category: "utils", Module: "comfy_extras.nodes_preview_any",
			Required: []Input{
				link("source", "*"),
			},
			OutputNode: true,
			Run:        runPreviewAny,
		},
		{
			Name: "StringConcatenate", Display: "Concatenate", Category: "utils/string", Module: "comfy_extras.nodes_string",
			Required: []Input{
				multiline("string_a"),
				multiline("string_b"),
				text("delimiter", ""),
			},
			Outputs: []string{"STRING"},
			Run:     runStringConcatenate,
		},
	}
}

// passValue hands its only input on.
func passValue(_ context.Context, c *Call) ([]any, error) {
	return []any{c.args().value("value")}, nil
}

func runPreviewAny(_ context.Context, c *Call) ([]any, error) {
	c.show("text", described(c.Inputs["source"]))
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

func runStringConcatenate(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	joined := a.text("string_a") + a.text("delimiter") + a.text("string_b")
	return []any{joined}, a.err
}
