package registry

import (
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// roles are what the parts of a graph do, found by following its links from
// the samplers back: positive and negative to the text encoders, model to the
// loaders and LoRAs, latent_image to its size or to the loaded picture.
type roles struct {
	samplers []string // in file order
	first    []string // those that no other sampler feeds
	schedule []string // first, and the ones that continue their noise schedule

	prompt, negative, seed []comfy.Target
	guidance               []comfy.Target // FluxGuidance and its like on the way to the prompt
	sizes                  []string       // nodes that hold width and height of the latent
	sized                  []string       // other nodes that must know the size: ModelSamplingFlux, Flux2Scheduler
	image, mask            []comfy.Target
	imageFeedsLatent       bool
	sizeReason             string // why there is no width and height to set
	maskChannel            string // how mask's loader reads it
	maskInAlpha            bool   // the mask travels in the image's alpha

	lora loraSite

	otherPrompts []comfy.Target // reached from the same sampler, with another text
}

func findRoles(w *wiring) *roles {
	r := &roles{}
	r.findSamplers(w)
	r.findTexts(w)
	r.findSeeds(w)
	r.findLatents(w)
	r.findImages(w)
	r.lora = findLoraSite(w, r)
	r.sizeReason = r.absentSize(w)
	return r
}

// isSampler: it turns noise into a latent, guided by conditioning.
func isSampler(w *wiring, id string) bool {
	_, latent := w.link(id, "latent_image")
	_, guided := w.link(id, "positive", "guider")
	return latent && guided && (w.has(id, "seed") || w.has(id, "noise_seed") || w.has(id, "noise") || w.has(id, "steps") || w.has(id, "sigmas"))
}

func (r *roles) findSamplers(w *wiring) {
	for _, id := range w.g.IDs() {
		if isSampler(w, id) {
			r.samplers = append(r.samplers, id)
		}
	}
	if made := slices.DeleteFunc(slices.Clone(r.samplers), func(id string) bool { return r.estimates(w, id) }); len(made) > 0 {
		r.samplers = made
	}
	for _, id := range r.samplers {
		if !r.continues(w, id) {
			r.first = append(r.first, id)
		}
	}
	r.schedule = slices.Clone(r.first)
	for _, id := range r.samplers {
		latent, _ := w.link(id, "latent_image")
		// A sampler that starts at a later step of another one's noise is the
		// same schedule run on two models (SDXL refiner, Wan 2.2).
		if w.has(id, "start_at_step") && slices.Contains(r.samplers, latent.Node) && !slices.Contains(r.schedule, id) {
			r.schedule = append(r.schedule, id)
		}
	}
}

// continues reports whether another sampler's latent is on the way to this one.
func (r *roles) continues(w *wiring, sampler string) bool {
	latent, _ := w.link(sampler, "latent_image")
	return w.upstream(latent, func(id string) bool { return slices.Contains(r.samplers, id) })
}

// estimates reports whether a sampler makes no picture of its own but reads
// depth or normals from a given one, as Lotus does: it gets no noise.
func (r *roles) estimates(w *wiring, sampler string) bool {
	noise, ok := w.link(sampler, "noise")
	return ok && w.g.Node(noise.Node).Class == "DisableNoise" && !r.continues(w, sampler)
}

// guide is the node that holds a sampler's model and conditioning: itself, or
// its guider.
func guide(w *wiring, sampler string) string {
	if g, ok := w.link(sampler, "guider"); ok {
		return g.Node
	}
	return sampler
}

// findTexts finds prompt and negative. Samplers after the first share them
// when they repeat the same text, as SDXL's refiner does.
func (r *roles) findTexts(w *wiring) {
	ordered := slices.Clone(r.first)
	for _, id := range r.samplers {
		if !slices.Contains(ordered, id) {
			ordered = append(ordered, id)
		}
	}
	for _, id := range ordered {
		g := guide(w, id)
		if l, ok := w.link(g, "positive", "conditioning", "cond1", "conditioning1"); ok {
			r.addTexts(w, &r.prompt, l, "positive")
		} else if w.isText(g, "positive") {
			r.prompt = addTarget(r.prompt, comfy.Target{Node: g, Input: "positive"})
		}
		if l, ok := w.link(g, "negative"); ok {
			r.addTexts(w, &r.negative, l, "negative")
		}
	}
	// A text that guides both ways is the prompt.
	r.negative = slices.DeleteFunc(r.negative, func(t comfy.Target) bool { return slices.Contains(r.prompt, t) })
	if len(r.samplers) == 0 {
		r.prompt = onlyText(w)
	}
}

func (r *roles) addTexts(w *wiring, to *[]comfy.Target, l comfy.Link, side string) {
	for _, group := range encoders(w, l, side, &r.guidance) {
		switch {
		case len(*to) == 0 || sameText(w, (*to)[0], group[0]):
			for _, t := range group {
				*to = addTarget(*to, t)
			}
		case side == "positive" && !slices.Contains(*to, group[0]):
			r.otherPrompts = addTarget(r.otherPrompts, group[0])
		}
	}
}

func addTarget(list []comfy.Target, t comfy.Target) []comfy.Target {
	if slices.Contains(list, t) {
		return list
	}
	return append(list, t)
}

func sameText(w *wiring, a, b comfy.Target) bool {
	if a == b {
		return true
	}
	s, ok1 := w.g.Node(a.Node).Inputs.Text(a.Input)
	t, ok2 := w.g.Node(b.Node).Inputs.Text(b.Input)
	return ok1 && ok2 && strings.TrimSpace(s) == strings.TrimSpace(t)
}

// encoders follows conditioning back to text inputs, one group per encoder.
func encoders(w *wiring, from comfy.Link, side string, guidance *[]comfy.Target) [][]comfy.Target {
	var groups [][]comfy.Target
	w.walk(from, func(at comfy.Link) []comfy.Link {
		id := at.Node
		class := w.g.Node(id).Class
		if class == "ConditioningZeroOut" {
			return nil // what is before it has no say
		}
		if side == "positive" && w.has(id, "guidance") {
			if t, ok := w.origin(id, "guidance"); ok {
				*guidance = addTarget(*guidance, t)
			}
		}
		pos, hasPos := w.link(id, "positive")
		neg, hasNeg := w.link(id, "negative")
		if hasPos && hasNeg { // one node for both ways: output 0 and output 1
			if at.Slot == 1 || (at.Slot != 0 && side == "negative") {
				return []comfy.Link{neg}
			}
			return []comfy.Link{pos}
		}
		if next := w.linksNamed(id, "cond", "positive", "negative"); len(next) > 0 {
			return next
		}
		if w.isText(id, side) { // loaders that hold both texts themselves
			groups = append(groups, []comfy.Target{{Node: id, Input: side}})
			return nil
		}
		if texts := textInputs(w, id); len(texts) > 0 {
			groups = append(groups, texts)
			return nil
		}
		return w.linksNamed(id, "on_true", "on_false", "input", "any")
	})
	return groups
}

// textInputs lists where an encoder's text is written. Encoders with several
// texts (SDXL, SD3, Flux, HiDream) take the prompt in each.
func textInputs(w *wiring, id string) []comfy.Target {
	var targets []comfy.Target
	for _, name := range []string{"text", "prompt", "user_prompt", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "bert", "mt5xl", "tags"} {
		if t, ok := w.origin(id, name); ok && w.isText(t.Node, t.Input) {
			targets = addTarget(targets, t)
		}
	}
	if len(targets) > 0 {
		return targets
	}
	if len(w.linksNamed(id, "clip", "encoder", "t5")) == 0 {
		return nil
	}
	for _, name := range w.g.Node(id).Inputs.Names() {
		if w.isText(id, name) {
			targets = append(targets, comfy.Target{Node: id, Input: name})
		}
	}
	if len(targets) != 1 {
		return nil // which one is the prompt cannot be told
	}
	return targets
}

// onlyText is the prompt of a graph without sampler (partner nodes, audio):
// the only input called prompt.
func onlyText(w *wiring) []comfy.Target {
	var found []comfy.Target
	for _, id := range w.g.IDs() {
		if t, ok := w.origin(id, "prompt"); ok && w.isText(t.Node, t.Input) {
			found = addTarget(found, t)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}

// findSeeds: the seed goes to every first-stage sampler. Later stages keep
// their own, which makes no difference between runs with one seed.
func (r *roles) findSeeds(w *wiring) {
	holders := r.first
	if len(r.samplers) == 0 {
		for _, id := range w.g.IDs() {
			if w.has(id, "seed") || w.has(id, "noise_seed") {
				holders = append(holders, id)
			}
		}
		if len(holders) > 1 {
			return
		}
	}
	for _, id := range holders {
		if l, ok := w.link(id, "noise"); ok {
			id = l.Node
		}
		for _, input := range []string{"seed", "noise_seed"} {
			if t, ok := w.origin(id, input); ok {
				r.seed = addTarget(r.seed, t)
			}
		}
	}
}

// findLatents finds the nodes that say how large the picture becomes.
func (r *roles) findLatents(w *wiring) {
	for _, id := range r.first {
		latent, _ := w.link(id, "latent_image")
		w.walk(latent, func(at comfy.Link) []comfy.Link {
			if slices.Contains(r.samplers, at.Node) {
				return nil
			}
			further := w.linksNamed(at.Node, "sample", "latent")
			if w.literalSize(at.Node) && len(further) == 0 && !slices.Contains(r.sizes, at.Node) {
				r.sizes = append(r.sizes, at.Node)
			}
			return further
		})
	}
	if len(r.sizes) == 0 {
		return
	}
	for _, id := range r.first {
		for _, start := range []string{"model", "sigmas"} {
			l, ok := w.link(guide(w, id), start)
			if start == "sigmas" {
				l, ok = w.link(id, start)
			}
			if !ok {
				continue
			}
			w.walk(l, func(at comfy.Link) []comfy.Link {
				if w.literalSize(at.Node) && !slices.Contains(r.sized, at.Node) {
					r.sized = append(r.sized, at.Node)
				}
				return w.linksNamed(at.Node, "model", "sigmas")
			})
		}
	}
}

func (w *wiring) literalSize(id string) bool {
	return w.isNumber(id, "width") && w.isNumber(id, "height")
}

// isNumber reports whether the input is written as a number, here or in a
// primitive node.
func (w *wiring) isNumber(id, input string) bool {
	t, ok := w.origin(id, input)
	if !ok {
		return false
	}
	v, _ := w.g.Node(t.Node).Inputs.Get(t.Input)
	return isNumber(v)
}

// across lists the inputs of this name in size nodes.
func (r *roles) across(w *wiring, input string) []comfy.Target {
	var targets []comfy.Target
	for _, id := range slices.Concat(r.sizes, r.sized) {
		if t, ok := w.origin(id, input); ok {
			targets = addTarget(targets, t)
		}
	}
	return targets
}

// control finds an input of the samplers, their guiders, schedulers and
// sampler choosers.
func (r *roles) control(w *wiring, input string) []comfy.Target {
	var targets []comfy.Target
	for _, id := range r.schedule {
		holders := []string{id, guide(w, id)}
		if l, ok := w.link(id, "sampler"); ok {
			holders = append(holders, l.Node)
		}
		if l, ok := w.link(id, "sigmas"); ok {
			w.walk(l, func(at comfy.Link) []comfy.Link {
				holders = append(holders, at.Node)
				return w.linksNamed(at.Node, "sigmas")
			})
		}
		for _, h := range holders {
			if t, ok := w.origin(h, input); ok {
				targets = addTarget(targets, t)
				break
			}
		}
	}
	return targets
}
