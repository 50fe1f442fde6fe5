package server

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// A docPage is the description of the API for people: a page without scripts, which
// asks no other server for anything.
type docPage struct {
	Title, Version, About string
	Operations            []docOperation
	Forms                 []docForm
}

type docOperation struct {
	Method, Path string
	*huma.Operation
}

// A docForm is a form of a body.
type docForm struct {
	Name   string
	Fields []docField
}

type docField struct {
	Name, Type, About string
	Required          bool
}

//go:embed docpage.html
var docText string

// formName is what a schema is called that stands elsewhere, "" for one in its place.
func formName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
}

// formType is a schema in a word or two.
func formType(s *huma.Schema) string {
	if s.Type == huma.TypeArray && s.Items != nil {
		return "list of " + formType(s.Items)
	}
	return cmp.Or(formName(s), s.Type, "any")
}

// docs is that page of an API.
func docs(api *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("docs").Funcs(template.FuncMap{"form": formName}).Parse(docText)
	if err != nil {
		return nil, err
	}
	p := docPage{Title: api.Info.Title, Version: api.Info.Version, About: api.Info.Description}
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		item := api.Paths[path]
		for _, o := range []docOperation{{"GET", path, item.Get}, {"POST", path, item.Post}, {"PUT", path, item.Put}, {"PATCH", path, item.Patch}, {"DELETE", path, item.Delete}} {
			if o.Operation != nil {
				p.Operations = append(p.Operations, o)
			}
		}
	}
	forms := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		form := docForm{Name: name}
		for _, field := range slices.Sorted(maps.Keys(forms[name].Properties)) {
			s := forms[name].Properties[field]
			form.Fields = append(form.Fields, docField{field, formType(s), s.Description, slices.Contains(forms[name].Required, field)})
		}
		p.Forms = append(p.Forms, form)
	}
	var out bytes.Buffer
	err = page.Execute(&out, p)
	return out.Bytes(), err
}

// docRoute adds the page.
func (s *Server) docRoute(mux *http.ServeMux) {
	page := sync.OnceValues(func() ([]byte, error) { return docs(s.api.OpenAPI()) })
	mux.HandleFunc("GET "+apiPath+"/docs", func(w http.ResponseWriter, _ *http.Request) {
		text, err := page()
		if err != nil {
			s.fail(w, s.refused(err))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_, _ = w.Write(text) // the client is gone
	})
}
