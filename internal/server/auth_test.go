package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func TestPA5WhoMay(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{origins: []string{"http://localhost:5173"}, hosts: []string{"team.example"}})
	_, secret, err := h.db.AddKey(t.Context(), "laptop", []jobs.Scope{jobs.ScopeGenerate})
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := h.db.AddKey(t.Context(), "phone", []jobs.Scope{jobs.ScopeGenerate})
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(h.url, "http://")
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"a script of this machine":   {nil, 200},
		"a name in capitals":         {[]string{"Host", "LOCALHOST:7860"}, 200},
		"the name of a proxy":        {[]string{"Host", "team.example"}, 401},
		"that name and a key":        {[]string{"Host", "Team.Example", "Authorization", "Bearer " + secret}, 200},
		"what a proxy sent on":       {[]string{"X-Forwarded-For", "198.51.100.7"}, 401},
		"what proxies sent on":       {[]string{"Via", "1.1 proxy"}, 401},
		"another name":               {[]string{"Host", "evil.test"}, 421},
		"a page without a key":       {[]string{"Origin", "http://" + host, "Sec-Fetch-Site", "same-origin"}, 401},
		"a page of another site":     {[]string{"Origin", "http://evil.test"}, 401},
		"a page of nowhere":          {[]string{"Origin", "null"}, 401},
		"a key":                      {[]string{"Authorization", "Bearer " + secret}, 200},
		"a key after bearer":         {[]string{"Authorization", "bearer " + secret}, 200},
		"a key that is empty":        {[]string{"Authorization", "Bearer "}, 401},
		"a wrong key":                {[]string{"Authorization", "Bearer " + secret + "x"}, 401},
		"an admitted page":           {[]string{"Origin", "http://localhost:5173", "Authorization", "Bearer " + secret}, 200},
		"an admitted page without":   {[]string{"Origin", "http://localhost:5173"}, 401},
		"a cookie that was made up":  {[]string{"Cookie", cookieName + "=zzzzzz.abc", "Sec-Fetch-Site", "same-origin"}, 401},
		"a cookie from another site": {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "cross-site"}, 403},
		"a cookie":                   {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "same-origin"}, 200},
		"an old cookie":              {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(-time.Hour)), "Sec-Fetch-Site", "same-origin"}, 401},
		"a login link as a cookie":   {[]string{"Cookie", cookieName + "=" + h.s.sign("login", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "same-origin"}, 401},
	} {
		if r := h.ask("GET", "/api/v1/jobs", "", c.headers...); r.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`, "Authorization", "Bearer "+secret)).into(t, &job)
	for _, path := range []string{"", "/events", "/deliveries"} {
		h.want(404, h.ask("GET", "/api/v1/jobs/"+job.ID+path, "", "Authorization", "Bearer "+other))
	}
	h.want(404, h.ask("POST", "/api/v1/jobs/"+job.ID+"/cancel", "", "Authorization", "Bearer "+other))
	if keys, err := h.db.Keys(t.Context()); err != nil || keys[0].LastUsed.IsZero() {
		t.Errorf("the keys are %+v, %v: none seems used", keys, err)
	}
	h.want(403, h.ask("POST", "/api/v1/queue/pause", "", "Authorization", "Bearer "+secret))
	if r := h.ask("GET", "/api/v1/jobs", "", "Authorization", "Bearer "+other); !strings.Contains(string(r.body), `"jobs":[]`) {
		t.Errorf("another key sees %s", r.body)
	}
	events := h.url + job.Links.Events
	if r := h.ask("GET", strings.TrimPrefix(strings.Replace(events, job.ID, strings.Repeat("0", 26), 1), h.url), ""); r.StatusCode != http.StatusForbidden {
		t.Errorf("a signature is taken for another path: %d", r.StatusCode)
	}
}

func TestTheLinkOfTheStartIsGoodOnce(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	link := h.s.LoginLink()
	open := func(want int, headers ...string) *http.Response {
		t.Helper()
		r := h.ask("GET", link, "", headers...)
		if r.StatusCode != want {
			t.Errorf("with %q the link answers %d", headers, r.StatusCode)
		}
		return r.Response
	}
	open(403, "Sec-Purpose", "prefetch;prerender")
	cookie := open(303).Header.Get("Set-Cookie")
	open(403)
	pair, _, _ := strings.Cut(cookie, ";")
	open(303, "Cookie", pair)
	h.want(200, h.ask("GET", "/api/v1/session", "", "Cookie", pair, "Sec-Fetch-Site", "same-origin"))
	if other := build(t, houseOptions{}); other.ask("GET", h.s.LoginLink(), "").StatusCode != http.StatusForbidden {
		t.Error("the link of one process is good for another")
	}
}

// TestPagesOfAnotherOriginMayUseAllOfTheAPI: what a browser asks before it sends a
// request, and what it lets a page read of an answer.
func TestPagesOfAnotherOriginMayUseAllOfTheAPI(t *testing.T) {
	t.Parallel()
	const origin = "http://localhost:5173"
	h := build(t, houseOptions{origins: []string{origin}})
	r := h.want(204, h.ask("OPTIONS", "/api/v1/workflows/x", "", "Origin", origin, "Access-Control-Request-Method", "PATCH"))
	methods, headers := r.Header.Get("Access-Control-Allow-Methods"), r.Header.Get("Access-Control-Allow-Headers")
	for path, item := range h.s.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil {
				continue
			}
			if !strings.Contains(methods, method) {
				t.Errorf("%s %s is not allowed: %s", method, path, methods)
			}
			for _, p := range op.Parameters {
				if p.In == "header" && !strings.Contains(headers, p.Name) {
					t.Errorf("%s %s: the header %s is not allowed: %s", method, path, p.Name, headers)
				}
			}
		}
	}
	r = h.want(401, h.ask("GET", "/api/v1/jobs", "", "Origin", origin))
	if r.Header.Get("WWW-Authenticate") == "" || !strings.Contains(r.Header.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("the answer's headers are %v", r.Header)
	}
}
