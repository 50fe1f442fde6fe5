package run

import (
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Ten steps and nine other nodes' worth of one each would be hard to read:
// this graph weighs ten steps in one node.
const tenSteps = `{"1": {"class_type": "KSampler", "inputs": {"steps": 10}}}`

func TestETA(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		usual  time.Duration
		step   int
		passed time.Duration
		want   time.Duration
	}{
		{"nothing known", 0, 0, time.Second, 0},
		{"its own pace", 0, 5, 10 * time.Second, 10 * time.Second},
		{"only the usual", 30 * time.Second, 0, 4 * time.Second, 26 * time.Second},
		{"a fifth of its own pace at a tenth", 30 * time.Second, 1, 10 * time.Second, (90*time.Second + 4*20*time.Second) / 5},
		{"its own pace from the middle on", 30 * time.Second, 5, 10 * time.Second, 10 * time.Second},
		{"longer than usual", 5 * time.Second, 1, 10 * time.Second, 90 * time.Second},
		{"longer than usual, without a pace", 5 * time.Second, 0, 10 * time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := comfy.ParseGraph([]byte(tenSteps))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(0, 0)
			p := newProgress(g, func() time.Time { return now }, func() time.Duration { return tt.usual })
			if got := p.eta(); got != 0 {
				t.Errorf("%s left before it began", got)
			}
			p.enter("1")
			now = now.Add(tt.passed)
			p.step("1", tt.step, 10)
			if got := p.eta(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
