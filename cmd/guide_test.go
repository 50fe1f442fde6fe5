package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
)

// The five steps of docs/backends.md, as they stand there, lead from a RunPod account to
// a picture.
func TestFiveStepsToTheFirstPicture(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/backends.md")
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(guide), "## From a RunPod account to the first picture")
	steps, _, _ = strings.Cut(steps, "\n## ")
	a := newAccount(t, runpodtest.Options{Pods: []runpodtest.Pod{{ID: "pod1", Name: "NAME", Status: "RUNNING"}}, Endpoint: "ENDPOINT_ID"})
	for i, v := range a.env {
		if strings.HasPrefix(v, "RUNPOD_API_KEY=") {
			a.env[i] = "RUNPOD_API_KEY="
		}
		if strings.HasPrefix(v, "XDG_CONFIG_HOME=") {
			a.env[i] = "XDG_CONFIG_HOME=" + t.TempDir() // where the key is kept
		}
	}
	ran := 0
	for _, m := range regexp.MustCompile("(?s)`easel ([^`]+)`").FindAllStringSubmatch(steps, -1) {
		line := strings.Join(strings.Fields(m[1]), " ")
		stdin := ""
		if line == "auth set runpod" {
			line, stdin = line+" --file", canary+"\n" // this machine's keyring stays as it is
		}
		var args []string
		for _, w := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1) {
			args = append(args, strings.Trim(w, `"`))
		}
		if args[0] == "generate" {
			args = append(args, small...)
		}
		if code, errs := a.typed(t, stdin, args...); code != 0 {
			t.Errorf("easel %s: exit %d\n%s", line, code, errs)
		}
		ran++
	}
	if pictures, err := os.ReadDir(a.home + "/outputs"); err != nil || len(pictures) == 0 || ran < 9 {
		t.Errorf("%d commands left %v, %v", ran, pictures, err)
	}
}
