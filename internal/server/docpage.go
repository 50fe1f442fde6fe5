package server

import (
	"bytes"
	"cmp"
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

var docTemplate = template.Must(template.New("docs").Funcs(template.FuncMap{"form": formName}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
h3{margin:2rem 0 0}code{font-size:.95em}table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.1rem 1rem .1rem 0;text-align:left;vertical-align:top}</style></head>
<body><h1>{{.Title}} {{.Version}}</h1><p>{{.About}} <a href="openapi.json">openapi.json</a> is the same for programs.</p>
<h2>Operations</h2>
{{range .Operations}}<h3 id="{{.OperationID}}"><code>{{.Method}} {{.Path}}</code></h3>
<p>{{.Summary}}{{with .Description}} {{.}}{{end}}</p>
{{if .Parameters}}<table>{{range .Parameters}}<tr><td><code>{{.Name}}</code></td><td>{{.In}}{{if .Required}}, required{{end}}</td><td>{{.Description}}</td></tr>{{end}}</table>{{end}}
{{with .RequestBody}}<p>Takes {{range $type, $m := .Content}}<code>{{$type}}</code> {{with form $m.Schema}}<a href="#{{.}}">{{.}}</a> {{end}}{{end}}</p>{{end}}
<p>Answers {{range $status, $r := .Responses}}<code>{{$status}}</code> {{range $type, $m := $r.Content}}{{with form $m.Schema}}<a href="#{{.}}">{{.}}</a> {{end}}{{end}}{{end}}</p>
{{end}}<h2>Forms</h2>
{{range .Forms}}<h3 id="{{.Name}}">{{.Name}}</h3>
<table>{{range .Fields}}<tr><td><code>{{.Name}}</code></td><td>{{.Type}}{{if .Required}}, required{{end}}</td><td>{{.About}}</td></tr>{{end}}</table>
{{end}}</body></html>
`))

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
	err := docTemplate.Execute(&out, p)
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
