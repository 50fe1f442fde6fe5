package runpod_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
)

func submit(t *testing.T, be comfy.Backend, files ...comfy.File) (comfy.Handle, error) {
	t.Helper()
	return be.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: comfytest.Quick(), Files: files})
}

// answered gives an endpoint whose status says one thing.
func answered(t *testing.T, status string) (*runpodtest.Server, *runpod.Endpoint) {
	t.Helper()
	s := runpodtest.New(t, runpodtest.Options{})
	s.Script("status", runpodtest.Answer{Body: status})
	return s, endpoint(t, s)
}

// Every status of /run has one meaning.
func TestStatusesOfRun(t *testing.T) {
	t.Parallel()
	var auth *comfy.AuthError
	var unknown *runpod.UnknownEndpointError
	var large *runpod.PayloadError
	var refused *runpod.RefusedError
	var perhaps *comfy.AmbiguousError
	var credit *runpod.NoCreditError
	for status, want := range map[int]any{
		400: &refused, 401: &auth, 402: &credit, 403: &auth, 404: &unknown, 408: &perhaps, 409: &refused, 413: &large,
		500: &perhaps, 502: &perhaps, 503: &perhaps, 504: &perhaps, 520: &perhaps, 522: &perhaps, 524: &perhaps, 530: &perhaps,
	} {
		s := runpodtest.New(t, runpodtest.Options{})
		s.Script("run", runpodtest.Answer{Status: status, Body: `{"error": "canned words"}`})
		h, err := submit(t, endpoint(t, s))
		if !errors.As(err, want) || h != "" {
			t.Errorf("%d: %v, want %T", status, err, want)
		}
		if got := s.Seen("run"); len(got) != 1 && (status != 404 || got[1].Path != "/run") { // where the SDK's local server has it
			t.Errorf("%d: %d requests, want one: nothing is sent twice", status, len(got))
		}
	}
	if auth.Variable != "RUNPOD_API_KEY" || perhaps.Handle != "" {
		t.Errorf("%+v, %+v", auth, perhaps)
	}
}

// A page with 200 is somebody else's answer. Who answers a question that changes
// nothing so too stands before RunPod; one page alone may stand for an answer that
// got lost.
func TestWebPageFromRun(t *testing.T) {
	t.Parallel()
	page := runpodtest.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>Log in</html>"}
	s := runpodtest.New(t, runpodtest.Options{})
	s.Script("run", page)
	if _, err := submit(t, endpoint(t, s)); !comfy.Ambiguous(err) {
		t.Errorf("one page: %v", err)
	}
	s = runpodtest.New(t, runpodtest.Options{})
	s.Script("run", page)
	s.Script("health", page)
	_, err := submit(t, endpoint(t, s))
	var away *comfy.UnreachableError
	if comfy.Ambiguous(err) || !errors.As(err, &away) || !strings.Contains(err.Error(), "nothing was submitted") || !strings.Contains(err.Error(), "a login or a proxy stands before it") {
		t.Errorf("nothing but pages: %v", err)
	}
	if n := len(s.Seen("run")); n != 1 {
		t.Errorf("the run was sent %d times", n)
	}

	// A login that says so is one, page or not; a page for an unknown address is no
	// word of RunPod's on the endpoint.
	for status, want := range map[int]any{401: new(*comfy.AuthError), 403: new(*comfy.AuthError), 404: new(*comfy.UnreachableError)} {
		s := runpodtest.New(t, runpodtest.Options{})
		page.Status = status
		s.Script("run", page, page)
		if _, err := submit(t, endpoint(t, s)); comfy.Ambiguous(err) || !errors.As(err, want) {
			t.Errorf("%d with a page: %v", status, err)
		}
	}
}

// Requests that RunPod refuses for their number are sent again, after the time
// that it asks for.
func TestThrottledRunIsSentAgain(t *testing.T) {
	t.Parallel()
	s := runpodtest.New(t, runpodtest.Options{})
	again := http.Header{"Retry-After": {"1"}}
	s.Script("run", runpodtest.Answer{Status: 429, Header: again, Body: "{}"}, runpodtest.Answer{Status: 429, Header: again, Body: "{}"})
	began := time.Now()
	if h, err := submit(t, endpoint(t, s)); err != nil || h == "" || s.Jobs() != 1 {
		t.Fatalf("%s, %v, %d jobs", h, err, s.Jobs())
	}
	if waited := time.Since(began); waited < 2*time.Second {
		t.Errorf("it waited %s, and was asked for twice a second", waited)
	}
}

// What a job says is what its run is.
func TestEndsOfJobs(t *testing.T) {
	t.Parallel()
	const pixel = "iVBORw0KGgo="
	for name, test := range map[string]struct {
		answer  string
		phase   comfy.Phase
		outputs int
		missing int
		says    string // the error, or the first warning
	}{
		"images":      {`{"status": "COMPLETED", "output": {"images": [{"filename": "a~9_00001_.png", "type": "base64", "data": "` + pixel + `"}]}}`, comfy.PhaseDone, 1, 0, ""},
		"and errors":  {`{"status": "COMPLETED", "output": {"images": [{"filename": "a.png", "type": "base64", "data": "` + pixel + `"}], "errors": ["node 7 broke"]}}`, comfy.PhaseDone, 1, 1, "node 7 broke"},
		"no output":   {`{"status": "COMPLETED"}`, comfy.PhaseDone, 0, 0, "larger than the 10 MB"},
		"no images":   {`{"status": "COMPLETED", "output": {"status": "success_no_images", "images": []}}`, comfy.PhaseDone, 0, 0, "handed over nothing"},
		"old form":    {`{"status": "COMPLETED", "output": {"status": "success", "message": "data:image/png;base64,` + pixel + `"}}`, comfy.PhaseDone, 1, 0, ""},
		"a film":      {`{"status": "COMPLETED", "output": {"images": [{"filename": "a.mp4", "type": "base64", "data": "` + pixel + `"}]}}`, comfy.PhaseDone, 1, 0, ""},
		"simulated":   {`{"status": "COMPLETED", "output": {"images": [{"filename": "a.png", "type": "s3_url", "data": "simulated_uploaded/1.png"}]}}`, comfy.PhaseDone, 0, 1, "BUCKET_ACCESS_KEY_ID"},
		"no address":  {`{"status": "COMPLETED", "output": {"images": [{"filename": "a.png", "type": "s3_url", "data": "file:///etc/passwd"}]}}`, comfy.PhaseDone, 0, 1, "no address"},
		"bad base64":  {`{"status": "COMPLETED", "output": {"images": [{"filename": "a.png", "type": "base64", "data": "%%%"}]}}`, comfy.PhaseDone, 0, 1, "not base64"},
		"odd output":  {`{"status": "COMPLETED", "output": [1, 2]}`, comfy.PhaseDone, 0, 0, "handed over nothing"},
		"cancelled":   {`{"status": "CANCELLED"}`, comfy.PhaseCancelled, 0, 0, "was cancelled on its backend"},
		"timed out":   {`{"status": "TIMED_OUT"}`, comfy.PhaseFailed, 0, 0, "TIMED_OUT"},
		"plain error": {`{"status": "FAILED", "error": "ComfyUI server (127.0.0.1:8188) not reachable after multiple retries."}`, comfy.PhaseFailed, 0, 0, "not reachable after multiple retries"},
		"details":     {`{"status": "FAILED", "error": "Job processing failed", "output": {"details": ["Workflow execution error: Node Type: KSampler, Node ID: 3, Message: CUDA out of memory\nmore"]}}`, comfy.PhaseFailed, 0, 0, "node 3 (KSampler) failed: out of memory"},
		"exception":   {`{"status": "FAILED", "error": "{\"error_type\": \"<class 'KeyError'>\", \"error_message\": \"'x'\", \"error_traceback\": \"Traceback\"}"}`, comfy.PhaseFailed, 0, 0, "failed: 'x'"},
		"no reason":   {`{"status": "FAILED"}`, comfy.PhaseFailed, 0, 0, "no reason"},
		"new word":    {`{"status": "PONDERING"}`, comfy.PhaseRunning, 0, 0, ""},
		"queued":      {`{"status": "IN_QUEUE"}`, comfy.PhaseQueued, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, e := answered(t, test.answer)
			st, err := e.State(t.Context(), "job-1")
			if err != nil || st.Phase != test.phase || len(st.Outputs) != test.outputs || len(st.Missing) != test.missing {
				t.Fatalf("%+v, %v", st, err)
			}
			said := strings.Join(st.Warnings, "\n")
			if st.Err != nil {
				said = st.Err.Error()
			}
			if !strings.Contains(said, test.says) || test.says == "" && said != "" {
				t.Errorf("it says %q, want %q", said, test.says)
			}
		})
	}
}

// A result that RunPod dropped, or a job whose time to live ran out, is lost, and
// one odd 404 is not.
func TestForgottenJobIsLost(t *testing.T) {
	t.Parallel()
	s := runpodtest.New(t, runpodtest.Options{})
	e := endpoint(t, s)
	h, err := submit(t, e)
	if err != nil {
		t.Fatal(err)
	}
	s.Script("status", runpodtest.Answer{Status: 404, Body: "{}"})
	for ev, err := range e.Follow(t.Context(), h) {
		if err != nil {
			t.Fatalf("one 404: %v", err)
		}
		if ev.Type == comfy.EventDone && ev.State.Phase != comfy.PhaseDone {
			t.Errorf("%+v", ev.State)
		}
	}
	second, err := submit(t, e)
	if err != nil {
		t.Fatal(err)
	}
	s.Forget()
	var lost *comfy.LostError
	for _, err = range e.Follow(t.Context(), second) {
	}
	if !errors.As(err, &lost) || !lost.Gone || !strings.Contains(lost.Reason, "30 minutes") {
		t.Errorf("%v", err)
	}
}

// Whatever stands in for an answer to a question is asked again, and told.
func TestStatusFlaps(t *testing.T) {
	t.Parallel()
	s := runpodtest.New(t, runpodtest.Options{})
	e := endpoint(t, s)
	h, err := submit(t, e)
	if err != nil {
		t.Fatal(err)
	}
	s.Script("status",
		runpodtest.Answer{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>"},
		runpodtest.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>"},
		runpodtest.Answer{Drop: true}, runpodtest.Answer{Status: 429, Body: "{}"},
		runpodtest.Answer{Body: `{"status": "IN_PROGRESS", "output": "half way"}`},
		runpodtest.Answer{Body: `{"status": "IN_PROGRESS", "output": {"type": "progress", "value": 3, "max": 20, "node": "3"}}`},
	)
	var seen []comfy.EventType
	for ev, err := range e.Follow(t.Context(), h) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, ev.Type)
		if ev.Type == comfy.EventProgress && (ev.Value != 3 || ev.Max != 20 || ev.Node != "3") {
			t.Errorf("%+v", ev)
		}
	}
	want := []comfy.EventType{comfy.EventLost, comfy.EventBack, comfy.EventText, comfy.EventStarted, comfy.EventProgress, comfy.EventDone}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

// A revoked key ends the following at once.
func TestRevokedKey(t *testing.T) {
	t.Parallel()
	s := runpodtest.New(t, runpodtest.Options{Key: "rpa_other"})
	e := endpoint(t, s)
	var auth *comfy.AuthError
	for _, err := range e.Follow(t.Context(), "job-1") {
		if !errors.As(err, &auth) || strings.Contains(err.Error(), "rpa_") {
			t.Errorf("%v", err)
		}
	}
	if auth == nil {
		t.Error("nothing was said")
	}
}

// More than 20 MB is refused before a byte is read or sent; between 10 and 20 it
// takes the way that RunPod has for it.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := runpodtest.New(t, runpodtest.Options{})
	e := endpoint(t, s)
	big := func(size int64) comfy.File {
		return comfy.File{Name: "a.png", Size: size, Targets: nil, Open: func() (io.ReadCloser, error) {
			if size > 15_000_000 {
				t.Error("the file was read")
			}
			return io.NopCloser(io.LimitReader(zeros{}, size)), nil
		}}
	}
	var large *runpod.PayloadError
	if _, err := submit(t, e, big(15_000_001)); !errors.As(err, &large) || large.Limit != 20_000_000 || len(s.Seen("")) != 0 {
		t.Errorf("%v, %d requests", err, len(s.Seen("")))
	}
	if _, err := submit(t, e, big(9_000_000)); err != nil || len(s.Seen("runsync")) != 1 || len(s.Seen("run")) != 0 {
		t.Errorf("%v", err)
	}
	if _, err := submit(t, e, big(1_000_000)); err != nil || len(s.Seen("run")) != 1 {
		t.Errorf("%v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A redirect elsewhere gets neither the key nor the run.
func TestRedirectElsewhere(t *testing.T) {
	t.Parallel()
	reached := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer thief.Close()
	s := runpodtest.New(t, runpodtest.Options{})
	to := runpodtest.Answer{Status: http.StatusTemporaryRedirect, Header: http.Header{"Location": {thief.URL}}}
	s.Script("run", to)
	s.Script("health", to, to, to, to)
	e := endpoint(t, s)
	if _, err := submit(t, e); err == nil || comfy.Ambiguous(err) {
		t.Errorf("submit: %v", err)
	}
	if _, err := e.Describe(t.Context()); err == nil {
		t.Error("health followed it")
	}
	if reached {
		t.Error("the other place was asked")
	}
}

// The limits that RunPod has for one user are kept: 1000 runs in ten seconds.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		e, err := runpod.NewEndpoint("abc123", "", func() (string, error) { return "k", nil }, runpod.WithHTTPClient(&http.Client{
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				at = append(at, time.Since(began))
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id": "j", "status": "IN_QUEUE"}`))}, nil
			}),
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for range 2500 {
			if _, err := e.Submit(context.Background(), comfy.Submission{ID: comfy.NewID(), Graph: comfytest.Quick()}); err != nil {
				t.Fatal(err)
			}
		}
		for i := 1000; i < len(at); i++ {
			if at[i]-at[i-1000] < 10*time.Second {
				t.Fatalf("requests %d to %d came within %s", i-1000, i, at[i]-at[i-1000])
			}
		}
		if last := at[len(at)-1]; last > 21*time.Second {
			t.Errorf("2500 runs took %s", last)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The key goes to RunPod over TLS, or to this machine, and objects elsewhere are
// fetched without it: the double's bucket refuses who shows one.
func TestKeyIsNotSentInClear(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"": true, "https://jobs.example.org/v2": true, "http://127.0.0.1:8000": true, "http://jobs.example.org": false, "https://user:pw@jobs.example.org": false,
	} {
		_, err := runpod.NewEndpoint("abc123", base, func() (string, error) { return "k", nil })
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", base, err)
		}
	}
}
