package mcp

import (
	"bytes"
	"context"
	"fmt"
	"io"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// What is shown of a picture.
const (
	asItIs         = 512 << 10 // bytes of a picture that is sent as it is: clients bound answers to about 1 MB
	pictureQuality = 85
	picturePixels  = 200_000_000 // of the picture that is made smaller
)

// shownAsItIs are the kinds of pictures that models take.
var shownAsItIs = map[string]bool{"image/png": true, "image/jpeg": true, "image/webp": true, "image/gif": true}

// picture is an output as an agent sees it, not larger than Options.Picture.
func (s *Server) picture(ctx context.Context, res *run.Result, i int) (*sdk.ImageContent, error) {
	out := res.Outputs[i]
	body, err := s.o.Engine.Open(ctx, res, i+1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, media.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	fits := out.Width != nil && out.Height != nil && max(*out.Width, *out.Height) <= s.o.Picture
	if fits && len(content) <= asItIs && shownAsItIs[out.MediaType] {
		return &sdk.ImageContent{Data: content, MIMEType: out.MediaType}, nil
	}
	picture, err := media.Load(bytes.NewReader(content), media.Limits{Pixels: picturePixels})
	if err != nil {
		return nil, err
	}
	return scaled(picture, s.o.Picture)
}

// scaled makes a picture small: a JPEG, or a PNG where it is transparent.
func scaled(p *media.Picture, most int) (*sdk.ImageContent, error) {
	img := p.Image
	if long := max(p.Width(), p.Height()); long > most {
		img = media.Resize(img, max(p.Width()*most/long, 1), max(p.Height()*most/long, 1))
	}
	if img.Opaque() {
		content, err := media.EncodeJPEG(img, pictureQuality, nil)
		return &sdk.ImageContent{Data: content, MIMEType: "image/jpeg"}, err
	}
	var b bytes.Buffer
	if _, err := media.Encode(&b, img); err != nil {
		return nil, err
	}
	if b.Len() > 4*asItIs {
		return nil, fmt.Errorf("it is transparent and %d MB", b.Len()>>20)
	}
	return &sdk.ImageContent{Data: b.Bytes(), MIMEType: "image/png"}, nil
}
