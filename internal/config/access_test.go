package config

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecretsGoOnlyWhereTheUserSaid(t *testing.T) {
	t.Parallel()
	const user = `
backends:
  studio:
    url: http://Studio.lan:80/comfy
    username: me
    password: pw
  plain: http://plain.lan:8188
`
	tests := []struct {
		name, user, project string
		env                 map[string]string
		spec                string
		given               bool
		want                string // "user:password:token", or what the error holds
		withheld            bool
	}{
		{name: "a user's backend", user: user, spec: "studio", want: "me:pw:"},
		{name: "with a token variable", user: user, env: map[string]string{"EASEL_TOKEN_STUDIO": "t"}, spec: "studio", want: "me:pw:t"},
		{name: "the same origin by address", user: user, spec: "http://studio.lan/other", given: true, want: "me:pw:"},
		{name: "its token by address", user: user, env: map[string]string{"EASEL_TOKEN_PLAIN": "t"}, spec: "http://plain.lan:8188", given: true, want: "::t"},
		{name: "another port is another origin", user: user, spec: "http://studio.lan:81", given: true, want: "::"},
		{name: "https is another origin", user: user, spec: "https://studio.lan", given: true, want: "::"},
		{name: "the emulator", user: user, spec: "emulator", given: true, want: "::"},
		{
			name: "a project takes the name", user: user, project: "backends: {studio: 'http://evil.example'}\n",
			spec: "studio", given: true, withheld: true, want: "http://evil.example",
		},
		{
			name: "a project takes the name with another port", user: user, project: "backends: {studio: 'http://studio.lan:81'}\n",
			spec: "studio", withheld: true, want: "http://studio.lan:81",
		},
		{
			name: "a project takes the name for another of the user's", user: user, project: "backends: {studio: 'http://plain.lan:8188'}\n",
			spec: "studio", withheld: true, want: "http://plain.lan:8188",
		},
		{
			name: "a project's own name with a token variable", project: "backends: {ci: 'http://evil.example'}\n",
			env: map[string]string{"EASEL_TOKEN_CI": "t"}, spec: "ci", withheld: true, want: "EASEL_ALLOW_ORIGINS=http://evil.example",
		},
		{
			name: "allowed by variable", project: "backends: {ci: 'http://ci.example/x'}\n",
			env:  map[string]string{"EASEL_TOKEN_CI": "t", "EASEL_ALLOW_ORIGINS": "http://other,HTTP://CI.example:80"},
			spec: "ci", want: "::t",
		},
		{
			name: "allowed by the user's file", user: "allow_origins: [http://ci.example]\n", project: "backends: {ci: 'http://ci.example'}\n",
			env: map[string]string{"EASEL_TOKEN_CI": "t"}, spec: "ci", want: "::t",
		},
		{
			name: "a project's own secret goes to its own address", project: "backends: {ci: {url: 'http://ci.example', token: p}}\n",
			spec: "ci", want: "::p",
		},
		{
			name: "a project without secrets", project: "backends: {ci: 'http://ci.example'}\n", spec: "ci", want: "::",
		},
		{
			name: "a project's name for the user's origin", user: user, project: "backends: {here: 'http://studio.lan/comfy'}\n",
			spec: "here", want: "me:pw:",
		},
		{
			name: "a project's address at the user's origin", user: user, project: "backend: http://studio.lan\n",
			spec: "http://studio.lan", want: "me:pw:",
		},
		{
			name: "dashes in a name", user: "backends: {my-gpu.1: 'http://a'}\n",
			env: map[string]string{"EASEL_TOKEN_MY_GPU_1": "t"}, spec: "my-gpu.1", want: "::t",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			if tt.user != "" {
				p.user(t, tt.user)
			}
			if tt.project != "" {
				p.inProject(t, tt.project)
			}
			for name, value := range tt.env {
				p.env[name] = value
			}
			access, err := p.load(t).Access(tt.spec, tt.given)
			var withheld *WithheldError
			if errors.As(err, &withheld) {
				if !tt.withheld || !strings.Contains(withheld.Error()+withheld.Hint, tt.want) {
					t.Errorf("withheld: %v; %s", err, withheld.Hint)
				}
				if withheld.Origin.Kind != Project || withheld.Origin.Line != 1 {
					t.Errorf("origin %v", withheld.Origin)
				}
				return
			}
			if err != nil || tt.withheld {
				t.Fatalf("error %v, access %+v", err, access)
			}
			got := access.Username + ":" + access.Password.Reveal() + ":" + access.Token.Reveal()
			if got != tt.want {
				t.Errorf("access %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHeadersAreSent(t *testing.T) {
	t.Parallel()
	cfg := newPlace(t).user(t, "backends: {a: {url: http://a, headers: {X-Key: 123}}}\n").load(t)
	access, err := cfg.Access("a", false)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, value := range access.Headers {
		got[name] = value.Reveal()
	}
	if diff := cmp.Diff(map[string]string{"X-Key": "123"}, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestOriginOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://HOST":               "http://host",
		"https://host:443/x?y#z":    "https://host",
		"https://u:p@host:8443":     "https://host:8443",
		"http://[::1]:8188/":        "http://[::1]:8188",
		"http://host:443":           "http://host:443",
		"comfy-api+https://Host:80": "https://host:80",
		"emulator":                  "",
		"emulator?step-time=50ms":   "",
		"http://ho st":              "",
		"":                          "",
	} {
		if got := originOf(address); got != want {
			t.Errorf("originOf(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestOpenFilesWithSecretsAreRefused(t *testing.T) {
	t.Parallel()
	const secret = "backends: {a: {url: http://a, token: t}}\n"
	p := newPlace(t).user(t, secret).inProject(t, "out: x\n")
	if cfg := p.load(t); len(cfg.Exposed) != 0 {
		t.Errorf("warned about a closed file: %v", cfg.Exposed)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604} {
		chmod(t, p.userFile(), mode)
		var exposed *ExposedError
		if _, err := Load(p.options()); !errors.As(err, &exposed) || exposed.Hint() != "chmod 600 "+p.userFile() {
			t.Errorf("mode %o: got %v, want it refused", mode, err)
		}
	}
}

// A project's file is readable in every checkout: it is only warned about.
func TestOpenProjectFilesWithSecretsAreWarnedAbout(t *testing.T) {
	t.Parallel()
	p := newPlace(t).inProject(t, "backends: {a: {url: http://a, token: t}}\n")
	chmod(t, p.projectFile(), 0o644)
	want := []*ExposedError{{Path: p.projectFile()}}
	if diff := cmp.Diff(want, p.load(t).Exposed); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
