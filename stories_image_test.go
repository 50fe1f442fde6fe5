package main

import (
	"image"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-7d77cb5c/easel/internal/media"
)

// sameOutside checks that a picture differs from another inside an area and
// nowhere else: sameoutside BEFORE AFTER X,Y,W,H. Files are taken upright.
func sameOutside(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sameoutside BEFORE AFTER X,Y,W,H")
	}
	before, after := readPicture(ts, args[0]), readPicture(ts, args[1])
	if before.Rect != after.Rect {
		ts.Fatalf("%s has %v, %s has %v", args[0], before.Rect.Size(), args[1], after.Rect.Size())
	}
	shape, err := media.ParseShape(args[2], false)
	ts.Check(err)
	area := shape.Within(before.Rect.Dx(), before.Rect.Dy())
	inside := 0
	for y := range before.Rect.Dy() {
		for x := range before.Rect.Dx() {
			if before.NRGBAAt(x, y) == after.NRGBAAt(x, y) {
				continue
			}
			if !image.Pt(x, y).In(area) {
				ts.Fatalf("%s differs from %s at %d,%d, outside %s", args[1], args[0], x, y, args[2])
			}
			inside++
		}
	}
	if inside < area.Dx()*area.Dy()/4 {
		ts.Fatalf("%s differs from %s in only %d pixels of %s", args[1], args[0], inside, args[2])
	}
}

// containsPicture checks that a picture lies in a larger one, pixel by pixel:
// contains LARGE SMALL X,Y.
func containsPicture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: contains LARGE SMALL X,Y")
	}
	large, small := readPicture(ts, args[0]), readPicture(ts, args[1])
	shape, err := media.ParseShape(args[2]+",1,1", false)
	ts.Check(err)
	at := shape.Within(1, 1).Min
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			if large.NRGBAAt(at.X+x, at.Y+y) != small.NRGBAAt(x, y) {
				ts.Fatalf("%s does not have %d,%d of %s", args[0], x, y, args[1])
			}
		}
	}
}

// samePixels compares two pictures, whatever text they carry: samepixels A B.
func samePixels(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] samepixels A B")
	}
	a, b := readPicture(ts, args[0]), readPicture(ts, args[1])
	same := a.Rect == b.Rect && string(a.Pix) == string(b.Pix)
	if same == neg {
		ts.Fatalf("the pixels of %s and %s: the same is %v", args[0], args[1], same)
	}
}

func readPicture(ts *testscript.TestScript, name string) *image.NRGBA {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	p, err := media.Load(f, media.Limits{})
	ts.Check(err)
	return p.Image
}
