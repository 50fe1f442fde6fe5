package cmd

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

func podsOf(t *testing.T, pods ...runpodtest.Pod) *account {
	t.Helper()
	return newAccount(t, runpodtest.Options{Pods: pods})
}

var studio = runpodtest.Pod{ID: "7h9k2m4n6p", Name: "studio", Status: "RUNNING", Cost: 0.69}

func stoppedStudio() runpodtest.Pod {
	p := studio
	p.Status, p.Boot, p.Silent = "EXITED", 1, 1
	return p
}

// The account's pods with prices, and nothing of their environment.
func TestPodsList(t *testing.T) {
	t.Parallel()
	a := podsOf(t, studio, runpodtest.Pod{ID: "abc", Name: "old", Status: "EXITED", Cost: 0.3})
	code, out, errs := a.easel(t, "runpod", "pods", "list")
	if code != 0 || out != "7h9k2m4n6p\tstudio\trunning\tNVIDIA GeForce RTX 4090\t0.69\trunpod/comfyui:latest\n"+
		"abc\told\texited\tNVIDIA GeForce RTX 4090\t-\trunpod/comfyui:latest\n" || !strings.Contains(errs, "0.69 USD per hour together") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
	if _, out, _ = a.easel(t, "runpod", "pods", "list", "--jq", ".[0] | [.backend, .usd_per_hour] | tojson"); out != `["pod://7h9k2m4n6p",0.69]`+"\n" {
		t.Error(out)
	}
	if _, out, _ = a.easel(t, "runpod", "endpoints", "list"); out != "abc123\tpictures\t0 to 3\t1.10\trunpod/worker-comfyui:5.8.5-base\n" {
		t.Error(out)
	}
	if code, _, errs = a.easel(t, "runpod", "endpoints", "show", "abc132"); code != problem.ExitUnreachable || !strings.Contains(errs, "did you mean abc123?") {
		t.Errorf("%d\n%s", code, errs)
	}
}

// A run on a pod goes by the proxy, which is never shown the key; a pod that ran
// before is not stopped, and what it costs is said.
func TestRunOnPod(t *testing.T) {
	t.Parallel()
	a := podsOf(t, studio)
	for _, word := range []string{"studio", "7h9k2m4n6p:8188"} {
		code, out, errs := a.generate(t, "--backend", "pod://"+word, "--stop-after")
		if code != 0 || !strings.HasSuffix(out, ".png\n") || !strings.Contains(errs, "ran before, so it is not stopped: it costs 0.69 USD per hour") {
			t.Errorf("%d\n%s\n%s", code, out, errs)
		}
	}
	if a.server.PodStatus(studio.ID) != "RUNNING" {
		t.Error("it was stopped")
	}
	for _, r := range a.server.Seen("proxy") {
		if r.Authorization != "" {
			t.Fatalf("the proxy was shown %q", r.Authorization)
		}
	}
}

// A pipeline pays for what it uses: started, awaited until ComfyUI answers, used,
// stopped.
func TestStartAndStopPod(t *testing.T) {
	t.Parallel()
	a := podsOf(t, stoppedStudio())
	code, _, errs := a.generate(t, "--backend", "pod://studio")
	if code != problem.ExitUnreachable || !strings.Contains(errs, "pod studio is exited") || !strings.Contains(errs, "--start-pod") {
		t.Errorf("%d\n%s", code, errs)
	}
	code, out, errs := a.generate(t, "--backend", "pod://studio", "--start-pod", "--stop-after=1ms")
	if code != 0 || !strings.HasSuffix(out, ".png\n") {
		t.Fatalf("%d\n%s\n%s", code, out, errs)
	}
	for _, want := range []string{"starting pod studio", "does not answer yet", "pod studio is stopped; it ran for"} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	if got := a.server.PodStatus(studio.ID); got != "EXITED" {
		t.Errorf("the pod is %s", got)
	}
	if files, _ := filepath.Glob(a.home + "/data/easel/pods/*"); len(files) > 0 {
		t.Errorf("%s is left", files)
	}
}

// A batch starts and stops a pod as one run does.
func TestBatchStartsAndStopsPod(t *testing.T) {
	t.Parallel()
	a := podsOf(t, stoppedStudio())
	args := []string{"batch", "flux_single", "a fox", "--sweep", "steps=1,2", "--set", "width=256", "--set", "height=256", "--out", filepath.Join(a.home, "out"), "--backend", "pod://studio"}
	if code, _, errs := a.easel(t, args...); code != problem.ExitUnreachable || !strings.Contains(errs, "--start-pod") {
		t.Errorf("%d\n%s", code, errs)
	}
	code, out, errs := a.easel(t, append(args, "--start-pod", "--stop-after=1ms")...)
	if code != 0 || strings.Count(out, ".png") != 2 || !strings.Contains(errs, "starting pod studio") || !strings.Contains(errs, "pod studio is stopped; it ran for") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
	if got := a.server.PodStatus(studio.ID); got != "EXITED" {
		t.Errorf("the pod is %s", got)
	}
	if code, _, errs = a.easel(t, "batch", "flux_single", "a fox", "--sweep", "steps=1,2", "--out", filepath.Join(a.home, "out2"), "--backend", "emulator", "--start-pod"); code != problem.ExitUsage || !strings.Contains(errs, "are for pods") {
		t.Errorf("%d\n%s", code, errs)
	}
}

// Without --stop-after it goes on, and the last lines say so and how to end it.
func TestPodGoesOn(t *testing.T) {
	t.Parallel()
	a := podsOf(t, stoppedStudio())
	code, _, errs := a.generate(t, "--backend", "pod://studio", "--start-pod")
	if code != 0 || !strings.Contains(errs, "pod studio goes on: it costs 0.69 USD per hour; easel runpod pods stop 7h9k2m4n6p stops it") {
		t.Errorf("%d\n%s", code, errs)
	}
	if code, _, errs = a.easel(t, "runpod", "pods", "stop", "studio"); code != 0 || a.server.PodStatus(studio.ID) != "EXITED" {
		t.Errorf("%d\n%s", code, errs)
	}
}

// A failed run stops the pod that it started, too.
func TestFailedRunStopsItsPod(t *testing.T) {
	t.Parallel()
	a := podsOf(t, stoppedStudio())
	code, _, errs := a.generate(t, "--backend", "pod://studio", "--start-pod", "--stop-after", "--set", "40.scheduler=none")
	if code == 0 || a.server.PodStatus(studio.ID) != "EXITED" && strings.Contains(errs, "starting pod") {
		t.Errorf("%d, the pod is %s\n%s", code, a.server.PodStatus(studio.ID), errs)
	}
}

// The next command names a pod that a killed one left running, with its cost.
func TestLeftPodIsNamed(t *testing.T) {
	t.Parallel()
	a := podsOf(t, studio)
	pods := ledger.OpenPods(filepath.Join(a.home, "data", "easel", "pods"))
	left := ledger.StartedPod{ID: studio.ID, Name: "studio", Cost: 0.69, Started: time.Now().Add(-3 * time.Hour), PID: 1 << 30}
	if err := pods.Start(left); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"workflows", "list"}, {"history", "list"}} {
		_, _, errs := a.easel(t, args...)
		if !strings.Contains(errs, "pod studio has run for 3 h") || !strings.Contains(errs, "cost about 2.07 USD") {
			t.Errorf("%s: %s", args, errs)
		}
	}
	if code, _, errs := a.easel(t, "runpod", "pods", "stop", studio.ID); code != 0 || !strings.Contains(errs, "stopped and cost about 2.07 USD") {
		t.Errorf("%d\n%s", code, errs)
	}
	if _, _, errs := a.easel(t, "workflows", "list"); errs != "" {
		t.Error(errs)
	}
}

func TestPodFailures(t *testing.T) {
	t.Parallel()
	silent, full, locked := studio, stoppedStudio(), studio
	silent.Silent, full.NoGPU, locked.Locked = 1000, true, true
	for name, test := range map[string]struct {
		pod  runpodtest.Pod
		args []string
		exit int
		says string
	}{
		"unknown": {studio, []string{"runpod", "pods", "stop", "studi"}, problem.ExitUnreachable, "did you mean studio?"},
		"no GPU":  {full, []string{"runpod", "pods", "start", "studio"}, problem.ExitUnreachable, "not enough free GPUs"},
		"locked":  {locked, []string{"runpod", "pods", "stop", "studio"}, problem.ExitUnreachable, "unlock it"},
		"silent":  {silent, []string{"generate", "flux_single", "x", "--backend", "pod://studio", "--reconnect", "1s"}, problem.ExitUnreachable, "did not answer on port 8188"},
		"no pod":  {studio, []string{"generate", "flux_single", "x", "--backend", "emulator", "--start-pod"}, problem.ExitUsage, "are for pods"},
		"form":    {studio, []string{"generate", "flux_single", "x", "--backend", "pod://studio:port"}, problem.ExitUsage, "pod://ID_OR_NAME[:8188]"},
		"stopped": {full, []string{"runpod", "pods", "wait", "studio"}, problem.ExitUnreachable, "pod studio is exited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := podsOf(t, test.pod)
			if code, _, errs := a.easel(t, test.args...); code != test.exit || !strings.Contains(errs, test.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, test.exit, test.says, errs)
			}
		})
	}
}
