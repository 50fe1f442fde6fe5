package run

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// ShownInputs are the ticket's input files as others may see them: an address
// without its query and fragment, which may hold a key. The ticket itself keeps
// them, so that a run can be repeated on this machine.
func (t *Ticket) ShownInputs() []Input {
	shown := slices.Clone(t.Inputs)
	for i := range shown {
		shown[i].File = shownName(shown[i].File)
	}
	return shown
}

// ShownParameters are the ticket's parameters as others may see them; see
// ShownInputs.
func (t *Ticket) ShownParameters() Values {
	shown := slices.Clone(t.Parameters)
	for i, v := range shown {
		if !slices.ContainsFunc(t.Inputs, func(in Input) bool { return in.Parameter == v.Name }) {
			continue
		}
		var name string
		var names []string
		if json.Unmarshal(v.JSON, &name) == nil {
			shown[i].JSON = comfy.RawString(shownName(name))
		} else if json.Unmarshal(v.JSON, &names) == nil {
			for k := range names {
				names[k] = shownName(names[k])
			}
			if list, err := json.Marshal(names); err == nil {
				shown[i].JSON = list
			}
		}
	}
	return shown
}

// shownName is an input's name without what may be a secret.
func shownName(name string) string {
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		name, _, _ = strings.Cut(name, "#")
		name, _, _ = strings.Cut(name, "?")
	}
	return name
}
