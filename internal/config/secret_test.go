package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestWithoutUser(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://host:8188/comfy":        "http://host:8188/comfy",
		"http://anna:hunter2@host:8188": "http://host:8188",
		"http://anna@host/a@b":          "http://host/a@b",
		"http://host/a@b":               "http://host/a@b",
		"http://anna:hunt/er2@host":     "http://host",
		"http://anna:hunt%zz@host":      "http://host",
		"htp://anna:hunter2@host":       "htp://host",
		"anna:hunter2@host:8188":        "host:8188",
		"http://host/x?token=hunter2":   "http://host/x",
		"http://a:b@host/#hunter2":      "http://host/",
		"http://a:hunt?er2@host":        "http://host",
		"http://[bad?t=hunter2":         "http://[bad",
		"studio":                        "studio",
		"emulator?step-time=50ms":       "emulator?step-time=50ms",
		"":                              "",
	} {
		if got := WithoutUser(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// A password in an address is a secret like any other.
func TestAddressWithAPassword(t *testing.T) {
	t.Parallel()
	const address = "http://anna:hunter2@host:8188"
	p := newPlace(t).inProject(t, "backends:\n  studio: "+address+"\n")
	p.env["EASEL_BACKEND"] = address
	cfg, err := Load(p.options())
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Backend != address {
		t.Errorf("backend %s", cfg.Backend)
	}
	for _, key := range []string{"backend", "backends.studio.url"} {
		if got, _, err := cfg.Get(key); got != "http://host:8188" || err != nil {
			t.Errorf("%s shows %s, %v", key, got, err)
		}
	}
	err = Set(p.userFile(), "backend", address)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("set: %v", err)
	}
}

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	s := NewSecret("hunter2")
	type holder struct {
		S Secret
		P *Secret
		M map[string]Secret
	}
	h := holder{s, &s, map[string]Secret{"k": s}}
	outputs := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v", "%20s"} {
		outputs[verb] = fmt.Sprintf(verb, s, s)
		outputs["holder "+verb] = fmt.Sprintf(verb, h, h)
	}
	js, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	ym, err := yaml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "holder", h)
	outputs["json"], outputs["yaml"], outputs["slog"] = string(js), string(ym), log.String()
	outputs["backend"] = fmt.Sprintf("%#v %+v", Backend{Token: s}, &Backend{Password: s})
	outputs["access"] = fmt.Sprintf("%#v %v", Access{Token: s, Headers: h.M}, &Access{Password: s})
	for how, out := range outputs {
		if strings.Contains(out, "hunter2") || strings.Contains(out, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows it: %s", how, out)
		}
	}
	if !strings.Contains(string(js), `"S":"***"`) || !strings.Contains(string(ym), "s: '***'") && !strings.Contains(string(ym), `s: "***"`) {
		t.Errorf("json %s, yaml %s", js, ym)
	}
	if s.Reveal() != "hunter2" || s.IsZero() || !NewSecret("").IsZero() || NewSecret("").String() != "" {
		t.Error("Reveal or IsZero is wrong")
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestKeysAreDescribed(t *testing.T) {
	t.Parallel()
	for _, k := range Keys() {
		if k.Description == "" || k.Type == "" {
			t.Errorf("%s has no type or description", k.Name)
		}
		if err := k.check(k.Default); err != nil {
			t.Errorf("%s: its default %q: %v", k.Name, k.Default, err)
		}
		if found, err := lookup(k.Name); err != nil || found.Name != k.Name {
			t.Errorf("%s is not found: %v", k.Name, err)
		}
	}
	if k, _ := lookup("inpaint.workflow"); k.Env() != "EASEL_INPAINT_WORKFLOW" {
		t.Errorf("variable %s", k.Env())
	}
}

func BenchmarkLoad(b *testing.B) {
	home := b.TempDir()
	opts := Options{WorkDir: home, Environ: []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}}
	if err := SetBackend(home+"/easel/config.yaml", "studio", Backend{URL: "http://a", Token: NewSecret("t")}); err != nil {
		b.Fatal(err)
	}
	if err := Set(home+"/easel/config.yaml", "reconnect", "1m"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(opts); err != nil {
			b.Fatal(err)
		}
	}
}
