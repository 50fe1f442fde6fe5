package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/registry"
)

// composited opens what a backend painted, put back into the picture. Where that
// cannot be done, the file comes as the backend made it, with a note.
func (r *Runner) composited(t *Ticket, o comfy.Output, open opener, note func(string)) opener {
	if t.Repaint == nil || o.Kind != comfy.OutputImage {
		return open
	}
	return func(ctx context.Context) (io.ReadCloser, int64, error) {
		painted, err := download(ctx, o, open)
		if err != nil {
			return nil, 0, err
		}
		whole, pic, err := r.putBack(ctx, t.Repaint, painted)
		switch {
		case ctx.Err() != nil:
			return nil, 0, context.Cause(ctx)
		case err != nil:
			note(fmt.Sprintf("output %d of node %s is as the backend made it, not put back into %s: %v", o.Index+1, o.Node, t.Repaint.Image.Name, err))
			return io.NopCloser(bytes.NewReader(painted)), int64(len(painted)), nil
		case pic.ProfileLost != "":
			note(t.Repaint.Image.Name + ": " + pic.ProfileLost)
		}
		return madeFile{io.NopCloser(bytes.NewReader(whole)), "", profileName(pic.Profile)}, int64(len(whole)), nil
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
	data, err := io.ReadAll(io.TeeReader(io.LimitReader(body, repaint.MaxPainted+1), check))
	switch {
	case err != nil:
		return nil, fmt.Errorf("download output %d of node %s: %w", o.Index+1, o.Node, err)
	case len(data) > repaint.MaxPainted:
		return nil, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s is larger than %d MiB", o.Index+1, o.Node, repaint.MaxPainted>>20)}
	}
	if reason := damage(o, check.Report(), size, int64(len(data))); reason != "" {
		return nil, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s arrived damaged: %s", o.Index+1, o.Node, reason)}
	}
	return data, nil
}

// putBack reads the picture and its mask file again and puts a painted file into
// it, which it returns too.
func (r *Runner) putBack(ctx context.Context, p *Repaint, file []byte) (whole []byte, pic *media.Picture, err error) {
	painted, err := p.Read(file)
	if err != nil {
		return nil, nil, err
	}
	if pic, err = r.reread(ctx, p.Image); err != nil {
		return nil, nil, err
	}
	var mask *media.Picture
	if p.Mask != nil {
		if mask, err = r.reread(ctx, *p.Mask); err != nil {
			return nil, nil, err
		}
	}
	whole, err = painted.PutBack(pic, mask)
	return whole, pic, err
}

// reread reads an input file after the run.
func (r *Runner) reread(ctx context.Context, ref FileRef) (*media.Picture, error) {
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
	return p.Picture, nil
}
