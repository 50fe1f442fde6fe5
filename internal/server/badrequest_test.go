package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestBadRequestsAreExplained: what is wrong with a request is never answered with a
// 500, and always with a field or with what to do instead; and lists stay readable
// whatever was sent.
func TestBadRequestsAreExplained(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":1,"width":256,"height":256}}`)).into(t, &job)
	output := "/api/v1/outputs/" + job.Outputs[0].ID
	const generate = "POST /api/v1/generate"
	for call, c := range map[string]struct {
		bodies []string
		status int
		field  string
	}{
		generate: {[]string{
			`{"workflow_id":"flux_single","prompt":"x"} {}`, `{"workflow_id":"flux_single","prompt":"x"}]`, `{"workflow_id":"flux_single","prompt":"x","prompt":"y"}`,
			`{"workflow_id":"flux_single","prompt":"x","params":{"steps":1,"steps":2}}`, `workflow_id=flux_single`, `<a/>`, `"x"`, `null`,
			`{"workflow_id":"flux_single", /* mine */ "prompt":"x"}`, `{"workflow_id":"flux_single","prompt":"x",}`, "\ufeff\ufeff{}", "{\"workflow_id\":\"flux_single\",\"prompt\":\"\xff\"}",
		}, 400, ""},
		generate + "?": {[]string{
			`{"workflow_id":"flux_single","prompt":"x","params":{"steps":1e999}}`, `{"workflow_id":"flux_single","prompt":"x","params":{"steps":2.5}}`,
			`{"workflow_id":"flux_single","prompt":"x","params":{"steps":{}}}`, `{"workflow_id":"flux_single","prompt":"x","params":{"steps":"viele"}}`,
		}, 400, "steps"},
		generate + "?x": {[]string{
			`{"workflow_id":"flux_single","prompt":"x","params":{"seed":18446744073709551616}}`, `{"workflow_id":"flux_single","prompt":"x","params":{"seed":-2}}`,
			`{"workflow_id":"flux_single","prompt":"x","params":{"seed":"99999999999999999999999"}}`,
		}, 400, "seed"},
		generate + "?a":                         {[]string{`{"workflow_id":"flux_single","prompt":"x","count":1.5}`, `{"workflow_id":"flux_single","prompt":"x","count":99999999999999999999}`}, 400, "count"},
		generate + "?b":                         {[]string{`{"workflow_id":"flux_single","prompt":"x","priority":"high"}`}, 400, "priority"},
		generate + "?c":                         {[]string{`{"workflow_id":"flux_single","promt":"x"}`}, 400, "promt"},
		generate + "?d":                         {[]string{`{"workflow_id":"flux_single","prompt":"x","params":[1]}`}, 400, "params"},
		generate + "?e":                         {[]string{`{"workflow_id":7}`, `{"prompt":"x"}`}, 400, "workflow_id"},
		generate + "?wait=long":                 {[]string{`{}`}, 400, "wait"},
		"POST /api/v1/edit/inpaint":             {[]string{`{"input_image":"` + h.upload("a.png") + `","prompt":"x","mask_rect":"a,b"}`}, 400, "mask_rect"},
		"GET /api/v1/jobs?status=x":             {[]string{""}, 400, "status[0]"},
		"GET /api/v1/jobs?since=x":              {[]string{""}, 400, "since"},
		"GET /api/v1/jobs?cursor=%20":           {[]string{""}, 400, "cursor"},
		"GET /api/v1/jobs/":                     {[]string{""}, 404, ""},
		"GET /api/v1/jobs/x":                    {[]string{""}, 404, ""},
		"GET /api/v1/nothing":                   {[]string{""}, 404, ""},
		"DELETE /api/v1/jobs":                   {[]string{""}, 405, ""},
		"OPTIONS /api/v1/jobs":                  {[]string{""}, 405, ""},
		"PUT /api/v1/presets/a":                 {[]string{`{"prompt":"x"}`}, 400, "workflow_id"},
		"PUT /api/v1/presets/%20":               {[]string{`{"workflow_id":"flux_single","prompt":"x"}`}, 400, "name"},
		"GET " + output + "/thumbnail?size=big": {[]string{""}, 400, "size"},
	} {
		method, path, _ := strings.Cut(call, " ")
		for _, body := range c.bodies {
			r := h.ask(method, path, body)
			var e statusError
			r.into(t, &e)
			if r.StatusCode != c.status || r.Header.Get("Content-Type") != "application/problem+json" || e.Code == "" || e.Detail == "" {
				t.Errorf("%s %s: %d %s", call, body, r.StatusCode, r.body)
			}
			if c.status == 400 && e.Hint == "" {
				t.Errorf("%s %s has no hint: %s", call, body, r.body)
			}
			switch {
			case c.field == "" && len(e.Errors) == 0 && e.Hint == "":
				t.Errorf("%s %s says nothing to do: %s", call, body, r.body)
			case c.field != "" && (len(e.Errors) == 0 || e.Errors[0].Field != c.field):
				t.Errorf("%s %s names no field %s: %s", call, body, c.field, r.body)
			}
		}
	}
	r := h.ask("GET", output+"/content", "", "Range", "bytes=99999999-")
	if r.StatusCode != http.StatusRequestedRangeNotSatisfiable || r.Header.Get("Content-Type") != "application/problem+json" || r.Header.Get("Content-Range") == "" {
		t.Errorf("a range beyond the end: %d %v %s", r.StatusCode, r.Header, r.body)
	}
	if allow := h.ask("DELETE", "/api/v1/jobs", "").Header.Get("Allow"); allow != "GET" {
		t.Errorf("the methods of /jobs are %q", allow)
	}
	h.want(202, h.ask("POST", "/api/v1/generate", "\ufeff"+`{"workflow_id":"flux_single","prompt":"with a byte order mark"}`))
	h.want(200, h.ask("PUT", "/api/v1/presets/bom", "\ufeff"+`{"workflow_id":"flux_single","prompt":"x"}`))
	for _, path := range []string{"jobs", "presets", "outputs"} {
		var list map[string]any
		h.want(200, h.ask("GET", "/api/v1/"+path, "")).into(t, &list)
	}
	tag := h.ask("GET", "/api/v1/workflows/flux_single", "").Header.Get("ETag")
	for _, have := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		h.want(304, h.ask("GET", "/api/v1/workflows/flux_single", "", "If-None-Match", have))
	}
	h.want(200, h.ask("GET", "/api/v1/workflows/flux_single", "", "If-None-Match", `"x", nonsense`))
}

// What curl sends by itself is taken, and what is refused says what to send.
func TestBodiesThatCurlSends(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{limits: Limits{Body: 2000}})
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`)).into(t, &job)
	h.want(200, h.ask("POST", "/api/v1/jobs/"+job.ID+"/priority", `{"priority":5}`, "Content-Type", "application/x-www-form-urlencoded"))
	for name, c := range map[string]struct {
		status                   int
		r                        reply
		code, hint, field, close string
	}{
		"another kind of body": {415, h.ask("POST", "/api/v1/jobs/"+job.ID+"/priority", `x`, "Content-Type", "text/xml"), "invalid_request", "Content-Type: application/json", "body", ""},
		"a large body":         {413, h.ask("POST", "/api/v1/generate", strings.Repeat(" ", 3000)), "too_large", "POST /api/v1/files", "", ""},
		"a misspelt webhook":   {400, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","webhok":"https://x.example"}`), "invalid_parameter", "priority, sweep, webhook, zip, items of a batch", "webhok", "webhook"},
	} {
		var e statusError
		h.want(c.status, c.r).into(t, &e)
		if e.Code != c.code || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %s", name, c.r.body)
		}
		if c.field != "" && e.Errors[0].Field != c.field || c.close != "" && !slices.Contains(e.Errors[0].Nearest, c.close) {
			t.Errorf("%s: the fields are %+v", name, e.Errors)
		}
	}
}

// TestTheDescriptionHasAPage: each operation is on it, and no script.
func TestTheDescriptionHasAPage(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	r := h.want(200, h.ask("GET", "/api/v1/docs", ""))
	if got := r.Header.Get("Content-Type"); got != "text/html; charset=utf-8" || strings.Contains(string(r.body), "<script") {
		t.Errorf("the page is %s", got)
	}
	for path, item := range h.s.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil && !strings.Contains(string(r.body), "<code>"+method+" "+path+"</code>") {
				t.Errorf("%s %s is not there", method, path)
			}
		}
	}
	if !strings.Contains(string(r.body), `<h3 id="JobView">`) || !strings.Contains(string(r.body), `<td><code>workflow_id</code></td><td>string, required</td>`) {
		t.Error("the forms are not there")
	}
}
