package report

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Measures of a contact sheet in pixels.
const (
	sheetGap    = 16
	sheetLabel  = 22 // below each picture
	sheetLeast  = 96
	sheetMost   = 256
	sheetPixels = 40_000_000 // of the whole sheet
)

// WriteSheet writes a contact sheet as PNG: a picture per item with its id, in the
// order of the plan. Items without a picture are grey, failed ones red.
func (r *Report) WriteSheet(ctx context.Context, w io.Writer, store storage.Store) error {
	n := max(1, len(r.Items))
	side := sheetMost
	for side > sheetLeast && n*(side+sheetGap)*(side+sheetGap+sheetLabel) > sheetPixels {
		side -= 16
	}
	columns := max(1, int(math.Ceil(math.Sqrt(float64(n)*1.4))))
	columns = min(columns, n)
	lines := (n + columns - 1) / columns
	bounds := image.Rect(0, 0, sheetGap+columns*(side+sheetGap), sheetGap+lines*(side+sheetLabel+sheetGap))
	sheet := image.NewRGBA(bounds)
	fill(sheet, bounds, color.RGBA{0xf6, 0xf5, 0xf2, 0xff})
	place := func(n int) image.Rectangle {
		at := image.Pt(sheetGap+n%columns*(side+sheetGap), sheetGap+n/columns*(side+sheetLabel+sheetGap))
		return image.Rectangle{at, at.Add(image.Pt(side, side))}
	}
	for n, i := range r.Items {
		ground := color.RGBA{0xe6, 0xe3, 0xdc, 0xff}
		if i.Failed() {
			ground = color.RGBA{0xf3, 0xd0, 0xcd, 0xff}
		}
		fill(sheet, place(n), ground)
		label(sheet, i.ID, place(n))
	}
	err := r.Thumbnails(ctx, store, side, func(n int, t Thumbnail) {
		cell, pic := place(n), opaque(t.Image)
		size := pic.Bounds().Size()
		at := cell.Min.Add(image.Pt((side-size.X)/2, (side-size.Y)/2))
		draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, pic, pic.Bounds().Min, draw.Src)
	})
	if err != nil {
		return err
	}
	return png.Encode(w, sheet)
}

func fill(dst *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(dst, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// label writes an id under its picture, cut to its width.
func label(dst *image.RGBA, text string, cell image.Rectangle) {
	face := basicfont.Face7x13
	runes := []rune(text)
	if most := cell.Dx() / face.Advance; len(runes) > most {
		runes = append(runes[:max(0, most-2)], '.', '.')
	}
	d := font.Drawer{
		Dst: dst, Src: image.NewUniform(color.RGBA{0x3a, 0x38, 0x34, 0xff}), Face: face,
		Dot: fixed.P(cell.Min.X, cell.Max.Y+15),
	}
	d.DrawString(string(runes))
}
