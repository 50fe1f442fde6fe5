package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
)

// A picture is an input image, read.
type picture struct {
	*media.Picture
	source source
	sha256 string // of the file as it is
	path   string // where it can be opened again, from any folder
	local  bool   // it can be opened again as often as needed
}

// picture reads an image file.
func (s source) picture(ctx context.Context) (*picture, error) {
	body, err := s.start()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	_, local := body.(interface{ Stat() (fs.FileInfo, error) })
	sum := sha256.New()
	p, err := media.Load(io.TeeReader(contextReader{ctx, body}, sum), media.Limits{})
	var unusable *media.ImageError
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &unusable):
		return nil, s.bad(unusable.Error(), "", err)
	case err != nil:
		return nil, s.unreadable(err)
	}
	return &picture{Picture: p, source: s, sha256: hex.EncodeToString(sum.Sum(nil)), path: s.path(body), local: local}, nil
}

// file says what to send for the picture: the file itself when workflows can
// take it as it is, else the upright 8-bit picture.
func (p *picture) file(keepAlpha bool) (made prepared, err error) {
	made.notes = p.notes()
	if p.HadAlpha && !keepAlpha {
		made.notes = append(made.notes, p.source.label()+": transparent parts were laid on white, since the workflow takes no transparency")
		made.file, err = encoded(media.Flatten(p.Image))
		return made, err
	}
	data := p.Original()
	if data == nil {
		made.file, err = encoded(p.Image)
		return made, err
	}
	f := comfy.File{Name: contentName(p.sha256, p.Format.Ext), SHA256: p.sha256, Size: int64(len(data))}
	if p.local {
		source, sum := p.source, p.sha256 // and not the picture, which is large
		f.Open = func() (io.ReadCloser, error) { return source.reopen(sum) }
	} else {
		f.Open = inMemory(data)
	}
	made.file = f
	return made, nil
}

// notes are what reading the picture has shown.
func (p *picture) notes() (all []string) {
	for _, note := range p.Notes {
		all = append(all, p.source.label()+": "+note)
	}
	return all
}

// ref is what it takes to read the file again.
func (p *picture) ref() FileRef {
	source := p.source // and not the picture, which is large
	return FileRef{Name: p.path, SHA256: p.sha256, source: &source}
}

// encoded is a picture as a file to send.
func encoded(img image.Image) (comfy.File, error) {
	var b bytes.Buffer
	e, err := media.Encode(&b, img)
	if err != nil {
		return comfy.File{}, fmt.Errorf("encode an input picture: %w", err)
	}
	return comfy.File{Name: contentName(e.SHA256, ".png"), SHA256: e.SHA256, Size: e.Size, Open: inMemory(b.Bytes())}, nil
}

func inMemory(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}
