package cmd

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// convertOptions are the settings of `convert`.
type convertOptions struct {
	app        *app
	backend    string
	objectInfo string
	editor     bool
}

func newConvertCmd(a *app) *cobra.Command {
	o := &convertOptions{app: a}
	c := &cobra.Command{
		Use:   "convert FILE|URL|-|server:NAME",
		Short: "Print the API-format graph of any workflow file",
		Long: `Print the graph that ComfyUI's editor would submit for a workflow file: one of the
editor itself, of any version; an API-format graph; or either inside a PNG, WebP,
JPEG, AVIF, GIF, MP4, WebM, FLAC, Ogg or MP3 file, a GLB, a latent or safetensors
file, or in a text around it. - reads stdin, server:NAME a workflow saved on the
backend.

What a node takes is known only from node definitions: those of --object-info, as
GET /object_info of a server sends them, else those of --backend or of the
backend in the settings. Classes that they lack are refused. Without any, nodes
are converted by what the file holds, as far as that says enough.`,
		Example: `  easel convert portrait.json > portrait_api.json
  easel convert picture.png --backend studio
  easel convert portrait.json --object-info object_info.json --json
  curl -s http://studio:8188/object_info > object_info.json`,
		Args: exactArgs("a file"),
		RunE: func(c *cobra.Command, args []string) error { return runConvert(c.Context(), o, args[0]) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.objectInfo, "object-info", "", "take the node definitions of a `FILE` instead of a backend's")
	addBackendFlag(a, c, &o.backend)
	f.BoolVar(&o.editor, "editor", false, "convert the editor's file also where an API-format graph is beside it")
	return c
}

// A convertedFile is what `convert --json` prints.
type convertedFile struct {
	File        string          `json:"file"`
	Form        graphfile.Form  `json:"form"`        // what it was: api, editor
	Definitions *string         `json:"definitions"` // whose they were; null for none
	Nodes       []convertedNode `json:"nodes"`       // of the graph, where it was converted
	Notes       []convertedNote `json:"notes"`
	Graph       *comfy.Graph    `json:"graph"`
}

type convertedNode struct {
	Node       string            `json:"node"`   // in the graph
	Editor     string            `json:"editor"` // in the editor's file
	Class      string            `json:"class"`
	Title      string            `json:"title"`
	Pack       *string           `json:"pack"`
	Confidence editor.Confidence `json:"confidence"`
}

type convertedNote struct {
	Node *string `json:"node"` // in the editor's file
	Text string  `json:"text"`
}

func runConvert(ctx context.Context, o *convertOptions, word string) error {
	a := o.app
	if o.objectInfo != "" && o.backend != "" {
		return usagef("give one of them", "--object-info and --backend both say whose definitions count")
	}
	g := &graphReader{app: a, backend: o.backend, objectInfo: o.objectInfo}
	if o.editor {
		g.options.Prefer = graphfile.Editor
	}
	file, err := g.read(ctx, word)
	if err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(convertedFileOf(file))
	}
	for _, n := range file.Origins {
		if n.Confidence != editor.Certain {
			a.note("note: node %s (%s) is %s", n.Path, term.Escape(n.Class), n.Confidence)
		}
	}
	raw, err := json.Marshal(file.Graph)
	if err != nil {
		return fmt.Errorf("write the graph of %s: %w", word, err)
	}
	_, err = a.streams.Out.Write(textdoc.Pretty(raw))
	return err
}

func convertedFileOf(f *graphfile.File) convertedFile {
	c := convertedFile{
		File: f.Name, Form: f.Form, Definitions: text(f.From), Graph: f.Graph,
		Nodes: []convertedNode{}, Notes: []convertedNote{},
	}
	for _, n := range f.Origins {
		c.Nodes = append(c.Nodes, convertedNode{n.Node, n.Path, n.Class, n.Title, text(n.Pack), n.Confidence})
	}
	for _, n := range f.Notes {
		c.Notes = append(c.Notes, convertedNote{text(n.Node), n.Text})
	}
	return c
}
