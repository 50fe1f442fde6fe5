package cmd

import (
	"bytes"
	"image"
	"os"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// Previews come from a server that may be hostile, several a second.
const (
	maxPreviewBytes  = 8 << 20
	maxPreviewPixels = 4 << 20
	previewPause     = 100 * time.Millisecond
)

// showOptions say whether pictures are shown: --preview.
type showOptions struct {
	pictures string // auto, always or never
}

// wanted reports whether somebody looks at pictures. auto is for terminals.
func (s showOptions) wanted(a *app) bool {
	if a.global.quiet || a.global.json {
		return false
	}
	switch s.pictures {
	case "always":
		return true
	case "auto":
		return a.streams.ErrTTY
	}
	return false
}

// imageOptions say how pictures are shown on stderr: as the terminal can, and
// with --preview always at least in coloured blocks.
func (s showOptions) imageOptions(a *app) term.ImageOptions {
	opts := a.streams.ImageOptions()
	if opts.Graphics == term.NoGraphics && s.pictures == "always" {
		opts.Graphics = term.HalfBlocks
	}
	return opts
}

// preview shows a picture of a run that goes on. One that cannot be decoded is
// skipped, and so are those that come faster than anybody looks.
func (v *runView) preview(e run.Event) {
	now := time.Now()
	if !v.pictures || now.Sub(v.previewed) < previewPause {
		return
	}
	v.previewed = now
	p, err := media.Load(bytes.NewReader(e.Image), media.Limits{Bytes: maxPreviewBytes, Pixels: maxPreviewPixels})
	if err == nil {
		v.progress.Picture(p.Image)
	}
}

// showOutputs shows the pictures of a finished run above their paths, side by
// side. Those of several runs are kept for one row at the end: a screen each
// would push everything else out of sight.
func (v *runView) showOutputs(res *run.Result) {
	if !v.pictures {
		return
	}
	for _, out := range res.Outputs {
		if out.Kind != comfy.OutputImage {
			continue
		}
		img, err := loadPicture(out.Path)
		switch {
		case err != nil: // it is stored; that it cannot be shown is no matter
		case v.total == 1 && len(res.Outputs) == 1:
			v.contact = append(v.contact, img)
		default:
			v.contact = append(v.contact, term.Thumbnail(img))
		}
	}
	if v.total == 1 {
		v.showContact()
	}
}

// showContact shows the pictures that were kept.
func (v *runView) showContact() {
	if len(v.contact) > 0 {
		_ = term.ShowImages(v.opts.app.streams.Err, v.contact, v.opts.show.imageOptions(v.opts.app))
	}
	v.contact = nil
}

// loadPicture reads a stored picture for showing it.
func loadPicture(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := media.Load(f, media.Limits{})
	if err != nil {
		return nil, err
	}
	return p.Image, nil
}
