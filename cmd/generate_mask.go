package cmd

import (
	"context"
	"image"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/dirstore"
	"github.com/seed-7d77cb5c/easel/registry"
)

// maskOptions are the mask flags of a workflow that takes a mask.
type maskOptions struct {
	spec    run.MaskSpec
	preview string
}

// maskAnnotation marks the mask flags, for help.
const maskAnnotation = "easel_mask"

// defaultTolerance of --mask-color: what saving as JPEG changes at most.
const defaultTolerance = 16

// maskNames are the flags that only a workflow with a mask has.
func maskNames() []string {
	f := pflag.NewFlagSet("mask", pflag.ContinueOnError)
	new(maskOptions).addFlags(f)
	names := []string{"mask"}
	f.VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

func (o *maskOptions) addFlags(f *pflag.FlagSet) {
	s := &o.spec
	own := pflag.NewFlagSet("mask", pflag.ContinueOnError)
	own.SortFlags = false
	own.StringArrayVar(&s.Rects, "mask-rect", nil, "repaint a rectangle `X,Y,W,H`, each in pixels or percent (repeatable)")
	own.StringArrayVar(&s.Ellipses, "mask-ellipse", nil, "repaint the ellipse inside `X,Y,W,H` (repeatable)")
	own.StringVar(&s.Color, "mask-color", "", "repaint where the picture has a `COLOUR`: '#ff00ff'")
	own.Uint8Var(&s.Tolerance, "mask-tolerance", defaultTolerance, "how far red, green and blue may be from --mask-color, `N` of 255")
	own.BoolVar(&s.Alpha, "mask-alpha", false, "repaint where the picture is transparent")
	own.BoolVar(&s.Invert, "mask-invert", false, "keep what the mask selects and repaint the rest")
	own.IntVar(&s.Grow, "mask-grow", 0, "widen the mask by `PX` pixels; below 0 narrows it")
	own.IntVar(&s.Feather, "mask-feather", 0, "soften the mask's edge over `PX` pixels to each side")
	own.StringVar(&s.Expand, "expand", "", "enlarge the picture and paint what is new: `left=256,bottom=10%`")
	own.BoolVar(&s.Whole, "mask-whole", false, "show the model the whole of a large picture, not what is around the mask")
	own.StringVar(&o.preview, "mask-preview", "", "write the mask over the picture to a PNG `FILE`, before anything runs")
	own.VisitAll(func(flag *pflag.Flag) {
		flag.Annotations = map[string][]string{maskAnnotation: {flag.Name}}
		if f.Lookup(flag.Name) == nil { // a parameter of that name goes first
			f.AddFlag(flag)
		}
	})
}

// request is what the flags ask for; nil when they ask for nothing.
func (o *maskOptions) request() *run.MaskSpec {
	s := o.spec
	if s.Color == "" {
		s.Tolerance = 0
	}
	if !s.Draws() && !s.Invert && !s.Whole && s.Grow == 0 && s.Feather == 0 {
		return nil
	}
	return &s
}

// addMaskFlags adds --mask, whatever the mask parameter is called, and the ways
// to draw a mask.
func (o *generateOptions) addMaskFlags(f *pflag.FlagSet, p *registry.Parameter) {
	if f.Lookup("mask") == nil {
		flag := f.VarPF(&paramFlag{param: p, opts: o}, "mask", "", paramUsage(p))
		flag.Annotations = map[string][]string{maskAnnotation: {"mask"}}
	}
	o.mask.addFlags(f)
}

// isMaskFlag reports whether a flag exists on workflows that take a mask.
func isMaskFlag(name string) bool { return slices.Contains(maskNames(), name) }

// writeMaskPreview writes --mask-preview for the first run of a plan.
func (o *generateOptions) writeMaskPreview(ctx context.Context, runner *run.Runner, plan []run.Request) error {
	if o.mask.preview == "" {
		return nil
	}
	img, err := runner.MaskPreview(ctx, plan[0])
	if err != nil {
		return err
	}
	return writePNG(ctx, o.app.shown(o.mask.preview), img, o.output.force)
}

// writePNG writes a picture, whole or not at all; an existing file only by
// force.
func writePNG(ctx context.Context, path string, img image.Image, force bool) error {
	st, err := dirstore.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer st.Close()
	w, err := st.Create(ctx)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := media.Encode(w, img); err != nil {
		return err
	}
	_, err = w.Commit(ctx, filepath.Base(path), storage.CommitOptions{Replace: force, MediaType: "image/png"})
	return err
}
