package cmd

import (
	"os"
	"path/filepath"
	"testing"

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
