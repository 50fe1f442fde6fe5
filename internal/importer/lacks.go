package importer

import (
	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A MissingNode is a node that the server does not have.
type MissingNode struct {
	Node   string `json:"node"`
	Class  string `json:"class"`
	Title  string `json:"title"`
	Pack   string `json:"pack"`   // "" when it is not known
	Page   string `json:"page"`   // of the pack, "" when it is not known
	Unsure bool   `json:"unsure"` // the file does not name all of its values, so the graph may lack some
}

// An AbsentModel is a model file that the server does not have.
type AbsentModel struct {
	Folder string `json:"folder"`
	File   string `json:"file"`
}

// Lacks says what a server does not have of what a workflow needs that was made
// of a file; nothing where no server was asked. aliases are the server's names
// of models.
func Lacks(file *graphfile.File, defs graphfile.Definitions, aliases map[string]string, wf *registry.Workflow) ([]MissingNode, []AbsentModel) {
	nodes, models := []MissingNode{}, []AbsentModel{}
	unsure := map[string]bool{}
	packs := map[string]string{}
	for _, n := range file.Missing {
		unsure[n.Node] = n.Confidence == editor.Doubtful
	}
	for _, n := range file.Origins {
		packs[n.Class] = n.Pack
	}
	g := file.Graph
	if len(defs.Classes) == 0 {
		return nodes, models
	}
	for _, id := range g.IDs() {
		n := g.Node(id)
		if defs.Classes[n.Class] != nil {
			continue
		}
		m := MissingNode{Node: id, Class: n.Class, Title: n.Title, Pack: packs[n.Class], Unsure: unsure[id]}
		if name, page := preflight.PackageOf(n.Class); name != "" {
			m.Pack, m.Page = name, page
		}
		nodes = append(nodes, m)
	}
	survey := preflight.SurveyOf(defs.Classes, aliases)
	for m, state := range survey.Files(wf) {
		if state == preflight.ModelMissing {
			models = append(models, AbsentModel{m.Folder, m.File})
		}
	}
	return nodes, models
}
