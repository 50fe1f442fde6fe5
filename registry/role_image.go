package registry

import (
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// loaderOf reports whether the node loads a file chosen by name, and by which
// input: LoadImage.image, LoadAudio.audio, LoadVideo.file.
func loaderOf(w *wiring, id, kind string) (comfy.Target, bool) {
	class := w.g.Node(id).Class
	if !strings.Contains(class, "Load") {
		return comfy.Target{}, false
	}
	inputs := []string{kind}
	if kind == "video" {
		inputs = []string{"file", "video"}
	}
	for _, input := range inputs {
		if w.isText(id, input) {
			return comfy.Target{Node: id, Input: input}, true
		}
	}
	return comfy.Target{}, false
}

// loaders lists the nodes that load this kind of file, in file order.
func loaders(w *wiring, kind string) []comfy.Target {
	var found []comfy.Target
	for _, id := range w.g.IDs() {
		if t, ok := loaderOf(w, id, kind); ok {
			found = append(found, t)
		}
	}
	return found
}

// maskChannelOf says how a node that loads a picture gives a mask and nothing
// else: "" when it gives a picture too.
func maskChannelOf(w *wiring, id string) string {
	n := w.g.Node(id)
	if strings.Contains(n.Class, "Mask") {
		if c, ok := n.Inputs.Text("channel"); ok {
			return c
		}
		return "alpha"
	}
	channel := ""
	for _, u := range w.uses[id] {
		switch consumer := w.g.Node(u.Node); {
		case u.slot == 1:
			channel = "alpha"
		case consumer.Class == "ImageToMask":
			c, ok := consumer.Inputs.Text("channel")
			if !ok {
				return ""
			}
			channel = c
		default:
			return ""
		}
	}
	return channel
}

// findImages finds the picture that is worked on, and its mask.
func (r *roles) findImages(w *wiring) {
	var pictures, masks []comfy.Target
	for _, t := range loaders(w, "image") {
		if maskChannelOf(w, t.Node) != "" {
			masks = append(masks, t)
		} else {
			pictures = append(pictures, t)
		}
	}
	if len(pictures) == 0 && len(masks) > 0 && w.g.Node(masks[0].Node).Class == "LoadImage" && len(masks) == 1 {
		pictures, masks = masks, nil // a mask painted on the only picture
	}
	fed := latentPictures(w, r)
	switch {
	case len(pictures) == 1:
		r.image = pictures
	case len(fed) > 0 && slices.Contains(pictures, fed[0]):
		r.image = fed[:1]
	}
	if len(r.image) == 1 {
		r.imageFeedsLatent = slices.Contains(fed, r.image[0])
	}
	switch {
	case len(masks) == 1:
		r.mask = masks
		r.maskChannel = maskChannelOf(w, masks[0].Node)
	case len(masks) == 0 && len(r.image) == 1:
		r.maskInAlpha = slices.ContainsFunc(w.uses[r.image[0].Node], func(u use) bool { return u.slot == 1 })
	}
}

// latentPictures lists the picture loaders that the first samplers start from.
func latentPictures(w *wiring, r *roles) []comfy.Target {
	var found []comfy.Target
	for _, id := range r.first {
		latent, _ := w.link(id, "latent_image")
		w.walk(latent, func(at comfy.Link) []comfy.Link {
			if t, ok := loaderOf(w, at.Node, "image"); ok {
				if maskChannelOf(w, at.Node) == "" {
					found = addTarget(found, t)
				}
				return nil
			}
			return w.linksNamed(at.Node, "pixels", "image", "sample", "latent", "destination", "source")
		})
	}
	return found
}

// pictureBehind follows a link back to the one picture loader behind it.
func pictureBehind(w *wiring, l comfy.Link, kind string) (comfy.Target, bool) {
	var found []comfy.Target
	w.walk(l, func(at comfy.Link) []comfy.Link {
		if t, ok := loaderOf(w, at.Node, kind); ok {
			found = addTarget(found, t)
			return nil
		}
		return w.linksNamed(at.Node, "pixels", kind, "source", "mask")
	})
	if len(found) != 1 {
		return comfy.Target{}, false
	}
	return found[0], true
}
