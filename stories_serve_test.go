package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// startServe runs `easel serve` on a free port of this machine until the story
// ends, and keeps its address: serve VARIABLE [FLAGS...].
func startServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve VARIABLE [FLAGS...]")
	}
	bin, err := exec.LookPath("easel")
	for _, dir := range strings.Split(ts.Getenv("PATH"), ":") {
		if p, e := exec.LookPath(dir + "/easel"); e == nil {
			bin, err = p, nil
			break
		}
	}
	ts.Check(err)
	cmd := exec.Command(bin, append([]string{"serve", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	storyDatabase(ts)
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "EASEL_DATABASE"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var said strings.Builder
	cmd.Stderr = &said
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill() // it may be gone
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("easel serve: %v\n%s", err, said.String())
	}
	ts.Setenv(args[0], strings.TrimSpace(line))
}

// storyDatabase gives the story a database of PostgreSQL, where all tests use that.
func storyDatabase(ts *testscript.TestScript) {
	if !jobstest.OnPostgres() || ts.Getenv("EASEL_DATABASE") != "" {
		return
	}
	address, drop, err := jobstest.Create(os.Getenv("EASEL_TEST_POSTGRES"))
	ts.Check(err)
	ts.Defer(func() { ts.Check(drop()) })
	ts.Setenv("EASEL_DATABASE", address)
	ts.Check(ts.Exec("easel", "db", "migrate"))
}
