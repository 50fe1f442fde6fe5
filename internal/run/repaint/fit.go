package repaint

import (
	"image"
	"math"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Fit is what a graph's model can take as a picture.
type Fit struct {
	Grid   int // both sides are multiples of it
	Pixels int // the most that it paints well; 0 = the graph sees to that itself
}

// FitOf is the size that the model family of a call takes: latents have an eighth of the
// picture's side, and the transformers of Flux and Qwen join 2 x 2 of them.
// Beyond the size that a model was trained on, it repeats what it paints.
func FitOf(call *registry.Call, loader string) Fit {
	f := Fit{Grid: 16, Pixels: 1_050_000}
	switch family := strings.ToLower(call.Workflow.ModelFamily); {
	case strings.HasPrefix(family, "qwen"), strings.HasPrefix(family, "flux"):
		f.Pixels = 1_700_000
	case strings.HasPrefix(family, "sd"):
		f.Grid = 8
		if v, ok := call.Value("checkpoint"); ok && !strings.Contains(strings.ToLower(strings.Join(v.Texts(), " ")), "xl") {
			f.Pixels = 600_000 // SD 1.5 was trained on 512 x 512
		}
	}
	if g, err := call.Workflow.Graph(); err == nil && resizes(g, loader) {
		f.Pixels = 0
	}
	return f
}

// within gives the size of a picture that is no larger than the model likes.
func (f Fit) within(width, height int) (w, h int) {
	if f.Pixels == 0 || width*height <= f.Pixels {
		return width, height
	}
	shrink := math.Sqrt(float64(f.Pixels) / float64(width*height))
	scaled := func(side int) int { return max(f.Grid, int(float64(side)*shrink)) }
	return scaled(width), scaled(height)
}

// around gives the part of a picture that the model sees: the whole of it,
// unless that had to be shrunk and the mask is small in it. Then it is the mask
// with half its size to each side, in which the model finds what to go on with,
// or as much more as the model sees without shrinking.
func (f Fit) around(mask, picture image.Rectangle) image.Rectangle {
	size := picture.Size()
	if w, _ := f.within(size.X, size.Y); w == size.X {
		return picture
	}
	native := int(math.Sqrt(float64(f.Pixels))) / f.Grid * f.Grid
	w := min(max(2*mask.Dx(), native), size.X)
	h := min(max(2*mask.Dy(), native), size.Y)
	if 2*w*h > size.X*size.Y {
		return picture // hardly any detail to win
	}
	x := max(0, min((mask.Min.X+mask.Max.X-w)/2, size.X-w))
	y := max(0, min((mask.Min.Y+mask.Max.Y-h)/2, size.Y-h))
	return image.Rect(x, y, x+w, y+h)
}

// resizes reports whether the graph scales a loaded picture before a model
// sees it.
func resizes(g *comfy.Graph, loader string) bool {
	seen := map[string]bool{}
	next := []string{loader}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		for _, t := range g.Consumers(id) {
			n := g.Node(t.Node)
			if seen[t.Node] || strings.HasPrefix(n.Class, "ImageComposite") {
				continue // puts the result back into the picture
			}
			seen[t.Node] = true
			switch {
			case strings.Contains(n.Class, "Scale"), strings.Contains(n.Class, "Resize"):
				return true
			case strings.HasPrefix(n.Class, "VAEEncode"), strings.HasPrefix(n.Class, "Inpaint"), strings.HasPrefix(n.Class, "SetLatent"):
				continue // from here on it is no picture any more
			}
			next = append(next, t.Node)
		}
	}
	return false
}
