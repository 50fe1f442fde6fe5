package term

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/iterm2"
	"github.com/charmbracelet/x/ansi/kitty"
	"github.com/charmbracelet/x/ansi/sixel"
	"golang.org/x/image/draw"
)

// ImageOptions say how and how large a picture is shown.
type ImageOptions struct {
	Graphics         Graphics
	MaxCols, MaxRows int  // cells it may take
	TrueColor        bool // half blocks in 24-bit colours and not in 256

	id int // of a picture that replaces the one before (kitty)
}

// A terminal's cell is taken to be 10 by 20 pixels, as on the VT340 that
// sixels come from; terminals that scale by themselves need only the ratio.
const (
	cellWidth  = 10
	cellHeight = 20
)

// previewID marks the preview among a kitty terminal's pictures.
const previewID = 0xea5e1

// ImageOptions are the options that fit stderr: at most 80 by 24 cells, and
// never more than the window less two lines.
func (s *Streams) ImageOptions() ImageOptions {
	s.measure()
	return ImageOptions{
		Graphics:  s.Graphics(),
		MaxCols:   min(80, s.Width-1),
		MaxRows:   min(24, s.Height-2),
		TrueColor: s.trueColor(),
	}
}

// ShowImage writes a picture to w, scaled down to fit, and leaves the cursor
// at the start of the line below it. NoGraphics writes nothing.
func ShowImage(w io.Writer, img image.Image, opts ImageOptions) error {
	pic, err := render(img, opts)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, pic.text)
	return err
}

// A picture is what draws an image, and how many rows it takes.
type picture struct {
	text string
	rows int
}

func render(img image.Image, opts ImageOptions) (picture, error) {
	if opts.Graphics == NoGraphics {
		return picture{}, nil
	}
	if img == nil || img.Bounds().Empty() {
		return picture{}, errors.New("show a picture: it is empty")
	}
	if opts.MaxCols < 1 || opts.MaxRows < 1 {
		return picture{}, errors.New("show a picture: the terminal has no room for it")
	}
	if opts.Graphics == HalfBlocks {
		small := fit(img, opts.MaxCols, opts.MaxRows*2, color.Black)
		return picture{halfBlocks(small, opts.TrueColor), (small.Bounds().Dy() + 1) / 2}, nil
	}
	var background color.Color
	if opts.Graphics == Sixel {
		background = color.Black // it has no half-transparent pixels
	}
	small := fit(img, opts.MaxCols*cellWidth, opts.MaxRows*cellHeight, background)
	size := small.Bounds().Size()
	cols, rows := (size.X+cellWidth-1)/cellWidth, (size.Y+cellHeight-1)/cellHeight
	var text string
	var err error
	switch opts.Graphics {
	case Kitty:
		text, err = kittyText(small, cols, rows, opts.id)
	case ITerm2:
		text, err = itermText(small, cols, rows)
	case Sixel:
		text, err = sixelText(small)
	default:
		return picture{}, fmt.Errorf("show a picture: unknown way %d", opts.Graphics)
	}
	if err != nil {
		return picture{}, fmt.Errorf("show a picture (%s): %w", opts.Graphics, err)
	}
	return picture{inRoom(text, rows), rows}, nil
}

// fit scales an image down to at most width by height pixels, keeping its
// shape, and draws it on background unless that is nil.
func fit(img image.Image, width, height int, background color.Color) *image.NRGBA {
	from := img.Bounds()
	scale := min(1, float64(width)/float64(from.Dx()), float64(height)/float64(from.Dy()))
	to := image.Rect(0, 0, max(1, int(float64(from.Dx())*scale+0.5)), max(1, int(float64(from.Dy())*scale+0.5)))
	small := image.NewNRGBA(to)
	op := draw.Src
	if background != nil {
		draw.Draw(small, to, image.NewUniform(background), image.Point{}, draw.Src)
		op = draw.Over
	}
	draw.BiLinear.Scale(small, to, img, from, op, nil)
	return small
}

// inRoom makes room for a picture before it is drawn, so that the terminal
// scrolls first, and puts the cursor below it whatever the terminal did.
func inRoom(text string, rows int) string {
	return strings.Repeat("\n", rows) + ansi.CursorUp(rows) + ansi.SaveCursor + text +
		ansi.RestoreCursor + ansi.CursorDown(rows) + "\r"
}

func kittyText(img image.Image, cols, rows, id int) (string, error) {
	var b bytes.Buffer
	err := kitty.EncodeGraphics(&b, img, &kitty.Options{
		Action: kitty.TransmitAndPut, Transmission: kitty.Direct, Format: kitty.PNG, Chunk: true,
		Columns: cols, Rows: rows, DoNotMoveCursor: true, Quiet: 2, ID: id,
	})
	return b.String(), err
}

func kittyDelete(id int) string {
	o := kitty.Options{Action: kitty.Delete, Delete: kitty.DeleteID, DeleteResources: true, ID: id, Quiet: 2}
	return ansi.KittyGraphics(nil, o.Options()...)
}

func itermText(img image.Image, cols, rows int) (string, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	return ansi.ITerm2(iterm2.File{
		Inline: true, Size: int64(b.Len()), Width: iterm2.Cells(cols), Height: iterm2.Cells(rows),
		Content: []byte(base64.StdEncoding.EncodeToString(b.Bytes())),
	}), nil
}

func sixelText(img image.Image) (string, error) {
	var b bytes.Buffer
	if err := new(sixel.Encoder).Encode(&b, img); err != nil {
		return "", err
	}
	return ansi.SixelGraphics(0, 1, 0, b.Bytes()), nil
}

// halfBlocks draws two pixels per cell: the upper half block in the colour of
// the upper one on the colour of the lower one.
func halfBlocks(img *image.NRGBA, trueColor bool) string {
	shade := func(x, y int) ansi.Color {
		c := img.NRGBAAt(x, y)
		if trueColor {
			return ansi.RGBColor{R: c.R, G: c.G, B: c.B}
		}
		return ansi.Convert256(c)
	}
	var b strings.Builder
	size := img.Bounds().Size()
	for y := 0; y < size.Y; y += 2 {
		before := ""
		for x := range size.X {
			style := ansi.Style{}.ForegroundColor(shade(x, y))
			if y+1 < size.Y {
				style = style.BackgroundColor(shade(x, y+1))
			}
			if marks := style.String(); marks != before {
				b.WriteString(marks)
				before = marks
			}
			b.WriteString("▀")
		}
		b.WriteString(ansi.ResetStyle + "\n")
	}
	return b.String()
}
