package run

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An Expand makes the choices of a dynamic prompt. The same text and seed must
// always give the same result.
type Expand func(text string, seed uint64) (string, error)

// expand draws the choices in prompt and negative prompt from the run's seed
// and resolves the request again with what was drawn. A character extends the
// drawn text. The texts as they were written become the ticket's Templates. A
// workflow without a seed draws from the run's id.
func (t *Ticket) expand(req Request, given []registry.Arg, call *registry.Call) (*registry.Call, error) {
	seed, seeded := call.Seed()
	if !seeded {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t.Run))
		seed = h.Sum64()
	}
	args := append([]registry.Arg{}, given...)
	if p := call.SeedParameter(); p != nil && seeded {
		args = append(args, registry.Arg{Name: p.Name, JSON: strconv.AppendUint(nil, seed, 10), Origin: registry.FromRow})
	}
	for _, v := range call.Values {
		if v.Param.Role != registry.RolePrompt && v.Param.Role != registry.RoleNegative {
			continue
		}
		raw := v.JSON
		if v.Given != nil {
			raw = v.Given
		}
		written := text(raw)
		drawn, err := req.Expand(written, seed)
		if err != nil {
			return nil, &registry.ValuesError{Workflow: call.Workflow.ID, Problems: []registry.Problem{{
				Parameter: v.Param.Name,
				Message:   fmt.Sprintf("Parameter '%s': %v", v.Param.Name, err),
				Hint:      "easel help dynamic lists the forms",
			}}}
		}
		if drawn == written {
			continue
		}
		t.Templates = append(t.Templates, NamedValue{v.Param.Name, comfy.RawString(written)})
		args = append(args, registry.Arg{Name: v.Param.Name, JSON: comfy.RawString(drawn), Origin: registry.FromRow})
	}
	return req.Workflow.Resolve(args, registry.ResolveOptions{Character: req.Character})
}
