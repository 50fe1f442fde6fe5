package cmd

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

func TestAbout(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"0.3.44": 4, "0.3.45": 3, "0.3.57": 2, "0.3.75": 2, "0.3.76": 1, "0.27.9": 1, "0.28.0": 0, "1.0.0": 0, "": 0} {
		if got := about(comfy.Info{Version: version}); len(got) != want {
			t.Errorf("%q: %d advisories, want %d: %v", version, len(got), want, got)
		}
	}
}

func TestClockWords(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]string{
		time.Second: "agrees with this machine's", -time.Second: "agrees with this machine's",
		time.Minute: "1 min ahead of this machine's", -2 * time.Hour: "2 h behind this machine's",
	} {
		if got := clockWords(ahead); got != want {
			t.Errorf("%s: %q, want %q", ahead, got, want)
		}
	}
}

func TestDoctorJSON(t *testing.T) {
	t.Parallel()
	_, stdout, _ := runEasel(t, "doctor", "--json")
	var found []finding
	if err := json.Unmarshal([]byte(stdout), &found); err != nil || len(found) < 5 {
		t.Errorf("%v: %s", err, stdout)
	}
}
