package term

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"
)

func TestPicturesStandSideBySide(t *testing.T) {
	t.Parallel()
	plain := func(width, height int, c color.Color) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, width, height))
		for y := range height {
			for x := range width {
				img.Set(x, y, c)
			}
		}
		return img
	}
	red, blue := color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}
	row := contactRow([]image.Image{plain(64, 64, red), plain(32, 64, blue)})
	if got, want := row.Bounds(), image.Rect(0, 0, contactHeight+contactGap+contactHeight/2, contactHeight); got != want {
		t.Fatalf("%v, want %v", got, want)
	}
	for x, want := range map[int]color.NRGBA{10: red, contactHeight + 2: {}, contactHeight + contactGap + 10: blue} {
		if got := color.NRGBAModel.Convert(row.At(x, 100)); got != want {
			t.Errorf("at %d: %v, want %v", x, got, want)
		}
	}

	var one, nine bytes.Buffer
	opts := ImageOptions{Graphics: HalfBlocks, MaxCols: 80, MaxRows: 24, TrueColor: true}
	imgs := make([]image.Image, 9)
	for i := range imgs {
		imgs[i] = plain(64, 64, red)
	}
	if err := ShowImages(&one, imgs[:4], opts); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(one.String(), "\n"); lines < 5 || lines > 12 {
		t.Errorf("four pictures take %d lines", lines)
	}
	if err := ShowImages(&nine, imgs, opts); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(nine.String(), "\n"); lines < 10 || lines > 40 {
		t.Errorf("nine pictures take %d lines", lines)
	}
}
