package media

import (
	"image"
	"image/color"
	"runtime"
	"sync"
)

// inRows splits the rows from 0 to h among the processors.
func inRows(h int, work func(y0, y1 int)) {
	const least = 64 // rows that are worth a goroutine
	parts := max(1, min(runtime.GOMAXPROCS(0), h/least))
	if parts == 1 {
		work(0, h)
		return
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { work(i*h/parts, (i+1)*h/parts) })
	}
	wg.Wait()
}

// toNRGBA gives the pixels as 8-bit colour with straight alpha, on the canvas
// that the file's header announced.
func toNRGBA(img image.Image, c image.Config) *image.NRGBA {
	b := img.Bounds()
	canvas := image.Rect(0, 0, c.Width, c.Height)
	if b == canvas {
		switch src := img.(type) {
		case *image.NRGBA:
			return src
		case *image.RGBA:
			if opaque((*image.NRGBA)(src)) { // then both mean the same
				return (*image.NRGBA)(src)
			}
		}
	}
	out := image.NewNRGBA(canvas)
	inner := b.Intersect(canvas)
	inRows(inner.Dy(), func(y0, y1 int) {
		convert := rowsOf(img)
		for y := inner.Min.Y + y0; y < inner.Min.Y+y1; y++ {
			convert(out.Pix[out.PixOffset(inner.Min.X, y):][:4*inner.Dx()], inner.Min.X, y)
		}
	})
	return out
}

// rowsOf returns a function that fills a row with the pixels from x, y on.
func rowsOf(img image.Image) func(row []byte, x, y int) {
	var colour *chroma
	switch src := img.(type) {
	case *image.YCbCr:
		colour = newChroma(src)
	case *image.NYCbCrA:
		colour = newChroma(&src.YCbCr)
	}
	if colour == nil {
		return func(row []byte, x, y int) { convertRow(row, img, x, y) }
	}
	return func(row []byte, x, y int) {
		colour.fill(row, x, y)
		if src, ok := img.(*image.NYCbCrA); ok {
			setAlpha(row, src, x, y)
		}
	}
}

func setAlpha(row []byte, src *image.NYCbCrA, x, y int) {
	for i, a := range src.A[src.AOffset(x, y):][:len(row)/4] {
		row[4*i+3] = a
	}
}

// convertRow fills row with the pixels from x, y on, as they are stored.
func convertRow(row []byte, img image.Image, x, y int) {
	switch src := img.(type) {
	case *image.YCbCr:
		for i := 0; i < len(row); i += 4 {
			yi, ci := src.YOffset(x, y), src.COffset(x, y)
			row[i], row[i+1], row[i+2] = color.YCbCrToRGB(src.Y[yi], src.Cb[ci], src.Cr[ci])
			row[i+3] = 0xff
			x++
		}
	case *image.NYCbCrA:
		convertRow(row, &src.YCbCr, x, y)
		setAlpha(row, src, x, y)
	case *image.Gray:
		for i, v := range src.Pix[src.PixOffset(x, y):][:len(row)/4] {
			row[4*i], row[4*i+1], row[4*i+2], row[4*i+3] = v, v, v, 0xff
		}
	case *image.Paletted:
		for i, v := range src.Pix[src.PixOffset(x, y):][:len(row)/4] {
			if int(v) < len(src.Palette) {
				setPixel(row[4*i:], src.Palette[v])
			}
		}
	default:
		for i := 0; i < len(row); i += 4 {
			setPixel(row[i:], img.At(x, y))
			x++
		}
	}
}

func setPixel(p []byte, c color.Color) {
	var v color.NRGBA
	switch c := c.(type) {
	case color.NRGBA:
		v = c
	case color.NRGBA64:
		v = color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), uint8(c.A >> 8)}
	default:
		v = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	p[0], p[1], p[2], p[3] = v.R, v.G, v.B, v.A
}

func opaque(img *image.NRGBA) bool {
	w := 4 * img.Rect.Dx()
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:w]
		for i := 3; i < w; i += 4 {
			if row[i] != 0xff {
				return false
			}
		}
	}
	return true
}

// orient turns and mirrors a picture upright, by its EXIF orientation 2 to 8.
func orient(src *image.NRGBA, orientation int) *image.NRGBA {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	// A step to the right and one down in the result, as steps in the source.
	const pixel = 4
	right, down := pixel, src.Stride
	start := 0
	lastX, lastY := pixel*(src.Rect.Dx()-1), src.Stride*(src.Rect.Dy()-1)
	switch orientation {
	case 2: // mirrored
		start, right = lastX, -pixel
	case 3: // upside down
		start, right, down = lastX+lastY, -pixel, -src.Stride
	case 4: // upside down and mirrored
		start, down = lastY, -src.Stride
	case 5: // mirrored along the falling diagonal
		right, down = src.Stride, pixel
	case 6: // lies on its left side
		start, right, down = lastY, -src.Stride, pixel
	case 7: // mirrored along the rising diagonal
		start, right, down = lastX+lastY, -src.Stride, -pixel
	case 8: // lies on its right side
		start, right, down = lastX, src.Stride, -pixel
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	const tile = 64 // pixels: keeps both sides in the cache when rows become columns
	inRows(h, func(y0, y1 int) {
		for ty := y0; ty < y1; ty += tile {
			for tx := 0; tx < w; tx += tile {
				for y := ty; y < min(ty+tile, y1); y++ {
					from := start + y*down + tx*right
					row := out.Pix[y*out.Stride+pixel*tx : y*out.Stride+pixel*min(tx+tile, w)]
					for len(row) > 0 {
						copy(row[:pixel], src.Pix[from:from+pixel])
						row = row[pixel:]
						from += right
					}
				}
			}
		}
	})
	return out
}
