package run

import (
	"context"
	"image"

	"github.com/seed-7d77cb5c/easel/internal/media"
)

// MaskPreview shows what a request would paint anew, in red over the picture.
// Nothing is sent. A request without a mask is an *InputError.
func (r *Runner) MaskPreview(ctx context.Context, req Request) (image.Image, error) {
	call, err := req.Resolve()
	if err != nil {
		return nil, err
	}
	j, err := maskedJob(call)
	switch {
	case err != nil:
		return nil, err
	case j == nil:
		return nil, &InputError{Parameter: "mask-preview", Reason: "there is no mask to show", Hint: "give one with --mask FILE or --mask-rect X,Y,W,H"}
	}
	var spec MaskSpec
	if req.Mask != nil {
		spec = *req.Mask
	}
	plan, err := spec.plan()
	if err != nil {
		return nil, err
	}
	var s sent
	c, err := s.read(ctx, plan, r.maskedFiles(ctx, j))
	if err != nil {
		return nil, err
	}
	return media.PreviewOver(c.image, c.mask)
}
