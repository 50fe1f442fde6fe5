package cmd

import (
	"context"
	"image"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// maskOptions are the mask flags of a workflow that takes a mask.
type maskOptions struct {
	spec    run.MaskSpec
	preview string
}

// maskAnnotation marks the mask flags, for help.
const maskAnnotation = "easel_mask"

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
	own.Uint8Var(&s.Tolerance, "mask-tolerance", plan.DefaultTolerance, "how far red, green and blue may be from --mask-color, `N` of 255")
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

// given is what the flags say of the mask; nil when they say nothing.
func (o *maskOptions) given(changed func(flag string) bool) *plan.Mask {
	s := &o.spec
	m := plan.Mask{Rects: s.Rects, Ellipses: s.Ellipses}
	m.Color, m.Tolerance = ifGiven(changed("mask-color"), &s.Color), ifGiven(changed("mask-tolerance"), &s.Tolerance)
	m.Alpha, m.Invert = ifGiven(changed("mask-alpha"), &s.Alpha), ifGiven(changed("mask-invert"), &s.Invert)
	m.Grow, m.Feather = ifGiven(changed("mask-grow"), &s.Grow), ifGiven(changed("mask-feather"), &s.Feather)
	m.Expand, m.Whole = ifGiven(changed("expand"), &s.Expand), ifGiven(changed("mask-whole"), &s.Whole)
	if reflect.ValueOf(m).IsZero() {
		return nil
	}
	return &m
}

func ifGiven[T any](given bool, value *T) *T {
	if given {
		return value
	}
	return nil
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

// writeMaskPreview writes --mask-preview for the first run.
func (o *generateOptions) writeMaskPreview(ctx context.Context, runner *run.Runner, requests []run.Request) error {
	if o.mask.preview == "" {
		return nil
	}
	img, err := runner.MaskPreview(ctx, requests[0])
	if err != nil {
		return err
	}
	return o.app.writePNG(ctx, o.app.shown(o.mask.preview), img, o.output.force)
}

// writePNG writes a picture, whole or not at all; an existing file only by
// force.
func (a *app) writePNG(ctx context.Context, path string, img image.Image, force bool) error {
	st, err := a.openStore(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer st.Close()
	w, err := st.Create(ctx, storage.Object{Name: filepath.Base(path), Replace: force, MediaType: "image/png"})
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := media.Encode(w, img); err != nil {
		return err
	}
	_, err = w.Commit(ctx, filepath.Base(path))
	return err
}
