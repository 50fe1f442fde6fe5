package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/registry"
)

// maxPainted bounds the file of a painted picture, which is held in memory:
// 1 GiB.
const maxPainted = 1 << 30

// composited opens what a backend painted, put back into the picture: outside
// the mask it is the picture bit by bit, at its own size. Where that cannot be
// done, the file comes as the backend made it, with a note.
func (r *Runner) composited(t *Ticket, o comfy.Output, open opener, note func(string)) opener {
	if t.Repaint == nil || o.Kind != comfy.OutputImage {
		return open
	}
	return func(ctx context.Context) (io.ReadCloser, int64, error) {
		painted, err := download(ctx, o, open)
		if err != nil {
			return nil, 0, err
		}
		whole, err := r.putBack(ctx, t, painted)
		switch {
		case ctx.Err() != nil:
			return nil, 0, context.Cause(ctx)
		case err != nil:
			note(fmt.Sprintf("output %d of node %s is as the backend made it, not put back into %s: %v", o.Index+1, o.Node, t.Repaint.Image.Name, err))
			whole = painted
		}
		return io.NopCloser(bytes.NewReader(whole)), int64(len(whole)), nil
	}
}

// download reads an output whole and checks it.
func download(ctx context.Context, o comfy.Output, open opener) ([]byte, error) {
	body, size, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	check := media.NewChecker()
	data, err := io.ReadAll(io.TeeReader(io.LimitReader(body, maxPainted+1), check))
	switch {
	case err != nil:
		return nil, fmt.Errorf("download output %d of node %s: %w", o.Index+1, o.Node, err)
	case len(data) > maxPainted:
		return nil, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s is larger than %d MiB", o.Index+1, o.Node, maxPainted>>20)}
	}
	if reason := damage(o, check.Report(), size, int64(len(data))); reason != "" {
		return nil, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s arrived damaged: %s", o.Index+1, o.Node, reason)}
	}
	return data, nil
}

// putBack composites a painted file into the original and returns the PNG,
// with the text of the painted file.
func (r *Runner) putBack(ctx context.Context, t *Ticket, painted []byte) ([]byte, error) {
	generated, err := media.Load(bytes.NewReader(painted), media.Limits{Bytes: maxPainted})
	if err != nil {
		return nil, err
	}
	p := t.Repaint
	fitted := media.Canvas{
		Image:   &image.NRGBA{Rect: image.Rect(0, 0, p.Sent[0], p.Sent[1])},
		Content: image.Rect(0, 0, p.Content[0], p.Content[1]),
	}
	if got := generated.Image.Rect; !alike(got.Dx(), got.Dy(), p.Sent[0], p.Sent[1]) {
		return nil, fmt.Errorf("it has %d x %d pixels, which is another shape than the %d x %d that were sent", got.Dx(), got.Dy(), p.Sent[0], p.Sent[1])
	}
	c, err := r.redraw(ctx, t)
	if err != nil {
		return nil, err
	}
	at := image.Rect(0, 0, p.Area[2], p.Area[3]).Add(image.Pt(p.Area[0], p.Area[1]))
	if err := media.Composite(c.image, at, generated.Image, fitted.Crop(generated.Image.Rect), c.mask); err != nil {
		return nil, err
	}
	texts, err := media.ReadPNGText(bytes.NewReader(painted))
	if err != nil {
		texts = nil // not a PNG: the record beside the file has it all
	}
	return encodeWithText(c.image, texts)
}

// alike reports whether two sizes have the same shape, as near as rounding to
// whole latents allows.
func alike(w, h, sentW, sentH int) bool {
	a, b := w*sentH, h*sentW
	return max(a, b)-min(a, b) <= max(a, b)/50
}

// encodeWithText makes a PNG with text before the picture.
func encodeWithText(img image.Image, texts []media.PNGText) ([]byte, error) {
	plain, encoder := io.Pipe()
	defer plain.Close() // ends the encoder, too
	go func() {
		_, err := media.Encode(encoder, img)
		encoder.CloseWithError(err)
	}()
	var out bytes.Buffer
	if err := media.CopyPNG(&out, plain, media.PNGEdit{Set: texts}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// redraw reads the original and its mask again.
func (r *Runner) redraw(ctx context.Context, t *Ticket) (canvas, error) {
	plan, err := t.Repaint.Spec.plan()
	if err != nil {
		return canvas{}, err
	}
	pic, err := r.reread(ctx, t.Repaint.Image)
	if err != nil {
		return canvas{}, err
	}
	var file *media.Picture
	if t.Repaint.Mask != nil {
		m, err := r.reread(ctx, *t.Repaint.Mask)
		if err != nil {
			return canvas{}, err
		}
		file = m.Picture
	}
	return plan.canvas(pic.Picture, file)
}

// reread reads an input file after the run.
func (r *Runner) reread(ctx context.Context, ref FileRef) (*picture, error) {
	s := ref.source
	if s == nil {
		switch {
		case ref.Name == "-":
			return nil, errors.New("it came from the stdin of another process")
		case r.OpenInput == nil:
			return nil, errors.New("no input file can be opened here")
		}
		s = &source{param: &registry.Parameter{}, name: ref.Name, open: func() (io.ReadCloser, error) { return r.OpenInput(ctx, ref.Name) }}
	}
	p, err := s.picture(ctx)
	var unusable *InputError
	switch {
	case errors.As(err, &unusable):
		return nil, fmt.Errorf("%s: %s", s.label(), unusable.Reason)
	case err != nil:
		return nil, err
	case p.sha256 != ref.SHA256:
		return nil, fmt.Errorf("%s has changed since the run began", s.label())
	}
	return p, nil
}
