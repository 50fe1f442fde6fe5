package cmd

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/registry"
)

// The script does what it says: it goes on where it stopped, skips what is
// there, and puts files into their folders, whatever they are called.
func TestNeedsScriptDownloads(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("without %s: %v", tool, err)
		}
	}
	content := strings.Repeat("model ", 1000)
	var ranges []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.URL.Path+" "+r.Header.Get("Range")+r.Header.Get("Authorization"))
		http.ServeContent(w, r, "x", time.Time{}, strings.NewReader(content))
	}))
	defer srv.Close()

	root := t.TempDir()
	loras := filepath.Join(root, "models", "loras")
	if err := os.MkdirAll(loras, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"half.safetensors.part": content[:100], "there.safetensors": "mine"} {
		if err := os.WriteFile(filepath.Join(loras, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := shellScript([]string{"w\nrm -rf $HOME"}, []registry.Model{
		{Folder: "loras", File: "half.safetensors", URL: srv.URL + "/half"},
		{Folder: "loras", File: "there.safetensors", URL: srv.URL + "/there"},
		{Folder: "checkpoints", File: "sub/it's $(touch x).safetensors", URL: srv.URL + "/new"},
		{Folder: "vae", File: "byhand.safetensors", Page: "https://example.org/it's"},
	})
	c := exec.Command("sh")
	c.Dir, c.Stdin = root, strings.NewReader(script)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "COMFYUI=" + root, "HF_TOKEN=secret"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, script)
	}
	for file, want := range map[string]string{
		"loras/half.safetensors": content, "loras/there.safetensors": "mine", "checkpoints/sub/it's $(touch x).safetensors": content,
	} {
		if got, err := os.ReadFile(filepath.Join(root, "models", file)); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", file, len(got), err)
		}
	}
	if got := strings.Join(ranges, ", "); got != "/half bytes=100-, /new " {
		t.Errorf("requests %q", got)
	}
	if !strings.Contains(string(out), "vae/byhand.safetensors: get it from https://example.org/it's") {
		t.Errorf("said %s", out)
	}
}

// A token goes to Hugging Face only, and not by arguments, which everybody on a machine can see.
func TestNeedsScriptHidesItsToken(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("without sh: %v", err)
	}
	root := t.TempDir()
	curl := "#!/bin/sh\necho \"arguments $*\" >>\"$COMFYUI/log\"\ncat >>\"$COMFYUI/log\"\nwhile [ \"$1\" != --output ]; do shift; done\n: >\"$2\"\n"
	if err := os.WriteFile(filepath.Join(root, "curl"), []byte(curl), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "models"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh")
	c.Dir, c.Stdin = root, strings.NewReader(shellScript([]string{"w"}, []registry.Model{
		{Folder: "vae", File: "a", URL: "https://huggingface.co/a"}, {Folder: "vae", File: "b", URL: "https://huggingface.co.example.org/b"},
	}))
	c.Env = []string{"PATH=" + root + ":" + os.Getenv("PATH"), "COMFYUI=" + root, "HF_TOKEN=CANARY"}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.ReadFile(filepath.Join(root, "log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(log), "\n")
	if len(lines) != 5 || strings.Contains(lines[0]+lines[2], "CANARY") || lines[1] != `header = "Authorization: Bearer CANARY"` || lines[3] != "" {
		t.Errorf("curl got\n%s", log)
	}
}

func TestNeedsRefusesPlacesElsewhere(t *testing.T) {
	t.Parallel()
	wf := &registry.Workflow{ID: "w"}
	for _, tc := range []struct {
		model registry.Model
		ok    bool
	}{
		{registry.Model{Folder: "loras", File: "a/b.safetensors", URL: "https://example.org/x"}, true},
		{registry.Model{Folder: "loras", File: "../b.safetensors"}, false},
		{registry.Model{Folder: "..", File: "b.safetensors"}, false},
		{registry.Model{Folder: "loras", File: "/etc/passwd"}, false},
		{registry.Model{Folder: "loras", File: `c:\x`}, false},
		{registry.Model{Folder: "loras", File: "a/../../b"}, false},
		{registry.Model{Folder: "loras", File: "b", URL: "file:///etc/passwd"}, false},
		{registry.Model{Folder: "loras", File: "b", URL: "--upload-file x"}, false},
		{registry.Model{Folder: "loras", File: "b", Page: "javascript:x"}, false},
	} {
		if err := checkModel(wf, tc.model); (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc.model, err)
		}
	}
}
