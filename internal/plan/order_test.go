package plan

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

func catalog(t testing.TB) *Catalog {
	t.Helper()
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in"})
	if err != nil {
		t.Fatal(err)
	}
	return &Catalog{Registry: func() (*registry.Registry, error) { return reg, nil }, Dir: t.TempDir()}
}

func entry(t *testing.T, id string) *registry.Workflow {
	t.Helper()
	wf, err := catalog(t).Workflow(Order{Workflow: id})
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

// An order that travelled as JSON is the same order, integers to the last digit.
func TestOrderRoundTrip(t *testing.T) {
	t.Parallel()
	raw := rapid.OneOf(
		rapid.Map(rapid.Uint64(), func(n uint64) json.RawMessage { return strconv.AppendUint(nil, n, 10) }),
		rapid.Map(rapid.Int64(), func(n int64) json.RawMessage { return strconv.AppendInt(nil, n, 10) }),
		rapid.Map(rapid.StringMatching(`[a-z {}|_é"\\]*`), func(s string) json.RawMessage { b, _ := json.Marshal(s); return b }),
		rapid.SampledFrom([]json.RawMessage{nil, json.RawMessage("null"), json.RawMessage("[]"), json.RawMessage("true"), json.RawMessage("18446744073709551615"), json.RawMessage("0.10")}),
	)
	origin := rapid.Map(rapid.IntRange(int(registry.FromLiteral), int(registry.FromRow)), func(n int) registry.Origin { return registry.Origin(n) })
	value := rapid.Custom(func(t *rapid.T) Value {
		return Value{Name: rapid.String().Draw(t, "name"), Text: rapid.String().Draw(t, "text"), JSON: raw.Draw(t, "json"), Origin: origin.Draw(t, "origin")}
	})
	file := rapid.Custom(func(t *rapid.T) File {
		return File{
			Type:      rapid.SampledFrom([]registry.ParamType{registry.TypeImage, registry.TypeVideo, registry.TypeAudio}).Draw(t, "type"),
			Parameter: rapid.String().Draw(t, "parameter"), Path: rapid.String().Draw(t, "path"), Origin: origin.Draw(t, "origin"),
		}
	})
	mask := rapid.Custom(func(t *rapid.T) *Mask {
		return &Mask{
			Rects: rapid.SliceOf(rapid.String()).Draw(t, "rects"), Color: rapid.Ptr(rapid.String(), true).Draw(t, "color"),
			Tolerance: rapid.Ptr(rapid.Uint8(), true).Draw(t, "tolerance"), Invert: rapid.Ptr(rapid.Bool(), true).Draw(t, "invert"),
			Grow: rapid.Ptr(rapid.Int(), true).Draw(t, "grow"), Whole: rapid.Ptr(rapid.Bool(), true).Draw(t, "whole"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		o := Order{
			ID: rapid.String().Draw(t, "id"), Workflow: rapid.String().Draw(t, "workflow"), File: rapid.String().Draw(t, "file"),
			Graph: raw.Filter(func(r json.RawMessage) bool { return string(r) != "null" }).Draw(t, "graph"), Character: rapid.String().Draw(t, "character"),
			Values: rapid.SliceOf(value).Draw(t, "values"), Files: rapid.SliceOf(file).Draw(t, "files"), Dynamic: rapid.Bool().Draw(t, "dynamic"),
			Naming:     run.Naming{Template: rapid.String().Draw(t, "template"), Fields: rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "fields")},
			Provenance: ProvenanceBoth, Timeout: time.Duration(rapid.Int64().Draw(t, "timeout")), Count: rapid.Int().Draw(t, "count"), SeedMode: SeedFixed,
		}
		if rapid.Bool().Draw(t, "masked") {
			o.Mask = mask.Draw(t, "mask")
		}
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var back Order
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		if diff := cmp.Diff(o, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s\n(-sent +received):\n%s", data, diff)
		}
	})
}

// What flags ask for and what a request asks for are the same runs.
func TestFlagsAndRequestAgree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, workflow, request string
		flags                   Order
	}{
		{
			"values, exact", "flux_single", `{"workflow_id": "flux_single", "prompt": "a fox", "params": {"steps": 20, "seed": 18446744073709551614}, "count": 3}`,
			Order{Count: 3, Values: []Value{{Name: "steps", Text: "20"}, {Name: "seed", Text: "18446744073709551614"}, {Name: "prompt", Text: "a fox"}}},
		},
		{
			"a run per picture", "qwen_batch", `{"prompt": "in autumn", "input_images": ["a.png", "b.png"]}`,
			Order{Values: []Value{{Name: "prompt", Text: "in autumn"}}, Files: []File{{Type: registry.TypeImage, Path: "a.png"}, {Type: registry.TypeImage, Path: "b.png"}}},
		},
		{
			"a drawn mask and a character", "qwen_inpaint", `{"character_id": "milan", "input_image": "a.png", "mask_rect": ["1,2,3,4"], "mask_grow": 8, "prompt": "a hat", "params": {"seed": 1}}`,
			Order{
				Character: "milan", Mask: &Mask{Rects: []string{"1,2,3,4"}, Grow: new(8)},
				Values: []Value{{Name: "prompt", Text: "a hat"}, {Name: "seed", Text: "1"}},
				Files:  []File{{Type: registry.TypeImage, Path: "a.png"}},
			},
		},
		{
			"nothing for a list", "flux_single", `{"prompt": "a fox", "params": {"seed": "7", "steps": null}}`,
			Order{Values: []Value{{Name: "prompt", Text: "a fox"}, {Name: "seed", Text: "7"}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := catalog(t)
			r, err := DecodeRequest("request.json", []byte(tt.request))
			if err != nil {
				t.Fatal(err)
			}
			wf, err := c.Workflow(Order{Workflow: tt.workflow})
			if err != nil {
				t.Fatal(err)
			}
			asked, err := r.Order(wf)
			if err != nil {
				t.Fatal(err)
			}
			asked.Workflow, tt.flags.Workflow = tt.workflow, tt.workflow
			for i := range tt.flags.Values {
				tt.flags.Values[i].Origin = registry.FromFlag
			}
			for i := range tt.flags.Files {
				tt.flags.Files[i].Origin = registry.FromFlag
			}
			if diff := cmp.Diff(spelled(t, c, tt.flags), spelled(t, c, asked)); diff != "" {
				t.Errorf("orders (-flags +request):\n%s", diff)
			}
		})
	}
}

// spelled are the runs of an order with values as text, by name, whoever gave
// them.
func spelled(t *testing.T, c *Catalog, o Order) []map[string]any {
	t.Helper()
	orders, err := c.Expand(o)
	if err != nil {
		t.Fatal(err)
	}
	var runs []map[string]any
	for _, o := range orders {
		req, err := c.Resolve(o)
		if err != nil {
			t.Fatal(err)
		}
		call, err := req.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		run := map[string]any{"workflow": o.Workflow, "character": o.Character, "mask": req.Mask}
		for _, v := range call.Values {
			if v.Param.Role != registry.RoleSeed || strings.Contains(valuesOf(o), "seed") {
				run[v.Param.Name] = string(v.JSON)
			}
		}
		runs = append(runs, run)
	}
	return runs
}

func valuesOf(o Order) string {
	var names []string
	for _, v := range o.Values {
		names = append(names, v.Name)
	}
	return strings.Join(names, " ")
}

// An order as JSON, resolved elsewhere, is the run that it was here.
func TestOrderResolvesElsewhere(t *testing.T) {
	t.Parallel()
	o := Order{Workflow: "flux_single", Count: 2, Values: []Value{
		{Name: "prompt", Text: "a fox", Origin: registry.FromFlag},
		{Name: "seed", JSON: json.RawMessage("18446744073709551615"), Origin: registry.FromPreset},
	}}
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back Order
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	there := spelled(t, catalog(t), back)
	if diff := cmp.Diff(spelled(t, catalog(t), o), there); diff != "" {
		t.Errorf("(-here +there):\n%s", diff)
	}
	if there[0]["seed"] != "18446744073709551615" || there[1]["seed"] != "0" {
		t.Errorf("seeds %v and %v", there[0]["seed"], there[1]["seed"])
	}
}
