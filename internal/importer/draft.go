package importer

import (
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Draft makes a registry entry of a file that was read, by what its author put
// into view. mapping describes its parameters in another program's way; nil
// without one. Notes are what is worth knowing.
func Draft(f *graphfile.File, mapping *Mapping, o registry.DraftOptions) (*registry.Workflow, []string, error) {
	author, notes, err := Author(f)
	if err != nil {
		return nil, nil, err
	}
	if mapping != nil {
		params, more := mapping.on(f.Graph)
		notes = append(notes, more...)
		if len(params) > 0 {
			author.Shown, author.Chosen = params, true
		}
		if mapping.Title != "" {
			author.Title = mapping.Title
		}
	}
	o.Author = author
	wf, more, err := registry.Draft(f.Graph, o)
	return wf, append(notes, more...), err
}
