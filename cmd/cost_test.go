package cmd

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// What a run cost stands in its result: by the settings, by the pod's price, by that
// of the endpoint's worker.
func TestCostOfRuns(t *testing.T) {
	t.Parallel()
	slow := emulator.Options{StepTime: 10 * time.Millisecond}
	server, _ := comfyServer(t, slow)
	a := newAccount(t, runpodtest.Options{Emulator: slow, Pods: []runpodtest.Pod{studio}})
	if code, _, errs := a.easel(t, "backends", "add", "priced", server, "--usd-per-hour", "3600"); code != 0 {
		t.Fatal(errs)
	}
	price := func(args ...string) string {
		t.Helper()
		_, out, errs := a.easel(t, args...)
		if errs != "" {
			t.Fatal(errs)
		}
		return strings.TrimSpace(out)
	}
	for backend, perHour := range map[string]string{
		"priced":          "3600",
		"pod://studio":    price("runpod", "pods", "list", "--jq", ".[0].usd_per_hour"),
		"runpod://abc123": price("runpod", "endpoints", "list", "--jq", ".[0].usd_per_hour"),
	} {
		usd, err := strconv.ParseFloat(perHour, 64)
		if err != nil || usd <= 0 {
			t.Fatalf("%s costs %q", backend, perHour)
		}
		code, out, errs := a.generate(t, "--backend", backend, "--jq", "[.cost.gpu_seconds, .cost.usd] | map(tostring) | join(\" \")")
		if code != 0 {
			t.Fatal(errs)
		}
		var seconds, cost float64
		if words := strings.Fields(strings.Trim(strings.TrimSpace(out), `"`)); len(words) == 2 {
			seconds, _ = strconv.ParseFloat(words[0], 64)
			cost, _ = strconv.ParseFloat(words[1], 64)
		}
		if want := seconds / 3600 * usd; seconds <= 0 || cost < want*0.999 || cost > want*1.001 {
			t.Errorf("%s: %s, want %g USD", backend, out, want)
		}
	}
}

// --max-cost stops before the limit: the run that would pass it is not submitted.
func TestMaxCost(t *testing.T) {
	t.Parallel()
	server, emu := comfyServer(t, emulator.Options{StepTime: 100 * time.Millisecond})
	a := newAccount(t, runpodtest.Options{})
	if code, _, errs := a.easel(t, "backends", "add", "priced", server, "--usd-per-hour", "3600"); code != 0 { // a dollar a second
		t.Fatal(errs)
	}
	if code, _, errs := a.easel(t, "backends", "add", "unpriced", server); code != 0 {
		t.Fatal(errs)
	}
	code, _, errs := a.generate(t, "--backend", "unpriced", "--max-cost", "1")
	if code != problem.ExitUsage || !strings.Contains(errs, "what unpriced costs is not known") || len(emu.Executions()) > 0 {
		t.Errorf("%d\n%s", code, errs)
	}
	// Other seeds each time: what the server has made already costs nothing.
	for seed, backend := range map[string]string{"100": "priced", "200": "priced,http://127.0.0.1:1"} {
		before := len(emu.Executions())
		code, out, errs := a.generate(t, "--backend", backend, "--seed", seed, "--steps", "10", "--count", "9", "--max-cost", "3.5")
		made := len(emu.Executions()) - before
		if code != problem.ExitPartial || !strings.Contains(errs, "it is not submitted") || made == 0 || made > 3 || strings.Count(out, ".png") != made {
			t.Errorf("%s: %d, %d made\n%s\n%s", backend, code, made, out, errs)
		}
	}
	// What such a run takes is known now, so the first one is refused too, and an
	// estimate says so before.
	before := len(emu.Executions())
	if code, _, errs := a.generate(t, "--backend", "priced", "--max-cost", "0.05"); code != problem.ExitPartial || len(emu.Executions()) != before {
		t.Errorf("%d\n%s", code, errs)
	}
	code, out, errs := a.generate(t, "--backend", "priced", "--dry-run", "--jq", ".estimate | .seconds > 0 and .usd > 0")
	if code != 0 || out != "true\n" || !strings.Contains(errs, "such a run takes about") {
		t.Errorf("%d %s\n%s", code, out, errs)
	}
	for _, wrong := range []string{"0", "-1"} {
		if code, _, errs := a.generate(t, "--backend", "priced", "--max-cost="+wrong); code != problem.ExitUsage {
			t.Errorf("%d\n%s", code, errs)
		}
	}
}
