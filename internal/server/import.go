package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
)

func (s *Server) importRoutes() {
	binary := &huma.Schema{Type: "string", Format: "binary"}
	op := described[importedView](s, operation(http.MethodPost, "/workflows/import", "import-workflow", "Make a workflow of any workflow file, or of the one inside a picture", "workflows"))
	op.Description = "A file of ComfyUI's editor, an API-format graph, or either inside a picture, video or sound made by ComfyUI: what easel workflows import takes. " +
		"With dry_run nothing is written, and the answer says what it would be."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data":      {Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"file": binary}, Required: []string{"file"}}},
		"application/octet-stream": {Schema: binary},
	}}
	query := func(name, kind, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
	}
	list := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: "array", Items: &huma.Schema{Type: "string"}}}
	}
	op.Parameters = []*huma.Param{
		query("dry_run", "boolean", "write nothing"), query("force", "boolean", "replace a workflow of the same id"),
		query("id", "string", "of the workflow; from the file's name when it is left out"), query("filename", "string", "of a file that is the whole body"),
		query("name", "string", "for people"), query("description", "string", ""), query("backend", "string", "whose node definitions count; the first of this process when it is left out"),
		list("param", "a further parameter, NAME=PLACE: cfg=KSampler.cfg"), list("drop", "a parameter that is not wanted"),
	}
	op.Errors = append(op.Errors, http.StatusConflict, http.StatusRequestEntityTooLarge)
	s.raw(op, s.importWorkflow)
}

// importedView is what was imported, or would be.
type importedView struct {
	ID       string                 `json:"id"`
	Written  bool                   `json:"written"`
	Entry    shaped[workflowDoc]    `json:"entry" doc:"as the registry file has it"`
	Inputs   []input                `json:"inputs" doc:"parameters, with where each lands"`
	Models   []neededModel          `json:"models" doc:"files that the workflow needs on the server"`
	Missing  []importer.MissingNode `json:"missing_nodes" doc:"that the backend does not have"`
	Notes    []string               `json:"notes"`
	Problems []registry.Problem     `json:"problems" doc:"what easel workflows validate says"`
	Backend  *string                `json:"backend" doc:"whose definitions counted; null without any"`
	Replaces *string                `json:"replaces" doc:"where the workflow is from that has this id already"`
}

type neededModel struct {
	registry.Model
	State string `json:"state" enum:"there,missing,unknown" doc:"unknown: no node that the backend has loads it, or it does not tell"`
}

func (s *Server) importWorkflow(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	src, err := s.library(ctx)
	if err != nil {
		return err
	}
	file, name, err := s.receive(w, r)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	q := r.URL.Query()
	out, graph, record, err := s.draft(ctx, file, name, q)
	if err != nil {
		return err
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	held, err := src.Find(sources.Workflows, out.ID)
	if err != nil {
		return err
	}
	if wf, err := s.workflow(out.ID); err == nil {
		out.Replaces = &wf.Source.Layer
	}
	if isTrue(q.Get("dry_run")) {
		return writeJSON(w, http.StatusOK, out)
	}
	if held != "" && !isTrue(q.Get("force")) {
		return &statusError{Status: http.StatusConflict, Code: "exists", Detail: "There is a workflow " + out.ID + " already", Hint: "give another id, or force=true replaces it"}
	}
	if _, err := src.SetWorkflow(out.ID, out.Entry.RawMessage, graph, record, true); err != nil {
		return err
	}
	out.Written = true
	if err := s.changed(); err != nil {
		return err
	}
	w.Header().Set("Location", apiPath+"/workflows/"+url.PathEscape(out.ID))
	return writeJSON(w, http.StatusOK, out)
}

func isTrue(word string) bool { return word == "true" || word == "1" }

// receive puts the file of a request on disk, since a graph is looked for in it
// from both ends.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (_ *os.File, name string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, s.o.Limits.Upload+1<<20) // and the envelope of a form
	body, name := io.Reader(r.Body), r.URL.Query().Get("filename")
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		part, err := filePart(r)
		if err != nil {
			return nil, "", err
		}
		body, name = part, part.FileName()
	}
	if name == "" {
		name = "workflow.json"
	}
	f, err := os.CreateTemp("", "easel-import-*")
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	n, err := io.Copy(f, io.LimitReader(body, s.o.Limits.Upload+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), err == nil && n > s.o.Limits.Upload:
		return nil, "", &statusError{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "The file is too large for a workflow"}
	case errors.Is(err, io.ErrUnexpectedEOF): // of a form
		return nil, "", &statusError{Status: http.StatusBadRequest, Code: "invalid_input", Detail: "The upload ended early", Hint: "send it again"}
	case err != nil:
		return nil, "", err
	}
	return f, filepath.Base(filepath.FromSlash(name)), nil
}

// draft makes an entry of a file, with its graph and the record of the import.
func (s *Server) draft(ctx context.Context, f *os.File, name string, q url.Values) (out importedView, graph, record json.RawMessage, err error) {
	info, err := f.Stat()
	if err != nil {
		return out, nil, nil, err
	}
	b, err := s.backend(q.Get("backend"))
	if err != nil {
		return out, nil, nil, err
	}
	var defs graphfile.Definitions
	define := func(ctx context.Context, classes []string) (graphfile.Definitions, error) {
		if b == nil {
			return graphfile.Definitions{}, nil
		}
		var err error
		defs, err = b.define(ctx, classes)
		return defs, err
	}
	file, err := graphfile.Read(ctx, f, info.Size(), name, graphfile.Options{KeepMissing: true, Drawing: true, Define: define})
	if err != nil {
		return out, nil, nil, err
	}
	if defs.Classes == nil {
		if defs, err = define(ctx, classesOf(file)); err != nil {
			return out, nil, nil, err
		}
	}
	out.ID = q.Get("id")
	if out.ID == "" {
		out.ID = sources.IDFrom(plan.GraphName(name))
	}
	if !sources.ValidID(out.ID) {
		return out, nil, nil, invalid("id", "the id is no word", sources.IDForm)
	}
	options := registry.DraftOptions{
		ID: out.ID, Name: q.Get("name"), Description: q.Get("description"), Path: sources.GraphPath(out.ID), Definitions: defs.Classes,
		Drop: q["drop"], Source: name,
	}
	for _, word := range q["param"] {
		param, target, ok := strings.Cut(word, "=")
		if !ok || param == "" || target == "" {
			return out, nil, nil, invalid("param", "param is NAME=PLACE", "cfg=KSampler.cfg")
		}
		options.Named = append(options.Named, registry.Named{Name: param, Target: target})
	}
	var mapping *importer.Mapping
	if m, ok := importer.ReadMapping(file.Around); ok {
		mapping = &m
	}
	wf, notes, err := importer.Draft(file, mapping, options)
	if err != nil {
		return out, nil, nil, ofEntry(err, graphHint)
	}
	var aliases map[string]string
	if b != nil {
		aliases = b.Aliases
	}
	if out, err = s.imported(out.ID, file, wf, defs, aliases); err != nil {
		return out, nil, nil, ofEntry(err, graphHint)
	}
	for _, n := range file.Notes {
		out.Notes = append(out.Notes, n.Text)
	}
	out.Notes = append(out.Notes, notes...)
	if defs.Note != "" {
		out.Notes = append(out.Notes, defs.Note)
	}
	if graph, err = json.Marshal(file.Graph); err != nil {
		return out, nil, nil, err
	}
	record, err = json.Marshal(importer.Record{
		Source: name, Params: q["param"], Drop: q["drop"], Name: options.Name, Text: options.Description, Entry: out.Entry.RawMessage, Graph: graph,
	})
	return out, graph, record, err
}

func classesOf(f *graphfile.File) []string {
	var classes []string
	for _, id := range f.Graph.IDs() {
		if class := f.Graph.Node(id).Class; !slices.Contains(classes, class) {
			classes = append(classes, class)
		}
	}
	return classes
}

// imported says what became of a file.
func (s *Server) imported(id string, file *graphfile.File, wf *registry.Workflow, defs graphfile.Definitions, aliases map[string]string) (importedView, error) {
	out := importedView{ID: id, Models: []neededModel{}, Notes: []string{}, Problems: append([]registry.Problem{}, wf.Check()...)}
	var err error
	if out.Entry.RawMessage, err = wf.MarshalJSON(); err != nil {
		return out, err
	}
	params, err := wf.Parameters()
	if err != nil {
		return out, err
	}
	out.Inputs = inputsOf(wf, params)
	out.Missing, _ = importer.Lacks(file, defs, aliases, wf)
	var survey *preflight.Survey
	if len(defs.Classes) > 0 {
		survey = preflight.SurveyOf(defs.Classes, aliases)
	}
	for m, state := range survey.Files(wf) {
		out.Models = append(out.Models, neededModel{m, state})
	}
	if defs.From != "" {
		out.Backend = &defs.From
	}
	return out, nil
}
