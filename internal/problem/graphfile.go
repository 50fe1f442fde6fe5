package problem

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// graphHint says which files hold a graph.
const graphHint = "name a workflow saved by ComfyUI's editor, a graph of its File > Export (API), or a picture, video or sound made by ComfyUI"

// ofGraphFile says why a file holds no graph that can be used.
func ofGraphFile(err error, p *Problem) bool {
	if missing, ok := errors.AsType[*graphfile.MissingError](err); ok {
		p.is(CodeEditorFormat)
		p.File = known(missing.Name)
		p.Node, p.Class = known(missing.Nodes[0].Path), known(missing.Nodes[0].Class)
		for _, n := range missing.Nodes {
			p.Problems = append(p.Problems, registry.Problem{Message: missingNode(n)})
		}
		if missing.From != "" {
			p.Hint = installHint(missing.Nodes)
		}
		return true
	}
	e, ok := errors.AsType[*graphfile.Error](err)
	if !ok {
		return false
	}
	p.is(CodeInvalidWorkflow)
	p.File, p.Hint = known(e.Name), graphHint
	switch e.Kind {
	case graphfile.Encoding:
		if text, ok := errors.AsType[*textdoc.Error](e.Err); ok {
			p.Hint = text.Hint
		}
	case graphfile.Broken:
		p.Hint = "save it again, or download it again: it may have been cut off"
	case graphfile.NoGraph, graphfile.Damaged:
		p.Hint = "files saved by ComfyUI carry their graph, unless a program on the way stripped it"
	case graphfile.Packed:
		p.Hint = "unpack it first"
	case graphfile.Clipboard:
		p.Hint = "paste it in ComfyUI and save the workflow"
	case graphfile.NoNodes:
		p.is(CodeEditorFormat)
		p.Hint = "its nodes are muted, bypassed, or only notes: open it in ComfyUI"
	case graphfile.Unusable:
		p.is(CodeEditorFormat)
		if node, ok := errors.AsType[*editor.NodeError](e.Err); ok {
			p.Node, p.Class = known(node.Node), known(node.Class)
			p.Hint = "open it in ComfyUI on the server that is to run it, look at that node, and save it again"
		} else {
			p.Hint = "open it in ComfyUI and save it again"
		}
	}
	return true
}

// missingNode names a node whose class nothing defines.
func missingNode(n editor.Origin) string {
	s := "node " + n.Path + " is of the class " + n.Class
	if n.Title != "" && n.Title != n.Class {
		s += " (" + n.Title + ")"
	}
	if n.Pack != "" {
		s += ", from " + n.Pack
	}
	return s
}

// corePack is what nodes that come with ComfyUI say of themselves.
const corePack = "comfy-core"

// installHint says what a server needs for nodes that it lacks.
func installHint(nodes []editor.Origin) string {
	var packs []string
	core, unnamed := false, false
	for _, n := range nodes {
		switch {
		case n.Pack == corePack:
			core = true
		case n.Pack == "":
			unnamed = true
		case !slices.Contains(packs, n.Pack):
			packs = append(packs, n.Pack)
		}
	}
	if len(packs) > 4 {
		packs = append(packs[:4], "...")
	}
	var needs []string
	if core {
		needs = append(needs, "update ComfyUI there")
	}
	if len(packs) > 0 {
		needs = append(needs, "install "+strings.Join(packs, ", ")+" there")
	} else if unnamed {
		needs = append(needs, "install the pack of these nodes there")
	}
	return strings.Join(append(needs, "or take another backend"), ", ")
}
