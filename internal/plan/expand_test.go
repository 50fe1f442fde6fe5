package plan

import (
	"math"
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
)

func TestWrapSeed(t *testing.T) {
	t.Parallel()
	limited := &registry.Parameter{Type: registry.TypeSeed, Min: "10", Max: "12"}
	open := &registry.Parameter{Type: registry.TypeSeed}
	for _, tt := range []struct {
		name  string
		param *registry.Parameter
		seed  uint64
		step  uint64
		want  uint64
	}{
		{"counts up", open, 7, 3, 10},
		{"wraps at 2^64", open, math.MaxUint64, 1, 0},
		{"wraps in its range", limited, 11, 2, 10},
		{"goes round more than once", limited, 10, 7, 11},
	} {
		if got := wrapSeed(tt.seed, tt.step, tt.param); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
