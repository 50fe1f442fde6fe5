package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestVariedMask(t *testing.T) {
	t.Parallel()
	recorded := run.MaskSpec{Rects: []string{"0,0,5,5"}, Color: "#fff", Tolerance: 9, Grow: 4, Feather: 8, Invert: true}
	for _, tt := range []struct {
		name string
		args []string
		want run.MaskSpec
	}{
		{"nothing changes", nil, recorded},
		{"only softer", []string{"--mask-feather", "2"}, run.MaskSpec{Rects: recorded.Rects, Color: "#fff", Tolerance: 9, Grow: 4, Feather: 2, Invert: true}},
		{"to nothing", []string{"--mask-feather", "0", "--mask-grow", "0", "--mask-invert=false"}, run.MaskSpec{Rects: recorded.Rects, Color: "#fff", Tolerance: 9}},
		{"another place", []string{"--mask-ellipse", "1,1,2,2"}, run.MaskSpec{Ellipses: []string{"1,1,2,2"}, Grow: 4, Feather: 8, Invert: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := &generateOptions{given: pflag.NewFlagSet("test", pflag.ContinueOnError)}
			o.mask.addFlags(o.given)
			if err := o.given.Parse(tt.args); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, o.variedMask(recorded)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
