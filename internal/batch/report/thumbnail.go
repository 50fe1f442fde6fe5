package report

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/jpeg"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// thumbnailQuality is that of embedded JPEGs: a sheet of many is looked at, and
// the files themselves are a click away.
const thumbnailQuality = 82

// thumbnailsAtOnce bounds the pictures that are decoded at a time.
const thumbnailsAtOnce = 2

// thumbnailSide is the longer side of embedded pictures, in pixels: a report of
// many items shall still open.
func thumbnailSide(items int) int {
	switch {
	case items <= 200:
		return 384
	case items <= 1000:
		return 256
	}
	return 160
}

// A Thumbnail is a small picture of an item's first picture.
type Thumbnail struct {
	Image         *image.NRGBA // nil when there is none
	Width, Height int          // of the picture itself
}

// Thumbnails makes one for each item, in their order; of an item without a picture
// that can be read it is empty. each is called with every one that is made, one at
// a time, and side is the longer side in pixels.
func (r *Report) Thumbnails(ctx context.Context, store storage.Store, side int, each func(n int, t Thumbnail)) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, thumbnailsAtOnce)
	for n := range r.Items {
		name := r.Items[n].picture()
		if name == "" {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			t, err := thumbnail(ctx, store, name, side)
			if err != nil {
				return // the file is not there, or is no picture: the report says what it knows
			}
			mu.Lock()
			defer mu.Unlock()
			each(n, t)
		})
	}
	wait.Wait()
	return ctx.Err()
}

// picture is the first file of an item that may be a picture, "" without one.
func (i Item) picture() string {
	for _, f := range i.Files {
		if f.Kind == "image" || f.Kind == "" {
			return f.Name
		}
	}
	return ""
}

func thumbnail(ctx context.Context, store storage.Store, name string, side int) (Thumbnail, error) {
	body, _, err := store.Open(ctx, name)
	if err != nil {
		return Thumbnail{}, err
	}
	defer body.Close()
	p, err := media.Load(body, media.Limits{})
	if err != nil {
		return Thumbnail{}, err
	}
	t := Thumbnail{Width: p.Width(), Height: p.Height(), Image: p.Image}
	if long := max(t.Width, t.Height); long > side {
		t.Image = media.Resize(p.Image, max(1, t.Width*side/long), max(1, t.Height*side/long))
	}
	return t, nil
}

// dataURI is a picture as it stands in a page.
func dataURI(img *image.NRGBA) (string, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, opaque(img), &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return "", err
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// opaque puts a picture with transparency before a chequered ground, as editors do.
func opaque(img *image.NRGBA) image.Image {
	if img.Opaque() {
		return img
	}
	out := image.NewRGBA(img.Rect)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			ground := uint32(0xcc)
			if (x/8+y/8)%2 == 0 {
				ground = 0xee
			}
			c := img.NRGBAAt(x, y)
			a := uint32(c.A)
			mix := func(v uint8) uint8 { return uint8((uint32(v)*a + ground*(255-a)) / 255) }
			i := out.PixOffset(x, y)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = mix(c.R), mix(c.G), mix(c.B), 255
		}
	}
	return out
}
