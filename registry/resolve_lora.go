package registry

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// resolveLoras gathers the LoRAs: the character's, then the user's. A strength
// that the user gave counts for all of them.
func (r *resolver) resolveLoras() {
	lora, strength := r.analysis.role(RoleLora), r.analysis.role(RoleLoraStrength)
	common, own := json.RawMessage("1"), false
	if strength != nil {
		if v, ok := r.given[strength]; ok {
			common, own = v.JSON, v.Origin > FromCharacter
		}
	}
	site := r.analysis.roles.lora
	add := func(l Lora) {
		u := loraUse{file: l.File, strength: common, clip: common}
		if clip, apart := site.ownClip(r.analysis.w, l.File); apart && !own {
			u.clip = clip
		}
		if !own && l.Strength != "" {
			u.strength, u.clip = json.RawMessage(l.Strength), json.RawMessage(l.Strength)
		}
		if !own && l.StrengthClip != "" {
			u.clip = json.RawMessage(l.StrengthClip)
		}
		if l.File != "" && l.File != "none" && !slices.ContainsFunc(r.loras, func(o loraUse) bool { return o.file == l.File }) {
			r.loras = append(r.loras, u)
		}
	}
	if c := r.options.Character; c != nil {
		for _, l := range c.Loras {
			add(l)
		}
	}
	if lora != nil {
		if v, ok := r.given[lora]; ok {
			for _, file := range v.Texts() {
				add(Lora{File: file})
			}
		}
	}
	r.checkLoras(strength, own)
	r.recordLoras(lora, strength, own)
}

// ownClip is the strength on the text encoder of the file that stands in the
// slot, where the graph sets it apart from that on the model.
func (s loraSite) ownClip(w *wiring, file string) (json.RawMessage, bool) {
	if s.slot == "" || !w.literal(s.slot, "strength_clip") {
		return nil, false
	}
	inputs := &w.g.Node(s.slot).Inputs
	stands, _ := inputs.Text("lora_name")
	clip, _ := inputs.Get("strength_clip")
	model, _ := inputs.Get("strength_model")
	return clip, stands == file && string(clip) != string(model)
}

// checkLoras refuses LoRAs that cannot be put in.
func (r *resolver) checkLoras(strength *Parameter, own bool) {
	site := r.analysis.roles.lora
	fixed := site.slot != "" && !r.analysis.optional // a loader that is always there
	switch {
	case len(r.loras) > 0 && !site.possible():
		who := "a LoRA"
		if c := r.options.Character; c != nil && len(c.Loras) > 0 {
			who = "the LoRA of character " + c.ID
		}
		r.bad(Problem{Parameter: "lora", Message: fmt.Sprintf("Workflow '%s' cannot take %s: %s", r.Workflow.ID, who, site.reason)})
	case len(r.loras) > 0 && site.note != "":
		r.Notes = append(r.Notes, site.note)
	case len(r.loras) == 0 && own && !fixed:
		r.Notes = append(r.Notes, strength.Name+" has no effect: no LoRA is named")
	case len(r.loras) == 0 && fixed && own:
		file, _ := r.analysis.w.g.Node(site.slot).Inputs.Text("lora_name")
		v := r.given[strength].JSON
		r.loras = []loraUse{{file: file, strength: v, clip: v}}
	}
}

// recordLoras makes the values say what is used, so that a run can be repeated
// from them.
func (r *resolver) recordLoras(lora, strength *Parameter, own bool) {
	c := r.options.Character
	if c == nil || len(c.Loras) == 0 || len(r.loras) == 0 {
		return
	}
	if lora != nil {
		files := make([]json.RawMessage, len(r.loras))
		for i, l := range r.loras {
			files[i] = comfy.RawString(l.file)
		}
		v, ok := r.given[lora]
		if !ok {
			v = Value{Param: lora, Origin: FromCharacter}
		}
		switch {
		case lora.List:
			v.JSON = list(files)
		case len(files) == 1:
			v.JSON = files[0]
		}
		if v.JSON != nil {
			r.given[lora] = v
		}
	}
	if strength == nil || own {
		return
	}
	first := r.loras[0].strength
	same := !slices.ContainsFunc(r.loras, func(l loraUse) bool { return string(l.strength) != string(first) || string(l.clip) != string(first) })
	if !same {
		delete(r.given, strength) // each has its own: the character says them
		return
	}
	r.given[strength] = Value{Param: strength, JSON: first, Origin: FromCharacter}
}

// Models are the model files that the values name, LoRAs with their strengths, in
// a fixed order. Two calls of one workflow with the same ones load the same: what
// the graph always loads is not among them.
func (c *Call) Models() []string {
	var models []string
	for _, v := range c.Values {
		if v.Param.Type == TypeModel && v.Param.Role != RoleLora {
			models = append(models, v.Texts()...)
		}
	}
	for _, l := range c.loras {
		models = append(models, fmt.Sprintf("%s@%s,%s", l.file, l.strength, l.clip))
	}
	return models
}
