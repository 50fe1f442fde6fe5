package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A loraSite is where LoRAs go in a graph: into a loader that is there (the
// slot), and behind it or behind the model loader.
type loraSite struct {
	slot   string // id of the LoRA loader that takes the first file, or ""
	after  comfy.Link
	models []use  // inputs that take the model from after
	clips  []use  // inputs that take the text encoder from the same node
	reason string // why no LoRA can be put in
	note   string // what a LoRA does not reach
}

func (s loraSite) possible() bool { return s.reason == "" }

// findLoraSite follows the model of the first sampler back. The only LoRA
// loader on the way is the slot, unless its file makes a model faster
// (Lightning and its like): that one belongs to the graph.
func findLoraSite(w *wiring, r *roles) loraSite {
	if len(r.samplers) == 0 {
		return loraSite{reason: "the graph has no sampler whose model a LoRA could change"}
	}
	loader, found, ok := modelChain(w, r.schedule[0])
	if !ok {
		return loraSite{reason: fmt.Sprintf("no model loader was found behind node %s (%s)", r.schedule[0], w.g.Node(r.schedule[0]).Class)}
	}
	var s loraSite
	var slots []string
	for _, id := range found {
		if file, _ := w.g.Node(id).Inputs.Text("lora_name"); !isSpeedLora(file) {
			slots = append(slots, id)
		}
	}
	if len(slots) == 1 {
		s.slot = slots[0]
		s.after = comfy.Link{Node: s.slot}
	} else {
		s.after = loader
	}
	return s.complete(w, r, loader)
}

// loraSlotAt is the site whose slot a binding names.
func loraSlotAt(w *wiring, r *roles, slot string) loraSite {
	s := loraSite{slot: slot, after: comfy.Link{Node: slot}}
	loader := s.after
	if len(r.schedule) > 0 {
		if l, _, ok := modelChain(w, r.schedule[0]); ok {
			loader = l
		}
	}
	return s.complete(w, r, loader)
}

// complete finds the consumers of the site and what it does not reach.
func (s loraSite) complete(w *wiring, r *roles, loader comfy.Link) loraSite {
	class := w.g.Node(loader.Node).Class
	if s.slot == "" && strings.Contains(class, "Nunchaku") {
		return loraSite{reason: class + " needs a LoRA loader of its own kind, which the graph does not have"}
	}
	for _, u := range w.uses[s.after.Node] {
		switch {
		case u.slot == s.after.Slot:
			s.models = append(s.models, u)
		case u.Input == "clip":
			s.clips = append(s.clips, u)
		}
	}
	for _, id := range r.samplers {
		if other, _, ok := modelChain(w, id); ok && other.Node != loader.Node {
			s.note = fmt.Sprintf("the LoRA changes the model of node %s (%s) only, not that of node %s (%s)",
				loader.Node, class, other.Node, w.g.Node(other.Node).Class)
			break
		}
	}
	return s
}

// modelChain follows a sampler's model back to its loader and lists the LoRA
// loaders on the way.
func modelChain(w *wiring, sampler string) (loader comfy.Link, loras []string, ok bool) {
	l, linked := w.link(guide(w, sampler), "model")
	if !linked {
		return comfy.Link{}, nil, false
	}
	w.walk(l, func(at comfy.Link) []comfy.Link {
		if w.isText(at.Node, "lora_name") {
			loras = append(loras, at.Node)
		}
		for _, name := range []string{"model", "model1", "unet", "on_false"} {
			if next, linked := w.link(at.Node, name); linked {
				return []comfy.Link{next}
			}
		}
		loader, ok = at, true
		return nil
	})
	return loader, loras, ok
}

// isSpeedLora recognises LoRAs that cut the number of steps by their usual
// file names; they are part of a graph's settings, not of its subject.
func isSpeedLora(file string) bool {
	f := strings.ToLower(file)
	return slices.ContainsFunc([]string{"lightning", "lightx2v", "turbo", "lcm", "hyper-", "hyper_", "-4step", "-8step", "_4step", "_8step", "distill"},
		func(mark string) bool { return strings.Contains(f, mark) })
}

// strengthTargets are the slot's strength inputs.
func (s loraSite) strengthTargets(w *wiring) []comfy.Target {
	var targets []comfy.Target
	for _, input := range []string{"strength_model", "strength_clip"} {
		if s.slot != "" && w.literal(s.slot, input) {
			targets = append(targets, comfy.Target{Node: s.slot, Input: input})
		}
	}
	return targets
}

// A loraUse is one LoRA of a call.
type loraUse struct {
	file           string
	strength, clip json.RawMessage
}

// place puts LoRAs into a bound graph: the first into the slot, the others
// chained behind it, or all behind the model loader. Without any, an optional
// slot is taken out.
func (s loraSite) place(g *comfy.Graph, loras []loraUse, optional bool) {
	if s.slot != "" {
		if len(loras) == 0 {
			if optional {
				s.dropSlot(g)
			}
			return
		}
		setLora(g.Node(s.slot), loras[0])
		loras = loras[1:]
	}
	if len(loras) == 0 {
		return
	}
	model := s.after
	clip, hasClip := s.clipLink(g)
	for _, l := range loras {
		n := &comfy.Node{Class: "LoraLoaderModelOnly"}
		n.Inputs.SetLink("model", model)
		n.Inputs.SetString("lora_name", "")
		n.Inputs.Set("strength_model", l.strength)
		if hasClip {
			n.Class = "LoraLoader"
			n.Inputs.SetLink("clip", clip)
			n.Inputs.Set("strength_clip", l.clip)
		}
		setLora(n, l)
		id := g.FreeID()
		g.Set(id, n)
		model, clip = comfy.Link{Node: id}, comfy.Link{Node: id, Slot: 1}
	}
	relink(g, s.models, model)
	if hasClip {
		relink(g, s.clips, clip)
	}
}

// clipLink is the text encoder that comes from the same node as the model.
func (s loraSite) clipLink(g *comfy.Graph) (comfy.Link, bool) {
	if len(s.clips) == 0 {
		return comfy.Link{}, false
	}
	return g.Node(s.clips[0].Node).Inputs.Link(s.clips[0].Input)
}

// dropSlot connects the slot's consumers to what the slot was fed.
func (s loraSite) dropSlot(g *comfy.Graph) {
	n := g.Node(s.slot)
	if model, ok := n.Inputs.Link("model"); ok {
		relink(g, s.models, model)
	}
	if clip, ok := n.Inputs.Link("clip"); ok {
		relink(g, s.clips, clip)
	}
	g.Remove(s.slot)
}

func setLora(n *comfy.Node, l loraUse) {
	n.Inputs.SetString("lora_name", l.file)
	n.Inputs.Set("strength_model", l.strength)
	if _, ok := n.Inputs.Get("strength_clip"); ok {
		n.Inputs.Set("strength_clip", l.clip)
	}
}

func relink(g *comfy.Graph, uses []use, to comfy.Link) {
	for _, u := range uses {
		if n := g.Node(u.Node); n != nil {
			n.Inputs.SetLink(u.Input, to)
		}
	}
}
