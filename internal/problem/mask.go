package problem

import (
	"errors"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/registry"
)

// ofMask words what is wrong with a mask that is drawn.
func ofMask(err error, p *Problem) bool {
	var spec *repaint.SpecError
	var empty *repaint.EmptyError
	var picture *repaint.PictureError
	var none *run.NoMaskError
	p.is(CodeInvalidInput)
	switch {
	case errors.As(err, &spec):
		flag := maskFlag(spec.Part)
		p.Message, p.Parameter = flag+": "+spec.Reason, known(flag)
	case errors.As(err, &empty):
		p.Parameter = known("mask")
		p.Hint = "white is painted anew; --mask-preview FILE shows the mask over the picture"
	case errors.As(err, &picture):
		p.Parameter = known(picture.Mask)
		if !picture.Several {
			p.Hint = "give the workflow one with --image"
		}
	case errors.As(err, &none):
		p.Message, p.Parameter = "mask-preview: "+none.Error(), known("mask-preview")
		p.Hint = "give one with --mask FILE or --mask-rect X,Y,W,H"
	default:
		p.is(CodeFailed)
		return false
	}
	return true
}

// maskFlag is the flag, and the parameter of a request, that says a part.
func maskFlag(part repaint.Part) string {
	if part == repaint.PartExpand {
		return string(part)
	}
	return "mask-" + string(part)
}

// adviseOnMask adds to the problems the ways to give the mask that is missing.
func adviseOnMask(e *run.MissingMaskError) []registry.Problem {
	problems := slices.Clone(e.Err.Problems)
	for i := range problems {
		if problems[i].Parameter == e.Parameter {
			problems[i].Hint = "give --mask FILE (white is repainted), or draw one with --mask-rect X,Y,W,H"
		}
	}
	return problems
}
