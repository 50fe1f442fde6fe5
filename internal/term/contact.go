package term

import (
	"image"
	"io"
	"slices"

	"golang.org/x/image/draw"
)

// Pictures that are shown side by side have one height and a gap between them.
// A row has at most inRow, so that each can still be made out.
const (
	contactHeight = 240
	contactGap    = 8
	inRow         = 8
)

// Thumbnail is a picture as ShowImages needs it, for those that are kept until
// then.
func Thumbnail(img image.Image) image.Image {
	b := img.Bounds()
	if b.Empty() {
		return img
	}
	width := min(max(1, b.Dx()*contactHeight/b.Dy()), 4*contactHeight)
	small := image.NewNRGBA(image.Rect(0, 0, width, contactHeight))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, b, draw.Src, nil)
	return small
}

// ShowImages writes pictures to w side by side, in as few rows as keep them
// recognisable; one alone as ShowImage does.
func ShowImages(w io.Writer, imgs []image.Image, opts ImageOptions) error {
	if len(imgs) == 1 {
		return ShowImage(w, imgs[0], opts)
	}
	for row := range slices.Chunk(imgs, inRow) {
		if err := ShowImage(w, contactRow(row), opts); err != nil {
			return err
		}
	}
	return nil
}

func contactRow(imgs []image.Image) image.Image {
	small := make([]image.Image, len(imgs))
	width := -contactGap
	for i, img := range imgs {
		small[i] = Thumbnail(img)
		width += small[i].Bounds().Dx() + contactGap
	}
	row := image.NewNRGBA(image.Rect(0, 0, width, contactHeight))
	at := 0
	for _, img := range small {
		b := img.Bounds()
		draw.Copy(row, image.Pt(at, 0), img, b, draw.Src, nil)
		at += b.Dx() + contactGap
	}
	return row
}
