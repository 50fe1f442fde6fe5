package run

import (
	"context"
	"encoding/json"
	"fmt"
	"image"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
)

// MaskSpec says what of a picture is painted anew.
type MaskSpec = repaint.Spec

// A Repaint is what it takes to put the painted area back into the picture
// when the run is over, in this process or in a later one.
type Repaint struct {
	Image FileRef  `json:"image"`
	Mask  *FileRef `json:"mask,omitempty"` // its mask file
	repaint.Geometry
}

// A FileRef names an input file that is read again after the run.
type FileRef struct {
	Name   string `json:"name"` // a path, absolute; a URL; "-"
	SHA256 string `json:"sha256"`

	source *source // in the process that submitted the run
}

// NoMaskError means that a mask was to be shown where there is none.
type NoMaskError struct{}

func (*NoMaskError) Error() string { return "there is no mask to show" }

// sendMasked prepares picture and mask and adds them to what the run sends.
func (p *Preparation) sendMasked(ctx context.Context, t *Ticket, j *repaint.Job, spec repaint.Spec) (image, mask string, err error) {
	made, err := p.paint(ctx, t, j, spec)
	if err != nil {
		return "", "", err
	}
	again := *made.repaint
	t.Repaint = &again
	picture := t.send(made, j.Image.Param.Name, j.Image.Texts()[0], t.call.FileTargets(j.Image.Param.Name))
	t.Inputs[len(t.Inputs)-1].Original = again.Image.SHA256
	file := picture // which has the mask in its alpha
	if made.mask != nil {
		file = *made.mask
		file.Targets = t.call.FileTargets(j.Mask.Param.Name)
		t.upload(file)
	}
	if !repaint.IsDrawn(j.Mask) {
		t.Inputs = append(t.Inputs, Input{
			Parameter: j.Mask.Param.Name, File: j.Mask.Texts()[0], SHA256: file.SHA256, Original: again.Mask.SHA256,
		})
	}
	return picture.Name, file.Name, nil
}

// paint reads the picture and draws its mask, once for runs that are alike.
func (p *Preparation) paint(ctx context.Context, t *Ticket, j *repaint.Job, spec repaint.Spec) (prepared, error) {
	plan, err := spec.Plan()
	if err != nil {
		return prepared{}, err
	}
	fit := repaint.FitOf(t.call, j.Loader)
	if p.modelPixels > 0 && fit.Pixels > 0 {
		fit.Pixels = p.modelPixels
	}
	form, err := json.Marshal(spec)
	if err != nil {
		return prepared{}, fmt.Errorf("write the mask down: %w", err)
	}
	way := fmt.Sprintf("%s %+v %s %v %q", form, fit, j.Mask.Param.Channel, j.Mask.Param.ViaAlpha, j.Mask.Texts())
	return p.once(keyOf(t, j.Image, j.Image.Texts()[0], way), func() (prepared, error) {
		files, err := p.readMasked(ctx, j)
		if err != nil {
			return prepared{}, err
		}
		painting, err := plan.Paint(fit, j.Mask.Param, files.image.Picture, files.maskPicture())
		if err != nil {
			return prepared{}, err
		}
		return files.encode(painting)
	})
}

// Masked files are a picture and its mask file, if there is one, decoded.
type maskedFiles struct {
	image, mask *picture
}

func (p *Preparation) readMasked(ctx context.Context, j *repaint.Job) (f maskedFiles, err error) {
	if f.image, err = p.source(ctx, j.Image, j.Image.Texts()[0]).picture(ctx); err != nil || repaint.IsDrawn(j.Mask) {
		return f, err
	}
	f.mask, err = p.source(ctx, j.Mask, j.Mask.Texts()[0]).picture(ctx)
	return f, err
}

func (f maskedFiles) maskPicture() *media.Picture {
	if f.mask == nil {
		return nil
	}
	return f.mask.Picture
}

// encode makes the files of a painting, and says how it is put back.
func (f maskedFiles) encode(painting *repaint.Painting) (made prepared, err error) {
	made.repaint = &Repaint{Image: f.image.ref(), Geometry: painting.Geometry}
	made.notes = f.image.notes()
	if f.mask != nil {
		ref := f.mask.ref()
		made.repaint.Mask = &ref
		made.notes = append(made.notes, f.mask.notes()...)
	}
	made.notes = append(made.notes, painting.Notes...)
	if painting.Shown != "" {
		made.notes = append(made.notes, f.image.source.label()+painting.Shown)
	}
	if made.file, err = encoded(painting.Image); err != nil || painting.Mask == nil {
		return made, err
	}
	var mask comfy.File
	mask, err = encoded(painting.Mask)
	made.mask = &mask
	return made, err
}

// MaskPreview shows what a request would paint anew, in red over the picture.
// Nothing is sent. A request without a mask is a *NoMaskError.
func (r *Runner) MaskPreview(ctx context.Context, req Request) (image.Image, error) {
	call, err := req.Resolve()
	if err != nil {
		return nil, err
	}
	j, err := repaint.JobOf(call)
	switch {
	case err != nil:
		return nil, err
	case j == nil:
		return nil, &NoMaskError{}
	}
	var spec repaint.Spec
	if req.Mask != nil {
		spec = *req.Mask
	}
	plan, err := spec.Plan()
	if err != nil {
		return nil, err
	}
	files, err := r.Preparation().readMasked(ctx, j)
	if err != nil {
		return nil, err
	}
	return plan.Preview(files.image.Picture, files.maskPicture())
}
