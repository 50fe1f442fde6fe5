package plan

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

func TestOrderCheck(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]Order{
		"":           {Workflow: "a", Values: []Value{{Name: "x", JSON: json.RawMessage("1")}}, Count: 3, SeedMode: SeedFixed, Provenance: ProvenanceBoth},
		"workflow":   {},
		"graph":      {Graph: json.RawMessage("{")},
		"seed_mode":  {Workflow: "a", SeedMode: "down"},
		"provenance": {Workflow: "a", Provenance: "beside"},
		"count":      {Workflow: "a", Count: -1},
		"timeout_ns": {Workflow: "a", Timeout: -1},
		"values":     {Workflow: "a", Values: []Value{{Name: "x", JSON: json.RawMessage("{")}}},
		"files":      {Workflow: "a", Files: []File{{Type: registry.TypeImage, Path: "-"}}},
		"naming":     {Workflow: "a", Naming: run.Naming{Fixed: "../x.png"}},
	} {
		err := o.Check()
		bad, ok := errors.AsType[*OrderError](err)
		if field == "" && err != nil || field != "" && (!ok || bad.Field != field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
