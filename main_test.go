package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-7d77cb5c/easel/cmd"
)

var update = flag.Bool("update", false, "rewrite the expected outputs inside the stories")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"easel": func() { os.Exit(cmd.Main(cmd.Build{Version: "0.0.0-test"})) },
	})
}

// TestStories runs testdata/script/*.txtar: each reads like a page of a manual
// and runs the real command line in a process of its own.
func TestStories(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, ".home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
			env.Setenv("GORACE", "atexit_sleep_ms=50") // else each command waits 1 s for late reports
			env.Setenv("MEDIA", filepath.Join(root, "internal", "media", "testdata"))
			env.Setenv("TESTDATA", filepath.Join(root, "testdata"))
			if url := os.Getenv("EASEL_TEST_COMFYUI"); url != "" {
				env.Setenv("EASEL_TEST_COMFYUI", url)
			}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "comfyui":
				return os.Getenv("EASEL_TEST_COMFYUI") != "", nil
			case "root": // whom no mode of a file keeps out
				return os.Geteuid() == 0, nil
			}
			return false, nil
		},
		Cmds: commands,
	})
}
