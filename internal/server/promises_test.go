package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// operations are those of the description, by method and path.
func (h *house) operations() map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for path, item := range h.s.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete, "PATCH": item.Patch} {
			if op != nil {
				all[method+" "+path] = op
			}
		}
	}
	return all
}

func (h *house) key(name string, scopes ...jobs.Scope) string {
	h.t.Helper()
	_, secret, err := h.db.AddKey(h.t.Context(), name, scopes)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

// at is a path with its parameters filled in.
func at(path, id string) string {
	return strings.NewReplacer("{id}", id, "{name}", id, "{delivery}", id).Replace(path)
}

// TestPA1EveryRouteNeedsAKey walks the description: a new route that forgets to ask
// fails here.
func TestPA1EveryRouteNeedsAKey(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{listen: "192.0.2.1:7860"})
	n := 0
	for name := range h.operations() {
		method, path, _ := strings.Cut(name, " ")
		n++
		if r := h.ask(method, at(path, "x"), ""); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s answers %d without a key", name, r.StatusCode)
		}
	}
	if n < 45 {
		t.Errorf("only %d operations were walked", n)
	}
	for _, wrong := range []string{"Bearer easel_wrong", "Basic eDp5", "Bearer ", "easel_wrong"} {
		h.want(http.StatusUnauthorized, h.ask("GET", "/api/v1/jobs", "", "Authorization", wrong))
	}
}

// TestPA2GuessingKeys: guesses from one address are slowed down after ten a minute,
// also from each of many, and nobody else is.
func TestPA2GuessingKeys(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	secret := h.key("laptop", jobs.ScopeGenerate)
	from := func(address, secret string) int {
		local := &net.TCPAddr{IP: net.ParseIP(address)}
		client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: local}).DialContext, DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/queue", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := client.Do(req)
		if err != nil {
			t.Skip("this machine has one loopback address: ", err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for guesser := range 5 {
		address := fmt.Sprintf("127.0.0.%d", guesser+2)
		for n := range mostGuesses + 3 {
			want := http.StatusUnauthorized
			if n >= mostGuesses {
				want = http.StatusTooManyRequests
			}
			if got := from(address, fmt.Sprintf("easel_%d", n)); got != want {
				t.Fatalf("guess %d from %s answers %d", n+1, address, got)
			}
		}
	}
	if got := from("127.0.0.99", secret); got != http.StatusOK {
		t.Errorf("somebody else is answered %d", got)
	}
	if strings.Contains(h.kept(), secret) {
		t.Error("the database has the key itself")
	}
}

// TestPA3NothingOfOthers: what belongs to one key is not found by another, by no
// id and no number.
func TestPA3NothingOfOthers(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	a, b := h.key("a", jobs.ScopeGenerate), h.key("b", jobs.ScopeGenerate)
	as := []string{"Authorization", "Bearer " + a}
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x"}`, as...)).into(t, &job)
	var batch batchView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":2}`, as...)).into(t, &batch)
	var file fileView
	h.want(201, h.ask("POST", "/api/v1/files?name=x.txt", "words", append(as, "Content-Type", "application/octet-stream")...)).into(t, &file)
	h.want(200, h.ask("PUT", "/api/v1/presets/mine", `{"workflow_id":"flux_single"}`, as...))
	ids := map[string]string{"jobs": job.ID, "status": job.ID, "outputs": job.Outputs[0].ID, "files": file.ID, "batches": batch.ID, "presets": "mine"}
	for name := range h.operations() {
		method, path, _ := strings.Cut(name, " ")
		id, ok := ids[strings.Split(strings.TrimPrefix(path, apiPath+"/"), "/")[0]]
		if !ok || !strings.Contains(path, "{") || method == "PUT" && strings.Contains(path, "presets") {
			continue
		}
		body := ""
		if method == "POST" || method == "PUT" {
			body = `{"favourite": true}`
			if strings.HasSuffix(path, "priority") {
				body = `{"priority": 1}`
			}
		}
		if r := h.ask(method, at(path, id), body, "Authorization", "Bearer "+b); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers another key %d", name, r.StatusCode)
		}
	}
	for _, list := range []string{"jobs", "outputs", "presets"} {
		r := h.want(200, h.ask("GET", "/api/v1/"+list, "", "Authorization", "Bearer "+b))
		if bytes.Contains(r.body, []byte(`"id"`)) || bytes.Contains(r.body, []byte(`"mine"`)) {
			t.Errorf("another key sees %s", r.body)
		}
	}
	for _, guess := range []string{"1", "0", "-1", strings.Repeat("0", 26), job.ID[:25]} {
		h.want(404, h.ask("GET", "/api/v1/jobs/"+guess, "", as...))
		h.want(404, h.ask("GET", "/api/v1/outputs/"+guess, "", as...))
	}
	if len(job.ID) != 26 { // 128 bits
		t.Errorf("the id %s is short", job.ID)
	}
}

// TestPA4BodiesThatAreNone: whatever is sent as a body is refused in words, and
// costs little.
func TestPA4BodiesThatAreNone(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{limits: Limits{Body: 1 << 20, Upload: 1 << 20}})
	fields := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"workflow_id":"flux_single","params":{`)
		for i := range n {
			fmt.Fprintf(&b, `"p%d":1,`, i)
		}
		return b.String() + `"steps":1}}`
	}
	parts := strings.Repeat("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n", 10_000) + "--x--\r\n"
	long := io.LimitReader(neverEnding('x'), 10<<30)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for name, c := range map[string]struct {
		path, kind string
		body       io.Reader
	}{
		"100,000 fields":      {"generate", "application/json", strings.NewReader(fields(60_000))},
		"100,000 deep":        {"generate", "application/json", strings.NewReader(strings.Repeat(`{"a":`, 100_000))},
		"a text of NUL":       {"generate", "application/json", strings.NewReader(`{"workflow_id":"flux_single","prompt":"a\u0000b"}`)},
		"NUL as a file":       {"generate", "application/json", strings.NewReader(`{"workflow_id":"qwen_single","prompt":"a","input_image":"\u0000"}`)},
		"no UTF-8":            {"generate", "application/json", strings.NewReader("{\"workflow_id\":\"flux_single\",\"prompt\":\"\xff\"}")},
		"NaN":                 {"generate", "application/json", strings.NewReader(`{"workflow_id":"flux_single","prompt":"x","params":{"guidance":NaN}}`)},
		"a key twice":         {"generate", "application/json", strings.NewReader(`{"workflow_id":"flux_single","workflow_id":"qwen_single"}`)},
		"endless JSON":        {"generate", "application/json", io.MultiReader(strings.NewReader(`{"prompt":"`), long)},
		"an endless file":     {"files?name=x", "application/octet-stream", io.LimitReader(neverEnding('x'), 10<<30)},
		"a form without end":  {"files", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\nabc")},
		"a form of 10,000":    {"files", "multipart/form-data; boundary=x", strings.NewReader(parts)},
		"a form without form": {"files", "multipart/form-data", strings.NewReader("x")},
		"an endless import":   {"workflows/import", "application/octet-stream", io.LimitReader(neverEnding(' '), 10<<30)},
	} {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // it is cheap: a second, where nobody else computes
		defer stop()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/api/v1/"+c.path, io.NopCloser(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			if strings.Contains(err.Error(), "reset") || strings.Contains(err.Error(), "broken pipe") {
				continue // it was cut off in the middle of what nobody reads
			}
			t.Errorf("%s: %v", name, err)
			continue
		}
		res.Body.Close()
		switch res.StatusCode {
		case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		default:
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if more := int64(after.HeapAlloc) - int64(before.HeapAlloc); more > 64<<20 { // other tests run beside it
		t.Errorf("%d MiB stay", more>>20)
	}
	h.want(200, h.ask("GET", "/api/v1/queue", ""))
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "easel-import-*")); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	var job jobView // a lone surrogate is a character that nobody can write
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"\ud800"}`)).into(t, &job)
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// TestPA5ReadingChangesNothing: no GET changes a row, and what a page of another
// site can send without asking is refused.
func TestPA5ReadingChangesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`)).into(t, &job)
	cookie := []string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(time.Hour))}
	for name := range h.operations() {
		method, path, _ := strings.Cut(name, " ")
		for _, site := range []string{"cross-site", "same-site"} {
			r := h.ask(method, at(path, job.ID), `{"a":1}`, append(cookie, "Sec-Fetch-Site", site, "Content-Type", "text/plain")...)
			if r.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s answers %d", name, site, r.StatusCode)
			}
		}
		r := h.ask(method, at(path, job.ID), "", append(cookie, "Origin", "null")...)
		if r.StatusCode != http.StatusForbidden {
			t.Errorf("%s from nowhere answers %d", name, r.StatusCode)
		}
		if method == "GET" && !strings.HasSuffix(path, "events") {
			h.ask(method, at(path, job.ID), "")
		}
	}
	counts, err := h.db.Counts(t.Context())
	if err != nil || counts[jobs.Queued] != 1 {
		t.Errorf("the jobs are %v, %v", counts, err)
	}
}

// TestPA6NothingRuns: what could run in a browser is a download in a sandbox.
func TestPA6NothingRuns(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	for name, text := range map[string]string{
		"x.svg":                            `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"x.html":                           `<!DOCTYPE html><script>alert(1)</script>`,
		"x.js":                             `alert(1)`,
		"x.png":                            `<html><script>alert(1)</script></html>`,
		"\"><script>alert(1)</script>.txt": "words",
	} {
		r := h.ask("POST", "/api/v1/files?name="+url.QueryEscape(name), text, "Content-Type", "application/octet-stream")
		if r.StatusCode == http.StatusBadRequest {
			continue // it is not kept at all
		}
		var f fileView
		h.want(201, r).into(t, &f)
		got := h.want(200, h.ask("GET", f.URL, "")).Header
		if !strings.HasPrefix(got.Get("Content-Disposition"), "attachment") || !strings.HasPrefix(got.Get("Content-Security-Policy"), "sandbox") ||
			got.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is served with %v", name, got)
		}
	}
}

// TestPA7NoAddressOfThisMachineIsAsked: however it is written.
func TestPA7NoAddressOfThisMachineIsAsked(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(canary.Close)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(canary.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	in := &Inputs{}
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "[::ffff:7f00:1]",
		"[64:ff9b::7f00:1]", "127.0.0.1.", "LOCALHOST", "user@127.0.0.1", "127.0.0.1%00",
	} {
		ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
		r, err := in.Open(ctx, "http://"+host+":"+port+"/x.png")
		if err == nil {
			r.Close()
			t.Errorf("%s is asked", host)
		}
		stop()
	}
	for _, address := range []string{"file:///etc/passwd", "gopher://127.0.0.1:" + port, "ftp://127.0.0.1/x", "//127.0.0.1:" + port + "/x", "http:///x"} {
		if r, err := in.Open(t.Context(), address); err == nil {
			r.Close()
			t.Errorf("%s is asked", address)
		}
	}
	// A redirect is dialled anew, by the same rule.
	client := guardedClient(false, fetchRedirects, time.Second)
	inside, err := http.NewRequest(http.MethodGet, canary.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := http.NewRequest(http.MethodGet, "https://example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.CheckRedirect(inside, []*http.Request{outside}); err != nil {
		t.Error(err) // the dialer decides, not the name
	}
	if err := client.CheckRedirect(outside, make([]*http.Request, fetchRedirects+1)); !errors.Is(err, http.ErrUseLastResponse) {
		t.Errorf("a further redirect: %v", err)
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("the canary was asked %d times", n)
	}
}

// TestPA8FilesStayInside: no form of a path leads out of the routes of files.
func TestPA8FilesStayInside(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	for _, path := range []string{
		"files/%2e%2e", "files/..%2f..%2fetc%2fpasswd", "files/..%5c..%5cx", "files/%2fetc%2fpasswd", "outputs/..%2fx/content", "outputs/%2e%2e%2f/thumbnail",
		"files/" + strings.Repeat("x", 5000), "characters/..%2f..%2fx/image", "files/a%00b", "outputs/%ff/content", "workflows/%2e%2e%2fx",
	} {
		r := h.ask("GET", "/api/v1/"+path, "")
		if r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x"}`)).into(t, &job)
	for _, ranges := range []string{"bytes=" + strings.Repeat("0-0,", 10_000) + "1-1", "bytes=-0", "bytes=99999999-", "bytes=5-1", "lines=1-2"} {
		r := h.ask("GET", job.Outputs[0].URL, "", "Range", ranges)
		if r.StatusCode >= 500 || len(r.body) > 4<<20 {
			t.Errorf("the range %.20s answers %d with %d bytes", ranges, r.StatusCode, len(r.body))
		}
	}
}

// TestPA9Limits: each limit has its code, and nothing of what is refused is queued.
func TestPA9Limits(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{limits: Limits{Waiting: 6, Batch: 4, Rate: 3, Pixels: 2_000_000, Stored: 10}})
	as := []string{"Authorization", "Bearer " + h.key("a", jobs.ScopeGenerate)}
	run := func(more string) reply {
		return h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"`+more+`}`, as...)
	}
	code := func(status int, want string, r reply) {
		t.Helper()
		var e statusError
		h.want(status, r).into(t, &e)
		if e.Code != want {
			t.Errorf("the code is %s, want %s", e.Code, want)
		}
	}
	code(400, "invalid_parameter", run(`,"count":5`))
	code(400, "invalid_parameter", run(`,"params":{"width":2048,"height":2048}`))
	h.want(202, run(`,"count":4`))
	code(429, "rate_limit", run(""))
	code(429, "queue_full", h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":3}`, as...))
	upload := func() reply {
		return h.ask("POST", "/api/v1/files?name=x.txt", "eleven chars", append(as, "Content-Type", "application/octet-stream")...)
	}
	var f fileView
	h.want(201, upload()).into(t, &f)
	code(429, "storage_limit", upload())
	h.want(204, h.ask("DELETE", "/api/v1/files/"+f.ID, "", as...))
	h.want(201, upload())
	counts, err := h.db.Counts(t.Context())
	if err != nil || counts[jobs.Queued] != 4 {
		t.Errorf("the jobs are %v, %v", counts, err)
	}
}

// TestPA10FailClosed: without a database nobody is let in.
func TestPA10FailClosed(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{listen: "192.0.2.1:7860"})
	secret := h.key("a", jobs.ScopeManage)
	h.want(200, h.ask("GET", "/api/v1/queue", "", "Authorization", "Bearer "+secret))
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.db.Close(stop); err != nil {
		t.Fatal(err)
	}
	for name := range h.operations() {
		method, path, _ := strings.Cut(name, " ")
		for _, s := range []string{secret, "easel_wrong"} {
			if r := h.ask(method, at(path, "x"), "{}", "Authorization", "Bearer "+s); r.StatusCode < 400 {
				t.Errorf("%s answers %d without a database", name, r.StatusCode)
			}
		}
	}
	if r := h.ask("GET", "/readyz", ""); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", r.StatusCode)
	}
}

// TestPK1NoSecretIsTold: keys, cookies and signatures are in no log, no row and no
// other answer than the one that makes them.
func TestPK1NoSecretIsTold(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	key := h.key("a", jobs.ScopeGenerate, jobs.ScopeManage)
	cookie := h.s.sign("cookie", time.Now().Add(time.Hour))
	login := strings.TrimPrefix(h.s.LoginLink(), linkPath+"?t=")
	h.ask("GET", h.s.LoginLink(), "")
	var job jobView
	as := []string{"Authorization", "Bearer " + key}
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x"}`, as...)).into(t, &job)
	_, signature, _ := strings.Cut(job.Outputs[0].URL, "sig=")
	h.want(200, h.ask("GET", job.Outputs[0].URL, ""))
	h.ask("GET", "/api/v1/jobs?sig="+signature, "")
	h.ask("GET", "/api/v1/jobs", "", "Cookie", cookieName+"="+cookie, "Sec-Fetch-Site", "same-origin")
	h.ask("GET", "/api/v1/nothing", "", as...)
	wrong := key[:len(key)-1] + "_"
	told := string(h.ask("GET", "/api/v1/jobs", "", "Authorization", "Bearer "+wrong).body)
	told += string(h.ask("GET", "/metrics", "").body) + string(h.ask("GET", "/api/v1/session", "", as...).body) + h.log.String()
	told += h.kept()
	for name, secret := range map[string]string{
		"key": key, "wrong key": wrong, "cookie": cookie, "login": login, "signature": signature, "the server's secret": strings.Repeat("s", 32),
	} {
		if strings.Contains(told, secret) {
			t.Errorf("the %s is told", name)
		}
	}
	if !strings.Contains(h.log.String(), `"request":"`) || !strings.Contains(h.log.String(), job.ID) {
		t.Errorf("the log has no request or no job: %s", h.log)
	}
}
