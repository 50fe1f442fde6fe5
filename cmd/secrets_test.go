package cmd

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
)

// TestSecretsOfEveryBackendStay is P-K1 for backends: bearer, basic, cookie, header,
// RunPod's key, a Comfy API's and a certificate's key are canaries, whether a run goes
// well, is refused a login or is answered with 500, alone and in a pool. No output at the
// highest log level, error, record, history or file of the user holds one.
func TestSecretsOfEveryBackendStay(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{Pods: []runpodtest.Pod{{ID: "pod1", Name: "gpu", Status: "RUNNING"}}})
	config := t.TempDir() // the place of secrets: what its owner gave is in it
	a.env = append(a.env, "XDG_CONFIG_HOME="+config, "COMFY_API_KEY=CANARY-cloud", "EASEL_TOKEN_API=CANARY-api")
	ca := newAuthority(t, config)
	vault, _ := guarded(t, ca)
	key, err := os.ReadFile(filepath.Join(config, "anna.key"))
	if err != nil {
		t.Fatal(err)
	}
	keyLine := strings.Split(string(key), "\n")[1]
	api := apiv2test.New(t, apiv2test.Options{Key: "CANARY-api"})
	emu := emulator.New(emulator.Options{})
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case password != "CANARY-basic" && bearer != "CANARY-bearer":
			http.Error(w, "no", http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/broken/"):
			http.Error(w, "broken", http.StatusInternalServerError)
		default:
			emu.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { login.CloseClientConnections(); login.Close(); emu.Close() })
	tls := []string{"--client-cert", filepath.Join(config, "anna.pem"), "--client-key", filepath.Join(config, "anna.key"), "--ca", filepath.Join(config, "ca.pem")}
	for name, b := range map[string]struct {
		stdin string
		args  []string
	}{
		"bearer": {"CANARY-bearer\n", []string{login.URL, "--token"}},
		"basic":  {"CANARY-basic\n", []string{login.URL, "--username", "anna", "--password"}},
		"wrong":  {"CANARY-wrong\n", []string{login.URL, "--token"}},
		"broken": {"CANARY-bearer\n", []string{login.URL + "/broken", "--token"}},
		"vault":  {"session=CANARY-cookie\nCANARY-gate\n", append([]string{vault, "--cookie", "--header", "x-gate"}, tls...)},
		"api":    {"", []string{"comfy-api+" + api.URL}},
		"pod":    {"", []string{"pod://gpu"}},
		"endp":   {"", []string{"runpod://abc123"}},
		"none":   {"", []string{"runpod://nothere"}},
	} {
		if code, errs := a.typed(t, b.stdin, append([]string{"backends", "add", name}, b.args...)...); code != 0 {
			t.Fatalf("%s: %d\n%s", name, code, errs)
		}
	}
	do := func(well bool, args ...string) {
		t.Helper()
		code, out, errs := a.easel(t, append(args, "--log-level", "debug")...) // looks for CANARY itself
		if (code == 0) != well {
			t.Errorf("%v: exit %d\n%s", args, code, errs)
		}
		if strings.Contains(out+errs, keyLine) {
			t.Errorf("%v shows the certificate's key", args)
		}
	}
	generate := append([]string{"generate", "flux_single", "a lighthouse", "--json", "--provenance", "both"}, small...)
	for _, name := range []string{"bearer", "basic", "vault", "api", "pod", "endp"} {
		do(true, append(generate, "--backend", name)...)
		do(true, "history", "show", "last", "--json")
		do(true, "backends", "test", name, "--json")
	}
	for _, name := range []string{"wrong", "broken", "none"} {
		do(false, append(generate, "--backend", name, "--reconnect", "0s")...)
		do(false, "backends", "test", name)
	}
	do(true, append(generate, "--backend", "wrong,none,endp")...)
	do(true, append(generate, "--backend", "bearer", "--dry-run")...)
	do(true, "backends", "list", "--json")
	do(true, "config", "list", "--origin")
	do(true, "auth", "list")
	do(true, "history", "list", "--json")
	do(true, "queue", "list", "--backend", "vault")
	do(true, "runpod", "pods", "list", "--json")
	do(true, "runpod", "endpoints", "list", "--json")
	pictures, err := filepath.Glob(filepath.Join(a.home, "outputs", "*.png"))
	if err != nil || len(pictures) != 7 {
		t.Errorf("%d pictures: too little was run to show anything, %v", len(pictures), err)
	}
	for _, seen := range a.server.Seen("proxy") {
		if seen.Authorization != "" {
			t.Error("the pod's proxy was shown a key")
		}
	}
}
