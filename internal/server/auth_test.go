package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func TestPA5WhoMay(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{origins: []string{"http://localhost:5173"}})
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
		"another name":               {[]string{"Host", "evil.test"}, 421},
		"a page without a key":       {[]string{"Origin", "http://" + host, "Sec-Fetch-Site", "same-origin"}, 401},
		"a page of another site":     {[]string{"Origin", "http://evil.test"}, 401},
		"a page of nowhere":          {[]string{"Origin", "null"}, 401},
		"a key":                      {[]string{"Authorization", "Bearer " + secret}, 200},
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
