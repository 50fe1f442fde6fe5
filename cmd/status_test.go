package cmd

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

// TestStatusesMeanWhatTheGuideSays is P-N4 at the command: the table of docs/backends.md,
// by status, question and kind of backend.
func TestStatusesMeanWhatTheGuideSays(t *testing.T) {
	t.Parallel()
	plain := []int{400, 401, 402, 403, 404, 413, 418, 422} // the others make a server be looked up for a while: drill TestStatusMatrix
	all := []int{400, 401, 402, 403, 404, 413, 418, 422, 408, 409, 500, 502, 503, 504, 520, 524, 530}
	for _, test := range []struct {
		kind, question string
		statuses       []int
		exits          []int // of these statuses
	}{
		{"server", "/prompt", plain, []int{5, 4, 5, 4, 5, 6, 5, 5}},
		{"server", "/history/", plain, []int{8, 4, 8, 4, 8, 8, 8, 8}},
		{"runpod", "run", all, []int{5, 4, 5, 4, 5, 6, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"runpod", "status", all, []int{5, 4, 5, 4, 8, 5, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"api", "submit", all, []int{5, 4, 5, 4, 5, 6, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"api", "job", all, []int{5, 4, 5, 4, 8, 8, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
	} {
		t.Run(test.kind+" "+test.question, func(t *testing.T) {
			t.Parallel()
			exits := make([]int, len(test.statuses))
			for i, status := range test.statuses {
				a := newAccount(t, runpodtest.Options{})
				spec := "runpod://abc123"
				switch test.kind {
				case "server":
					address, _ := comfyServer(t, emulator.Options{})
					g, err := chaos.NewGateway(address, chaos.Rule{Path: test.question, Status: status, Body: "{}"})
					if err != nil {
						t.Fatal(err)
					}
					web := httptest.NewServer(g)
					t.Cleanup(func() { web.CloseClientConnections(); g.Close(); web.Close() })
					spec = web.URL
				case "runpod":
					a.server.Script(test.question, slices.Repeat([]runpodtest.Answer{{Status: status, Body: "{}"}}, 20)...)
				default:
					s := apiv2test.New(t, apiv2test.Options{})
					s.Script(test.question, slices.Repeat([]apiv2test.Answer{{Status: status, Body: `{"error": {"code": "words", "message": "words"}}`}}, 20)...)
					spec = "comfy-api+" + s.URL
				}
				exits[i], _, _ = a.generate(t, "--backend", spec, "--reconnect", "0s")
			}
			if !slices.Equal(exits, test.exits) {
				t.Errorf("exits %s, want %s", fmt.Sprint(exits), fmt.Sprint(test.exits))
			}
		})
	}
}

// What is waited for is said, with the reason; a wait that --timeout ends is exit 8,
// and one that the place asks for and that nobody waits is exit 5 at once.
func TestThrottledRunSaysSo(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	throttled := func(seconds string) runpodtest.Answer {
		return runpodtest.Answer{Status: 429, Header: http.Header{"Retry-After": {seconds}}, Body: "{}"}
	}
	const waiting = "RunPod takes no more runs now (429), the run is sent again in 1s\n"
	a.server.Script("run", throttled("1"), throttled("1"), throttled("1"))
	code, _, errs := a.generate(t, "--backend", "runpod://abc123")
	if code != 0 || strings.Count(errs, "waiting: "+waiting) != 1 {
		t.Errorf("exit %d, to be said once: %s", code, errs)
	}
	a.server.Script("run", throttled("1"), throttled("1"))
	code, _, errs = a.easel(t, "batch", "flux_single", "--prompt", "a fox", "--count", "2", "--backend", "runpod://abc123")
	if code != 0 || strings.Count(errs, "waiting: abc123: "+waiting) != 1 {
		t.Errorf("a batch: exit %d, to be said once: %s", code, errs)
	}
	a.server.Script("run", throttled("100"))
	if code, _, errs := a.generate(t, "--backend", "runpod://abc123", "--timeout", "100ms"); code != 8 {
		t.Errorf("with a limit of its own: exit %d: %s", code, errs)
	}
	a.server.Script("run", throttled("600"))
	if code, _, errs := a.generate(t, "--backend", "runpod://abc123"); code != 5 || !strings.Contains(errs, "asked to wait for 10m0s") {
		t.Errorf("asked to wait too long: exit %d: %s", code, errs)
	}
}

// A web page is no API's answer: nothing was submitted, and the hint says what to
// do.
func TestWebPageBeforeAnAPI(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Log in</title>")
	}))
	t.Cleanup(page.Close)
	a := newAccount(t, runpodtest.Options{})
	a.env = append(a.env, "RUNPOD_ENDPOINT_BASE_URL="+page.URL)
	for _, spec := range []string{page.URL, "runpod://abc123", "comfy-api+" + page.URL, "serve+" + page.URL} {
		code, _, errs := a.generate(t, "--backend", spec, "--reconnect", "0s")
		if code != 5 || !strings.Contains(errs, "a login or a proxy stands before it") || !strings.Contains(errs, "hint: a browser shows whose page it is") {
			t.Errorf("%s: exit %d: %s", spec, code, errs)
		}
		if spec != page.URL && !strings.Contains(errs, "nothing was submitted") {
			t.Errorf("%s: %s", spec, errs)
		}
	}
	if code, out, errs := a.easel(t, "history", "list", "--json", "--jq", "[.[].state] | unique | tojson"); code != 0 || strings.TrimSpace(out) != `["failed"]` {
		t.Errorf("the history: %d %s %s", code, out, errs)
	}
}
