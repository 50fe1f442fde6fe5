package registry

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Models make sizes in steps: a latent has a number for each 8 pixels or more,
// and what lies between two steps is cut off by the server, silently.

// latentStep is the step of the sizes that a node makes latents of, "" for one
// that makes any size. Source: the definitions of ComfyUI's nodes.
func latentStep(class string) json.Number {
	switch class {
	case "EmptyLatentImage":
		return "8"
	case "EmptyLTXVLatentVideo", "Wan22ImageToVideoLatent":
		return "32"
	}
	if strings.Contains(class, "Latent") {
		return "16"
	}
	return ""
}

// stepSize gives a width, height or size the step of the node that it sizes.
func (a *analysis) stepSize(p *Parameter) {
	sized := p.Role == RoleWidth || p.Role == RoleHeight || p.Type == TypeSize
	if !sized || p.Step != "" || len(a.roles.sizes) == 0 {
		return
	}
	if overlap(p.Targets, append(a.roles.across(a.w, "width"), a.roles.across(a.w, "height")...)) {
		p.Step = latentStep(a.w.g.Node(a.roles.sizes[0]).Class)
	}
}

// sizeStep is the step that a width, height or size goes in, nil for none.
func (p *Parameter) sizeStep() *big.Int {
	if p.Role != RoleWidth && p.Role != RoleHeight && p.Type != TypeSize {
		return nil
	}
	step, ok := new(big.Int).SetString(string(p.Step), 10)
	if !ok || step.Cmp(big.NewInt(1)) <= 0 {
		return nil
	}
	return step
}

// SizeStep is the step that a width, height or size goes in, "" for none. Other
// values than its multiples are rounded.
func (p *Parameter) SizeStep() string {
	if step := p.sizeStep(); step != nil {
		return step.String()
	}
	return ""
}

// makeable rounds a size that somebody asked for to one that can be made.
func (r *resolver) makeable(p *Parameter, v Value) Value {
	step := p.sizeStep()
	if step == nil || p.List || v.Origin <= FromDefault {
		return v
	}
	made := v.JSON
	if p.Type == TypeSize {
		width, height, _ := parseSize(v.Texts()[0])
		made = comfy.RawString(p.nearestStep(width, step) + "x" + p.nearestStep(height, step))
	} else if isInteger(string(v.JSON)) {
		made = json.RawMessage(p.nearestStep(string(v.JSON), step))
	}
	if string(made) != string(v.JSON) {
		r.Notes = append(r.Notes, fmt.Sprintf("%s %s is made %s: sizes go in steps of %s", p.Name,
			strings.Trim(string(v.JSON), `"`), strings.Trim(string(made), `"`), step))
	}
	v.JSON = made
	return v
}

// nearestStep is the multiple of a step that is nearest to a length and within
// the limits; where there is none within them, the length itself.
func (p *Parameter) nearestStep(length string, step *big.Int) string {
	if n, err := strconv.ParseInt(length, 10, 64); err == nil && n > 0 && step.IsInt64() && n%step.Int64() == 0 {
		return strconv.FormatInt(n, 10) // its limits were checked
	}
	n, ok := new(big.Int).SetString(length, 10)
	if !ok {
		return length
	}
	half := new(big.Int).Rsh(step, 1)
	n.Add(n, half)
	n.Sub(n, new(big.Int).Mod(n, step))
	within := func(n *big.Int) (low, high bool) {
		text := json.Number(n.String())
		return p.Min == "" || compareNumbers(text, p.Min) >= 0, p.Max == "" || compareNumbers(text, p.Max) <= 0
	}
	if low, _ := within(n); !low || n.Sign() <= 0 {
		n.Add(n, step)
	} else if _, high := within(n); !high {
		n.Sub(n, step)
	}
	if low, high := within(n); !low || !high || n.Sign() <= 0 {
		return length
	}
	return n.String()
}

// absentSize says why a graph has no width and height to set.
func (r *roles) absentSize(w *wiring) string {
	switch {
	case !r.sizedByPicture(w):
		return "no node was found that gives the result its size"
	case scales(w.g):
		return "the graph makes the size of the result from that of its input"
	}
	return "the size of the result is that of its input"
}

// sizedByPicture reports whether the result is as large as a picture makes it:
// what is sampled comes from one, or nothing is sampled.
func (r *roles) sizedByPicture(w *wiring) bool {
	if len(r.first) == 0 {
		return len(r.image) > 0
	}
	latent, ok := w.link(r.first[0], "latent_image")
	return ok && w.upstream(latent, func(id string) bool { return strings.HasPrefix(w.g.Node(id).Class, "LoadImage") })
}

// scales reports whether a node may change the size of a picture.
func scales(g *comfy.Graph) bool {
	for _, id := range g.IDs() {
		class := g.Node(id).Class
		for _, word := range []string{"Scale", "scale", "Resize", "Crop", "Pad", "Stitch", "Rotate"} {
			if strings.Contains(class, word) {
				return true
			}
		}
	}
	return false
}
