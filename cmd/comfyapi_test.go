package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// samePicture runs a workflow here and there, and compares the files that it leaves,
// but for the graph in them, which has the id of the run.
func samePicture(t *testing.T, a *account, backend string) {
	t.Helper()
	for name, where := range map[string]string{"direct.png": "emulator", "far.png": backend} {
		if code, _, errs := a.generate(t, "--public", "--backend", where, "--out", name); code != 0 {
			t.Fatalf("%s: %d\n%s", where, code, errs)
		}
	}
	direct, err := os.ReadFile(filepath.Join(a.home, "direct.png"))
	far, err2 := os.ReadFile(filepath.Join(a.home, "far.png"))
	if err != nil || err2 != nil || !bytes.Equal(direct, far) {
		t.Errorf("the files differ, or %v, %v", err, err2)
	}
}

// A Comfy API v2 service leaves the picture that a server leaves.
func TestComfyAPIMakesTheSamePicture(t *testing.T) {
	t.Parallel()
	s := apiv2test.New(t, apiv2test.Options{Key: "CANARY-comfy"})
	a := newAccount(t, runpodtest.Options{})
	a.env = append(a.env, "EASEL_TOKEN_STUDIO=CANARY-comfy")
	if code, _, errs := a.easel(t, "backends", "add", "studio", "comfy-api+"+s.URL); code != 0 {
		t.Fatal(errs)
	}
	samePicture(t, a, "studio")
	if code, out, errs := a.easel(t, "backends", "test", "studio"); code != 0 || !strings.Contains(out, "comfy-api") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
}

// comfy-api-proxy in front of an emulator does too: see .ci/services.
func TestComfyAPIProxyMakesTheSamePicture(t *testing.T) {
	t.Parallel()
	address := os.Getenv("EASEL_TEST_COMFY_API")
	if address == "" {
		t.Skip("EASEL_TEST_COMFY_API names no comfy-api-proxy")
	}
	samePicture(t, newAccount(t, runpodtest.Options{}), "comfy-api+"+address)
}

func TestComfyAPIFailures(t *testing.T) {
	t.Parallel()
	type answers = []apiv2test.Answer
	for name, test := range map[string]struct {
		key    string
		submit answers
		args   []string
		exit   int
		says   string
	}{
		"no key":     {key: "k", exit: problem.ExitAuth, says: "the key is missing or not valid"},
		"cloud":      {args: []string{"--backend", "comfy-cloud"}, exit: problem.ExitAuth, says: "set COMFY_API_KEY"},
		"credits":    {submit: answers{{Status: 402, Body: `{"error": {"code": "insufficient_credits", "message": "none left"}}`}}, exit: problem.ExitUnreachable, says: "out of credits"},
		"stopped":    {submit: answers{{Status: 422, Body: `{"error": {"code": "deployment_stopped", "message": "stopped"}}`}}, exit: problem.ExitUnreachable, says: "deployment_stopped"},
		"lost reply": {submit: answers{{After: true, Drop: true}}, exit: problem.ExitLost, says: "possibly submitted"},
		"invalid": {
			submit: answers{{Status: 422, Body: `{"error": {"code": "invalid_workflow", "message": "no", "details": {"node_errors": {"31": [{"field": "steps", "reason": "too_many"}]}}}}`}},
			exit:   problem.ExitInvalid, says: "too_many",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apiv2test.New(t, apiv2test.Options{Key: test.key})
			s.Script("submit", test.submit...)
			a := newAccount(t, runpodtest.Options{})
			args := test.args
			if args == nil {
				args = []string{"--backend", "comfy-api+" + s.URL}
			}
			if code, _, errs := a.generate(t, args...); code != test.exit || !strings.Contains(errs, test.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, test.exit, test.says, errs)
			}
		})
	}
}
