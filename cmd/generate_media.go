package cmd

import (
	"fmt"
	"slices"

	"github.com/seed-7d77cb5c/easel/registry"
)

// spreadMedia gives the files of --video and --audio to the workflow's
// parameters of that kind, as --image does: by NAME=FILE, else in order. What
// the flag of another parameter gives stays there.
func spreadMedia(flags []registry.Arg, params []*registry.Parameter, workflow string) ([]registry.Arg, error) {
	out := append([]registry.Arg{}, flags...)
	for _, kind := range []registry.ParamType{registry.TypeVideo, registry.TypeAudio} {
		var slots []*registry.Parameter
		for _, p := range params {
			if p.Type == kind && !p.List {
				slots = append(slots, p)
			}
		}
		if len(slots) == 0 {
			continue
		}
		taken := map[string]bool{}
		var loose []int // where in out the files without a name are
		for i, arg := range out {
			switch p, file, named := cutSlot(slots, arg.Text); {
			case !slices.ContainsFunc(slots, func(p *registry.Parameter) bool { return p.Name == arg.Name }):
			case named:
				out[i].Name, out[i].Text = p.Name, file
				taken[p.Name] = true
			case arg.Name == slots[0].Name:
				loose = append(loose, i)
			default:
				taken[arg.Name] = true
			}
		}
		for _, p := range slots {
			if len(loose) > 0 && !taken[p.Name] {
				out[loose[0]].Name, loose = p.Name, loose[1:]
			}
		}
		if len(loose) > 0 {
			return nil, &invalidError{
				fmt.Sprintf("%s takes %d %s, but more were given", workflow, len(slots), plural(len(slots), string(kind)+" file")),
				"easel workflows show " + workflow + " lists its inputs",
			}
		}
	}
	return out, nil
}
