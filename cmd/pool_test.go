package cmd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// comfyServer serves an emulated ComfyUI until the test ends.
func comfyServer(t *testing.T, opts emulator.Options) (address string, emu *emulator.Server) {
	t.Helper()
	emu = emulator.New(opts)
	web := httptest.NewServer(emu)
	t.Cleanup(func() { web.CloseClientConnections(); web.Close(); emu.Close() })
	return web.URL, emu
}

// A pool uses the first member that can, whatever is wrong with the others: nobody
// there, no key, no such model, no ComfyUI.
func TestPoolUsesTheFirstThatCan(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }))
	t.Cleanup(web.Close)
	good, _ := comfyServer(t, emulator.Options{})
	strict, _ := comfyServer(t, emulator.Options{StrictModels: true})
	for name, test := range map[string]struct{ pool, says string }{
		"nobody there":  {"http://127.0.0.1:1," + good, "http://127.0.0.1:1 cannot run it: cannot reach ComfyUI"},
		"login":         {web.URL + "," + good, "wants a login (401)"},
		"model":         {strict + "," + good, "none.safetensors"},
		"endpoint":      {"runpod://zzz, " + good, "runpod://zzz cannot run it: RunPod knows no endpoint zzz"},
		"pod":           {"pod://nothere," + good, "the account has no pod"},
		"first is good": {good + ",http://127.0.0.1:1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, runpodtest.Options{})
			code, out, errs := a.generate(t, "--backend", test.pool, "--count", "2", "--set", "30.ckpt_name=none.safetensors")
			if code != 0 || strings.Count(out, ".png") != 2 || !strings.Contains(errs, test.says) {
				t.Errorf("%d\n%s\n%s", code, out, errs)
			}
			if n := strings.Count(errs, "cannot run it"); n > 1 && name != "nobody there" {
				t.Errorf("a member that will not do was tried %d times:\n%s", n, errs)
			}
		})
	}
}

// A member that goes away during a run costs no run: the next one makes it, and the
// record says which it was.
func TestPoolGoesOnWhenAMemberDies(t *testing.T) {
	t.Parallel()
	good, _ := comfyServer(t, emulator.Options{})
	var dying *httptest.Server
	started := make(chan struct{}, 100)
	emu := emulator.New(emulator.Options{StepTime: time.Hour, OnRequest: func(r emulator.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/prompt") {
			started <- struct{}{}
		}
	}})
	dying = httptest.NewServer(emu)
	go func() {
		<-started
		emu.Kill()
		dying.CloseClientConnections()
		dying.Listener.Close()
	}()
	t.Cleanup(func() { dying.Close(); emu.Close() })
	a := newAccount(t, runpodtest.Options{})
	code, out, errs := a.generate(t, "--backend", dying.URL+","+good, "--reconnect", "200ms", "--jq", "[.status, .backend, (.warnings | join(\";\"))] | join(\" \")")
	if code != 0 || !strings.Contains(out, "succeeded "+strings.TrimPrefix(good, "http://")) || !strings.Contains(out, "may go on to its end") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
}

// When no member can, all reasons are said, and the exit code is of the first that
// refused the run itself, else of the first.
func TestPoolWithoutAGoodMember(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	code, _, errs := a.generate(t, "--backend", "http://127.0.0.1:1,runpod://zzz")
	if code != problem.ExitUnreachable || !strings.Contains(errs, "no backend of the pool can run it: http://127.0.0.1:1: cannot reach ComfyUI") || !strings.Contains(errs, "runpod://zzz: RunPod knows no endpoint") {
		t.Errorf("%d\n%s", code, errs)
	}
	strict, _ := comfyServer(t, emulator.Options{StrictModels: true})
	code, _, errs = a.generate(t, "--backend", "http://127.0.0.1:1,"+strict, "--set", "30.ckpt_name=none.safetensors")
	if code != problem.ExitInvalid || !strings.Contains(errs, "cannot reach ComfyUI") || !strings.Contains(errs, "none.safetensors") {
		t.Errorf("one is away, one refuses the run: %d\n%s", code, errs)
	}
	for spec, says := range map[string]string{
		"emulator,": "on each side of a comma", "emulator,emulator": "twice", "emulator,stdio": "unknown backend", "emulator,ftp://x": "unknown form",
	} {
		if code, _, errs := a.generate(t, "--backend", spec); code != problem.ExitUsage || !strings.Contains(errs, says) {
			t.Errorf("%s: %d\n%s", spec, code, errs)
		}
	}
}

// What a serverless endpoint perhaps took is not sent elsewhere: it would be paid
// for twice.
func TestPoolDoesNotPayTwice(t *testing.T) {
	t.Parallel()
	good, _ := comfyServer(t, emulator.Options{})
	a := newAccount(t, runpodtest.Options{})
	a.server.Script("run", runpodtest.Answer{After: true, Drop: true})
	if code, _, errs := a.generate(t, "--backend", "runpod://abc123,"+good); code != problem.ExitLost || !strings.Contains(errs, "possibly submitted") {
		t.Errorf("%d\n%s", code, errs)
	}
}
