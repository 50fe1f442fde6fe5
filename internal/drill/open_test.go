package drill

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// P-N11: once a run may have been accepted, nothing but the backend's own word on
// it closes its record. Whatever else answers any question, once or until it is
// mended, the picture is there in the end, made once.
func TestOnlyTheBackendEndsARun(t *testing.T) {
	t.Parallel()
	for _, at := range endpoints() {
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range foreignAnswers() {
				for _, times := range []int64{1, 1 << 40} {
					for _, passed := range []bool{false, true} {
						if passed && at.name == "ws" { // an upgraded connection has no answer any more
							continue
						}
						synctest.Test(t, func(t *testing.T) {
							staysOpen(t, at, &stranded{endpoint: at.name, answer: a, left: times, passed: passed})
						})
					}
				}
			}
		})
	}
}

// staysOpen makes a run whose questions a stranger answers, resumes it with the
// stranger still there and then without, and looks for its picture.
func staysOpen(t *testing.T, at endpoint, s *stranded) {
	t.Helper()
	o := emulator.Options{StepTime: 10 * time.Millisecond, Version: at.version}
	if at.beside != "" {
		o.Faults = faults(t, at.beside)
	}
	srv := emulator.New(o)
	defer srv.Close()
	s.RoundTripper = srv.Client().Transport
	opts := []comfy.Option{comfy.WithHTTPClient(&http.Client{Transport: s}), comfy.WithPatience(2 * time.Second)}
	r := newRig(t, "http://"+emulator.Host, opts...)
	req := run.Request{Workflow: r.workflow, Sidecar: true}
	if at.name == "upload" {
		r.takesPicture(&req)
	}
	_, err := r.Run(t.Context(), req, func(run.Event) {})
	r.check(s, srv, err)
	for _, mended := range []bool{false, true} {
		if mended {
			atomic.StoreInt64(&s.left, 0)
		}
		later, e := comfy.NewClient("http://"+emulator.Host, opts...)
		if e != nil {
			t.Fatal(e)
		}
		r.Backend = later
		r.check(s, srv, r.resume(t.Context()))
		later.Close()
	}
	if v := r.audit(lifeOf(srv)); len(v.open) > 0 {
		t.Errorf("%s: still open when all is well: %v", s, v.open)
	}
}

// check fails the test when the server has made a picture, once or more often,
// that is neither here nor waited for.
func (r *rig) check(s *stranded, srv *emulator.Server, last error) {
	r.t.Helper()
	made := len(srv.Executions())
	files, err := filepath.Glob(filepath.Join(r.out, "*.png"))
	if err != nil {
		r.t.Fatal(err)
	}
	open, err := r.machine.history().Pending()
	if err != nil {
		r.t.Fatal(err)
	}
	if made > 1 || len(files) > 1 || made == 1 && len(files) == 0 && len(open) == 0 {
		r.t.Errorf("%s: executed %d times, %d files, %d open; the last error was %v", s, made, len(files), len(open), last)
	}
}

// A foreignAnswer is what somebody between easel and its backend answers.
type foreignAnswer struct {
	status int
	kind   string // media type
	body   string
	to     string // where a redirect leads
}

func foreignAnswers() []foreignAnswer {
	const page = "<!doctype html><title>Sign in</title>"
	list := []foreignAnswer{
		{200, "text/html", page, ""},
		{200, "application/json", "", ""},
		{200, "application/json", "null", ""},
		{200, "application/json", "[]", ""},
		{200, "application/json", `"away"`, ""},
		{204, "", "", ""},
		{302, "text/html", page, "https://login.example/"},
		{302, "", "", "/login"},
		{401, "text/html", page, ""},
		{404, "text/html", page, ""},
		{404, "application/json", `{"error": "not found"}`, ""},
		{503, "text/html", page, ""},
	}
	statuses := []int{300, 301, 302, 303, 304, 305, 307, 308, 399, 400, 401, 403, 404, 405, 407, 409, 410, 413, 418, 429, 451, 499, 500, 501, 503, 511, 599}
	if long {
		statuses = nil
		for status := 300; status < 600; status++ {
			statuses = append(statuses, status)
		}
	}
	for _, status := range statuses {
		list = append(list, foreignAnswer{status: status})
	}
	return list
}

// A stranded client has somebody else's answers to what it asks at an endpoint.
type stranded struct {
	http.RoundTripper
	endpoint string
	answer   foreignAnswer
	passed   bool  // the server gets the request all the same
	left     int64 // answers to come
}

func (s *stranded) String() string {
	return fmt.Sprintf("%s answers %+v, passed on %t, %d to come", s.endpoint, s.answer, s.passed, atomic.LoadInt64(&s.left))
}

func (s *stranded) RoundTrip(req *http.Request) (*http.Response, error) {
	path := strings.Split(strings.TrimPrefix(strings.TrimPrefix(req.URL.Path, "/api"), "/"), "/")[0]
	if path != s.endpoint || s.endpoint == "prompt" && req.Method != http.MethodPost || atomic.AddInt64(&s.left, -1) < 0 {
		return s.RoundTripper.RoundTrip(req)
	}
	if s.passed {
		resp, err := s.RoundTripper.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	} else if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	resp := &http.Response{
		Status: fmt.Sprint(s.answer.status), StatusCode: s.answer.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(s.answer.body)), ContentLength: int64(len(s.answer.body)), Request: req,
	}
	if s.answer.kind != "" {
		resp.Header.Set("Content-Type", s.answer.kind)
	}
	if s.answer.to != "" {
		resp.Header.Set("Location", s.answer.to)
	}
	return resp, nil
}
