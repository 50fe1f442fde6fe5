package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// libraryRoutes change what the owner of the server keeps: workflows and
// characters of the user's files.
func (s *Server) libraryRoutes() {
	s.importRoutes()
	patch := described[workflowDoc](s, operation(http.MethodPatch, "/workflows/{id}", "patch-workflow", "Change labels, ranges and defaults of a workflow of the user's", "workflows"))
	patch.Description = "What is null is taken out. The entry is checked against its graph as easel workflows validate does."
	patch.Errors = append(patch.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(s.api, patch, s.patchWorkflow)
	remove := operation(http.MethodDelete, "/workflows/{id}", "delete-workflow", "Remove a workflow of the user's", "workflows")
	remove.DefaultStatus = http.StatusNoContent
	remove.Errors = append(remove.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(s.api, remove, s.deleteWorkflow)
	huma.Register(s.api, operation(http.MethodGet, "/workflows/thumbnails", "list-workflow-thumbnails", "Show the newest picture of each workflow", "workflows"), s.listThumbnails)
	s.characterRoutes()
}

// library is where workflows and characters are changed, for who may.
func (s *Server) library(ctx context.Context) (ownFiles, error) {
	if err := may(ctx, jobs.ScopeManage); err != nil {
		return ownFiles{}, err
	}
	if s.o.Own == nil {
		return ownFiles{}, &statusError{Status: http.StatusConflict, Code: "read_only", Detail: "This server's workflows and characters cannot be changed"}
	}
	return ownFiles{*s.o.Own}, nil
}

// changed makes the catalog read what was written.
func (s *Server) changed() error {
	if s.o.Changed == nil {
		return nil
	}
	return toManager(s.o.Changed())
}

// ownFiles is a source that a client changes. When its files cannot be used, the
// client may know where they are: it has the scope manage.
type ownFiles struct{ sources.Source }

func (o ownFiles) Find(section sources.Section, id string) (string, error) {
	file, err := o.Source.Find(section, id)
	return file, toManager(err)
}

func (o ownFiles) Set(section sources.Section, id string, entry []byte, force bool) (string, error) {
	file, err := o.Source.Set(section, id, entry, force)
	return file, toManager(err)
}

func (o ownFiles) Remove(section sources.Section, id string) (string, error) {
	file, err := o.Source.Remove(section, id)
	return file, toManager(err)
}

func (o ownFiles) SetWorkflow(id string, entry, graph, record json.RawMessage, force bool) (string, error) {
	file, err := o.Source.SetWorkflow(id, entry, graph, record, force)
	return file, toManager(err)
}

// toManager names the file of the server that cannot be used, and what to do.
func toManager(err error) error {
	if err == nil {
		return nil
	}
	e := failure(err)
	if ofOwnFiles(err, e) {
		e.Detail, e.Hint = problem.Of(err).Message, "the server must be able to read and write that file"
		if _, form := errors.AsType[*registry.FileError](err); form {
			e.Hint = "mend that file on the server: it is read anew when it has changed"
		}
	}
	return e
}

// entryHint helps against an entry that a registry does not take.
const entryHint = "GET " + apiPath + "/openapi.json describes an entry"

// notOwn is the answer about an entry that is in other files than the user's.
func notOwn(what, id, layer string) error {
	hint := "it is from " + layer
	if layer == "built-in" {
		hint = "it is built in; one of your own with this id takes its place"
	}
	return &statusError{Status: http.StatusConflict, Code: "read_only", Detail: fmt.Sprintf("The %s %q is not one of the user's", what, id), Hint: hint}
}

// A ParameterPatch is what is changed of a declared parameter. null takes a key
// out.
type ParameterPatch map[string]json.RawMessage

// patchable are the keys of a parameter that only say how it is shown and what it
// takes. Its type and its places in the graph are the import's.
func patchable() []string {
	return []string{
		"label", "description", "default", "min", "max", "step", "unit", "group", "advanced", "choices", "required", "pattern", "max_length",
	}
}

func (s *Server) patchWorkflow(ctx context.Context, in *struct {
	WorkflowPath
	IfMatch string `header:"If-Match" doc:"the ETag that was seen: fails when the workflow was changed since"`
	Body    struct {
		Name        *string                   `json:"name,omitempty" maxLength:"200"`
		Description *string                   `json:"description,omitempty" maxLength:"4000"`
		Category    *string                   `json:"category,omitempty" enum:"generation,editing,upscaling,video"`
		Params      map[string]ParameterPatch `json:"params,omitempty" doc:"by parameter: label, description, default, min, max, step, unit, group, advanced, choices, required, pattern, max_length"`
	}
},
) (*tagged, error) {
	src, err := s.library(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	wf, err := s.workflow(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	if file, err := src.Find(sources.Workflows, wf.ID); err != nil || file == "" {
		if err == nil {
			err = notOwn("workflow", wf.ID, wf.Source.Layer)
		}
		return nil, s.refused(err)
	}
	before, err := answer(wf, "")
	if err != nil {
		return nil, s.refused(err)
	}
	if in.IfMatch != "" && in.IfMatch != before.ETag {
		return nil, s.refused(&statusError{Status: http.StatusPreconditionFailed, Code: "changed", Detail: "The workflow was changed since", Hint: "GET it again"})
	}
	entry := slices.Clone(before.Body)
	for name, value := range map[string]*string{"name": in.Body.Name, "description": in.Body.Description, "category": in.Body.Category} {
		if value == nil {
			continue
		}
		if entry, err = setMember(entry, []string{name}, textdoc.Quote(*value)); err != nil {
			return nil, s.refused(err)
		}
	}
	if entry, err = patchParams(wf, entry, in.Body.Params); err != nil {
		return nil, s.refused(err)
	}
	if err := s.checkEntry(wf, entry); err != nil {
		return nil, s.refused(err)
	}
	if _, err := src.Set(sources.Workflows, wf.ID, entry, true); err != nil {
		return nil, s.refused(err)
	}
	if err := s.changed(); err != nil {
		return nil, s.refused(err)
	}
	if wf, err = s.workflow(in.ID); err != nil {
		return nil, s.refused(err)
	}
	return answer(wf, "")
}

// patchParams changes parameters of an entry.
func patchParams(wf *registry.Workflow, entry json.RawMessage, params map[string]ParameterPatch) (json.RawMessage, error) {
	var wrong []fieldError
	var declared []string
	for _, p := range wf.Params {
		declared = append(declared, p.Name)
	}
	for name, patch := range params {
		if !slices.Contains(declared, name) {
			wrong = append(wrong, fieldError{Field: "params." + name, Message: fmt.Sprintf("the entry has no parameter %q", name), Nearest: nearest.To(name, declared, 3)})
			continue
		}
		for key, value := range patch {
			if !slices.Contains(patchable(), key) {
				wrong = append(wrong, fieldError{
					Field: "params." + name + "." + key, Message: fmt.Sprintf("%q is not changed here", key),
					Allowed: strings.Join(patchable(), ", "), Nearest: nearest.To(key, patchable(), 2),
				})
				continue
			}
			var err error
			if entry, err = setMember(entry, []string{"configurable_params", name, key}, value); err != nil {
				return nil, err
			}
		}
	}
	return entry, invalidFields(wrong)
}

// invalidFields is the error about fields, nil without any. They are in the order
// of their names, since maps have none.
func invalidFields(wrong []fieldError) error {
	if len(wrong) == 0 {
		return nil
	}
	slices.SortFunc(wrong, func(a, b fieldError) int { return strings.Compare(a.Field, b.Field) })
	return &statusError{Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: wrong[0].Message, Errors: wrong}
}

// setMember sets a place of an object, or takes it out for null.
func setMember(object json.RawMessage, path []string, value json.RawMessage) (json.RawMessage, error) {
	if strings.TrimSpace(string(value)) == "null" {
		changed, _, e := textdoc.Remove(textdoc.JSON, object, path, textdoc.Style{KeepEmpty: true})
		if e != nil {
			return nil, e
		}
		return changed, nil
	}
	v, e := textdoc.Parse(textdoc.JSON, value, textdoc.Options{})
	if e == nil {
		object, e = textdoc.Set(textdoc.JSON, object, path, v, textdoc.Style{Inline: true, KeepEmpty: true})
	}
	if e != nil {
		return nil, e
	}
	return object, nil
}

// checkEntry holds a changed entry against its graph.
func (s *Server) checkEntry(wf *registry.Workflow, entry json.RawMessage) error {
	g, err := wf.Graph()
	if err != nil {
		return err
	}
	after, err := registry.WorkflowOf(wf.ID, entry, g)
	if err != nil {
		return ofEntry(err, entryHint)
	}
	var wrong []fieldError
	before := wf.Check()
	for _, p := range after.Check() {
		if slices.ContainsFunc(before, func(b registry.Problem) bool { return b.Parameter == p.Parameter && b.Message == p.Message }) {
			continue // it was wrong before
		}
		wrong = append(wrong, fieldError{Field: "params." + p.Parameter, Message: p.Message, Allowed: p.Allowed, Nearest: p.Nearest})
	}
	return invalidFields(wrong)
}

func (s *Server) deleteWorkflow(ctx context.Context, in *WorkflowPath) (*struct{}, error) {
	src, err := s.library(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	wf, err := reg.Workflow(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	file, err := src.Remove(sources.Workflows, in.ID)
	if err == nil && file == "" {
		err = notOwn("workflow", in.ID, wf.Source.Layer)
	}
	if err != nil {
		return nil, s.refused(err)
	}
	sources.RemoveGraph(reg, file, in.ID)
	return nil, s.refused(s.changed())
}

type thumbnailMap struct {
	Body struct {
		Thumbnails map[string]string `json:"thumbnails" doc:"address by workflow, valid for an hour without a key; those without a picture are absent"`
	}
}

func (s *Server) listThumbnails(ctx context.Context, _ *struct{}) (*thumbnailMap, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	out := &thumbnailMap{}
	out.Body.Thumbnails = map[string]string{}
	for _, wf := range reg.Workflows() {
		f := jobs.Filter{Workflow: wf.ID, Kind: "image", Limit: 1}
		if err := s.filter(ctx, &f, ""); err != nil {
			return nil, s.refused(err)
		}
		found, err := s.o.DB.Outputs(ctx, f)
		if err != nil {
			return nil, s.refused(err)
		}
		for _, o := range found {
			out.Body.Thumbnails[wf.ID] = s.link(apiPath + "/outputs/" + o.ID + "/thumbnail")
		}
	}
	return out, nil
}
