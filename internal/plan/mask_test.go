package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestVary(t *testing.T) {
	t.Parallel()
	recorded := run.MaskSpec{Rects: []string{"0,0,5,5"}, Color: "#fff", Tolerance: 9, Grow: 4, Feather: 8, Invert: true}
	for _, tt := range []struct {
		name  string
		asked *Mask
		want  run.MaskSpec
	}{
		{"nothing changes", nil, recorded},
		{"only softer", &Mask{Feather: new(2)}, run.MaskSpec{Rects: recorded.Rects, Color: "#fff", Tolerance: 9, Grow: 4, Feather: 2, Invert: true}},
		{"to nothing", &Mask{Feather: new(0), Grow: new(0), Invert: new(false)}, run.MaskSpec{Rects: recorded.Rects, Color: "#fff", Tolerance: 9}},
		{"another place", &Mask{Ellipses: []string{"1,1,2,2"}}, run.MaskSpec{Ellipses: []string{"1,1,2,2"}, Grow: 4, Feather: 8, Invert: true}},
		{"another colour", &Mask{Color: new("#f0f")}, run.MaskSpec{Color: "#f0f", Tolerance: DefaultTolerance, Grow: 4, Feather: 8, Invert: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(&tt.want, tt.asked.Vary(RecordedMask(recorded)).Spec()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a flag says of a mask wins over the request, part by part.
func TestMaskOver(t *testing.T) {
	t.Parallel()
	got := (&Mask{Ellipses: []string{"1,1,2,2"}, Grow: new(0)}).over(&Mask{Rects: []string{"0,0,5,5"}, Grow: new(4), Feather: new(8)})
	want := &run.MaskSpec{Rects: []string{"0,0,5,5"}, Ellipses: []string{"1,1,2,2"}, Feather: 8}
	if diff := cmp.Diff(want, got.Spec()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
