package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// place is a home and a project in temporary folders.
type place struct {
	home, project string
	env           map[string]string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	home := t.TempDir()
	return &place{home: home, project: t.TempDir(), env: map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "config"),
		"XDG_DATA_HOME": filepath.Join(home, "data"), "XDG_CACHE_HOME": filepath.Join(home, "cache"),
	}}
}

func (p *place) userFile() string    { return filepath.Join(p.home, "config", "easel", "config.yaml") }
func (p *place) projectFile() string { return filepath.Join(p.project, "easel.yaml") }

func (p *place) options() Options {
	return Options{WorkDir: p.project, Environ: p.environ()}
}

func (p *place) environ() []string {
	var all []string
	for name, value := range p.env {
		all = append(all, name+"="+value)
	}
	return all
}

func (p *place) user(t *testing.T, text string) *place {
	t.Helper()
	write(t, p.userFile(), text)
	return p
}

func (p *place) inProject(t *testing.T, text string) *place {
	t.Helper()
	write(t, p.projectFile(), text)
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *place) load(t *testing.T) *Config {
	t.Helper()
	cfg, err := Load(p.options())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return cfg
}

func TestLoadWithoutFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	cfg := p.load(t)
	type settings struct {
		Backend, Out, Name, Provenance, Preview, LogLevel, Workflow string
		Reconnect, Timeout                                          time.Duration
	}
	got := settings{
		cfg.Backend, cfg.Out, cfg.Name, cfg.Provenance, cfg.Preview, cfg.LogLevel, cfg.Inpaint.Workflow,
		cfg.Reconnect, cfg.Timeout,
	}
	want := settings{"", "./outputs", "{workflow}-{id}-{n}", "sidecar", "auto", "warn", "qwen_inpaint", 30 * time.Second, 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if got := cfg.Origin("out"); got != (Origin{Kind: Default}) {
		t.Errorf("origin of a default: %v", got)
	}
	if len(cfg.Registry) != 0 || len(cfg.AllowOrigins) != 0 {
		t.Errorf("lists are not empty: %q %q", cfg.Registry, cfg.AllowOrigins)
	}
	if cfg.DataDir != filepath.Join(p.home, "data", "easel") {
		t.Errorf("data folder %s", cfg.DataDir)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user(t, `# mine
backend: studio
out: ~/pictures
reconnect: 1m30s
inpaint:
  workflow: mine
registry: [extra, /abs/registry.json]
models: {checkpoint: a.safetensors, vae: v.safetensors, clip_vision: ""}
`).inProject(t, "out: art\npreview: never\nregistry: flows\nmodels:\n  checkpoint: b.safetensors\n")
	p.env["EASEL_MODELS_LORAS"] = "l.safetensors"
	p.env["EASEL_PREVIEW"] = "always"
	p.env["EASEL_INPAINT_WORKFLOW"] = "from_env"
	opts := p.options()
	opts.Flags = map[string]string{"log_level": "debug"}
	cfg, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	type setting struct{ Value, Origin string }
	want := map[string]setting{
		"backend":          {"studio", "user " + p.userFile() + ":2"},
		"out":              {"art", "project " + p.projectFile() + ":1"},
		"preview":          {"always", "env EASEL_PREVIEW"},
		"reconnect":        {"1m30s", "user " + p.userFile() + ":4"},
		"inpaint.workflow": {"from_env", "env EASEL_INPAINT_WORKFLOW"},
		"log_level":        {"debug", "flag --log-level"},
		"registry":         {filepath.Join(p.project, "flows"), "project " + p.projectFile() + ":3"},
		"timeout":          {"0s", "default"},

		"models.checkpoint":  {"b.safetensors", "project " + p.projectFile() + ":5"},
		"models.vae":         {"v.safetensors", "user " + p.userFile() + ":8"},
		"models.loras":       {"l.safetensors", "env EASEL_MODELS_LORAS"},
		"models.controlnet":  {"", "default"},
		"models.clip_vision": {"", "user " + p.userFile() + ":8"},
	}
	got := map[string]setting{}
	for key := range want {
		value, origin, err := cfg.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		got[key] = setting{value, origin.String()}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if cfg.Reconnect != 90*time.Second || cfg.Preview != "always" || cfg.Inpaint.Workflow != "from_env" {
		t.Errorf("fields differ from settings: %+v", cfg)
	}
}

func TestConfigFlagReplacesTheUsersFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user(t, "backend: studio\n").inProject(t, "out: art\n")
	write(t, filepath.Join(p.project, "other.yaml"), "backend: other\n")
	opts := p.options()
	opts.ConfigFile = "other.yaml"
	cfg, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Backend != "other" || cfg.Out != "art" {
		t.Errorf("backend %q, out %q", cfg.Backend, cfg.Out)
	}
	opts.ConfigFile = "missing.yaml"
	if _, err := Load(opts); err == nil {
		t.Error("a missing --config file is no error")
	}
}

func TestUserPathsOfRegistriesAreRelativeToTheirFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t).user(t, "registry: [extra, ~/flows, /abs/r.json]\nout: ~/pictures\n")
	cfg := p.load(t)
	want := []string{filepath.Join(filepath.Dir(p.userFile()), "extra"), filepath.Join(p.home, "flows"), "/abs/r.json"}
	if diff := cmp.Diff(want, cfg.Registry); diff != "" {
		t.Errorf("registries (-want +got):\n%s", diff)
	}
	if cfg.Out != filepath.Join(p.home, "pictures") {
		t.Errorf("out %s", cfg.Out)
	}
}

func TestNamesKeepTheirCaseAndIntegersTheirDigits(t *testing.T) {
	t.Parallel()
	cfg := newPlace(t).user(t, `backends:
  Studio-A: http://Host:8188
presets:
  Hero:
    workflow: flux_single
    character: Milan
    params:
      Seed: 18446744073709551615
      steps: &ten 10
      again: *ten
      cfg: 3.50
      hex: 0x1F
      text: "a <b> & c"
      sizes: [1, 2]
      deep: {a: true, b: null}
`).load(t)
	if cfg.Backends["Studio-A"].URL != "http://Host:8188" {
		t.Errorf("backends %v", cfg.Backends)
	}
	hero := cfg.Presets["Hero"]
	if hero.Workflow != "flux_single" || hero.Character != "Milan" {
		t.Errorf("preset %+v", hero)
	}
	var got []string
	for _, param := range hero.Params {
		got = append(got, param.Name+"="+string(param.JSON))
	}
	want := []string{
		"Seed=18446744073709551615", "steps=10", "again=10", "cfg=3.50", "hex=31", `text="a <b> & c"`,
		"sizes=[1,2]", `deep={"a":true,"b":null}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestMistakesNameFileLineAndTheNearestKey(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown key", "out: a\nbakend: x\n", `:2:1: unknown key "bakend"; did you mean "backend"?`},
		{"far from any key", "zzzzzz: x\n", `:1:1: unknown key "zzzzzz"`},
		{"unknown in a section", "inpaint:\n  workflo: x\n", `:2:3: unknown key "inpaint.workflo"; did you mean "workflow"?`},
		{"unknown in a backend", "backends:\n  a:\n    url: http://a\n    pasword: x\n", `:4:5: unknown key "backends.a.pasword"; did you mean "password"?`},
		{"number for a text", "backend: 8188\n", `:1:10: backend must be a text, not a number`},
		{"number for a duration", "reconnect: 30\n", `:1:12: reconnect must be a duration like 30s, not a number`},
		{"bad duration", "reconnect: 30 sec\n", `:1:12: reconnect is "30 sec": it is a duration like 30s, 5m or 1h30m`},
		{"negative duration", "timeout: -5s\n", `:1:10: timeout is "-5s": a duration cannot be negative`},
		{"bad choice", "preview: sometimes\n", `:1:10: preview is "sometimes": it is one of auto, always, never`},
		{"mapping for a list", "registry: {a: b}\n", `:1:11: registry must be a list of texts, not a mapping`},
		{"number in a list", "registry: [a, 1]\n", `:1:15: registry must be a list of texts, not of a number`},
		{"list for a section", "inpaint: [a]\n", `:1:10: inpaint must be a mapping of keys to values, not a list`},
		{"list for the file", "- a\n", `:1:1: the file must be a mapping of keys to values, not a list`},
		{"no address", "backends:\n  a: {username: u}\n", `:2:3: backends.a has no url`},
		{"text for a switch", "backends:\n  a: {url: http://a, insecure: maybe}\n", `:2:32: backends.a.insecure must be true or false, not a text`},
		{"no workflow", "presets:\n  p: {character: c}\n", `:2:3: presets.p has no workflow`},
		{"not YAML", "a: [\n", `:1:4: sequence end token ']' not found`},
		{"twice", "out: a\nout: b\n", `:2:1: mapping key "out" already defined at [1:1]`},
		{"empty text", "out: ''\n", `:1:6: out is "": it cannot be empty; the default is ./outputs`},
		{"octal or decimal", "presets:\n  p: {workflow: w, params: {seed: 017}}\n", `:2:35: presets.p.params.seed: 017 is another number in YAML 1.1 than in 1.2; write it without the leading zero`},
		{"two documents", "out: a\n---\nout: b\n", `:3:1: a second YAML document; a file is one`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t).user(t, tt.text)
			_, err := Load(p.options())
			got := "no error"
			if err != nil {
				got = err.Error()
			}
			if want := p.userFile() + tt.want; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestAllMistakesAreListed(t *testing.T) {
	t.Parallel()
	p := newPlace(t).inProject(t, "bakend: x\npreview: no\nallow_origins: [http://a]\n")
	_, err := Load(p.options())
	f := p.projectFile()
	want := f + `:1:1: unknown key "bakend"; did you mean "backend"?` + "\n" +
		f + `:2:10: preview is "no": it is one of auto, always, never` + "\n" +
		f + `:3:1: allow_origins counts only in your own settings or as EASEL_ALLOW_ORIGINS, not in a project's file`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestHomeIsExpandedAsShellsDo(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	cfg := &Config{getenv: func(string) string { return home }}
	for p, want := range map[string]string{
		"~": home, "~/art": home + "/art", "~/art/": home + "/art/", "~anna/art": "~anna/art", "art/~": "art/~", "": "",
	} {
		if got := cfg.ExpandHome(p); got != want {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
}

func TestVariablesAreChecked(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.env["EASEL_TIMEOUT"] = "soon"
	_, err := Load(p.options())
	want := `EASEL_TIMEOUT is "soon": it is a duration like 30s, 5m or 1h30m`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	opts := newPlace(t).options()
	opts.Flags = map[string]string{"prevew": "x"}
	if _, err := Load(opts); err == nil || err.Error() != `unknown setting "prevew"; did you mean "preview"?` {
		t.Errorf("unknown flag: %v", err)
	}
}

func TestEnvironIsAsked(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	cfg, err := Load(Options{WorkDir: home, Environ: []string{"HOME=" + home, "EASEL_OUT=a", "EASEL_OUT=b"}})
	if err != nil || cfg.Out != "b" {
		t.Errorf("out %q, error %v", cfg.Out, err)
	}
	if _, err := Load(Options{WorkDir: home, Environ: []string{}}); err == nil {
		t.Error("no home folder is no error")
	}
	cfg, err = Load(Options{WorkDir: home, Environ: []string{"HOME=" + home, "XDG_DATA_HOME=relative"}})
	if err != nil || cfg.DataDir == filepath.Join("relative", "easel") {
		t.Errorf("a relative XDG folder is used: %s, %v", cfg.DataDir, err)
	}
}

// A project's file may be a link to /dev/zero.
func TestNoMoreOfAFileIsReadThanItTakesToRefuseIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "easel.yaml")
	write(t, path, "")
	if err := os.Truncate(path, 2*maxFile); err != nil {
		t.Fatal(err)
	}
	data, err := readFile(path)
	if err != nil || len(data) > maxFile+1 {
		t.Errorf("%d bytes were read, %v", len(data), err)
	}
	if _, err := readLayer(data, path, Project); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error %v", err)
	}
}
