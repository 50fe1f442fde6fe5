package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// The example of easel help config-file is a config file.
func TestConfigFileExample(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(configFileExample), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := runEasel(t, "--config", file, "generate", "@portrait", "a fox", "--dry-run", "--jq", ".character, .parameters.width")
	if code != problem.ExitOK || out != "milan\n640\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
	code, out, errs = runEasel(t, "--config", file, "backends", "list", "--jq", ".[] | .name, .url, .default, .secret")
	if code != problem.ExitOK || out != "studio\nhttp://192.168.1.20:8188\ntrue\ntrue\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
}

// The schema of a request has the keys that a request may have, and no others.
func TestRequestSchema(t *testing.T) {
	t.Parallel()
	code, out, errs := runEasel(t, "help", "request", "--jq", ".properties | keys[]")
	if code != problem.ExitOK {
		t.Fatalf("exit %d, stderr %q", code, errs)
	}
	keys := strings.Fields(out)
	for _, key := range keys {
		_, err := plan.DecodeRequest("r.json", []byte(`{"`+key+`": 1}`))
		if err != nil && strings.Contains(err.Error(), "unknown key") {
			t.Errorf("the schema has %s: %v", key, err)
		}
	}
	known := []string{"workflow_id", "character_id", "prompt", "negative", "input_image", "input_images", "inputs", "params", "count"}
	for _, name := range maskNames() {
		if name != "mask-preview" { // a file of the command line
			known = append(known, strings.ReplaceAll(name, "-", "_"))
		}
	}
	for _, key := range known {
		if !slices.Contains(keys, key) {
			t.Errorf("the schema lacks %s", key)
		}
	}
}
