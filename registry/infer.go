package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// roleNamed is the role of a parameter by its name, "" when it has none.
func roleNamed(name string) Role {
	switch fold(name) {
	case "prompt", "positive", "positive_prompt":
		return RolePrompt
	case "negative", "negative_prompt":
		return RoleNegative
	case "seed", "noise_seed":
		return RoleSeed
	case "image", "input_image":
		return RoleImage
	case "mask", "mask_image":
		return RoleMask
	case "lora", "lora_name":
		return RoleLora
	case "lora_strength", "lora_scale", "lora_weight":
		return RoleLoraStrength
	case "width":
		return RoleWidth
	case "height":
		return RoleHeight
	}
	return ""
}

// targets are where a role lands.
func (r *roles) targets(w *wiring, role Role) []comfy.Target {
	switch role {
	case RolePrompt:
		return r.prompt
	case RoleNegative:
		return r.negative
	case RoleSeed:
		return r.seed
	case RoleImage:
		return r.image
	case RoleMask:
		return r.mask
	case RoleLora:
		if r.lora.slot != "" {
			return []comfy.Target{{Node: r.lora.slot, Input: "lora_name"}}
		}
	case RoleLoraStrength:
		return r.lora.strengthTargets(w)
	case RoleWidth:
		return r.across(w, "width")
	case RoleHeight:
		return r.across(w, "height")
	}
	return nil
}

// absent says why the graph has no such role.
func (r *roles) absent(role Role) string {
	switch role {
	case RoleLora, RoleLoraStrength:
		return r.lora.reason
	case RoleMask:
		return "the graph loads no mask and uses no picture's alpha"
	case RoleImage:
		return "the graph loads no picture, or several of which none is the one it starts from"
	case RoleNegative:
		return "the graph has no negative prompt"
	case RolePrompt:
		return "no text was found that guides the sampler"
	case RoleWidth, RoleHeight:
		return r.sizeReason
	case RoleSeed:
		return "the graph draws no noise"
	}
	return ""
}

// infer finds where a declared parameter without binding lands. It fails with
// the reason when the graph has no such place, or several.
func infer(p *Parameter, w *wiring, r *roles) ([]comfy.Target, error) {
	if role := roleNamed(p.Name); role != "" {
		targets := r.targets(w, role)
		if len(targets) > 0 || (role == RoleMask && r.maskInAlpha) || ((role == RoleLora || role == RoleLoraStrength) && r.lora.possible()) {
			return targets, nil
		}
		if found, err := onlyInput(p, w, p.Name); err == nil {
			return found, nil
		}
		return nil, fmt.Errorf("it lands nowhere: %s", r.absent(role))
	}
	for _, find := range finders(fold(p.Name)) {
		if targets := find(w, r); len(targets) > 0 {
			return targets, nil
		}
	}
	return onlyInput(p, w, inputNames(fold(p.Name))...)
}

type finder func(w *wiring, r *roles) []comfy.Target

func control(input string) finder {
	return func(w *wiring, r *roles) []comfy.Target { return r.control(w, input) }
}

// finders are the places of the usual parameter names, best first.
func finders(name string) []finder {
	guidance := func(_ *wiring, r *roles) []comfy.Target { return r.guidance }
	switch name {
	case "steps", "num_inference_steps":
		return []finder{control("steps")}
	case "cfg":
		return []finder{control("cfg"), guidance}
	case "cfg_scale", "guidance", "guidance_scale":
		return []finder{guidance, control("cfg")}
	case "denoise", "denoising_strength":
		return []finder{control("denoise")}
	case "strength":
		return []finder{func(w *wiring, r *roles) []comfy.Target {
			if !r.imageFeedsLatent {
				return nil
			}
			return r.control(w, "denoise")
		}}
	case "sampler", "sampler_name":
		return []finder{control("sampler_name")}
	case "scheduler":
		return []finder{control("scheduler")}
	case "size", "resolution":
		return []finder{func(w *wiring, r *roles) []comfy.Target {
			return slices.Concat(r.across(w, "width"), r.across(w, "height"))
		}}
	case "batch_size":
		return []finder{func(w *wiring, r *roles) []comfy.Target { return r.across(w, "batch_size") }}
	case "checkpoint", "ckpt", "ckpt_name":
		return []finder{modelFile("ckpt_name")}
	case "model", "unet", "unet_name":
		return []finder{modelFile("unet_name", "ckpt_name", "model_name", "model_path")}
	case "upscale_model":
		return []finder{upscaler}
	case "model_name":
		return []finder{upscaler, modelFile("unet_name", "ckpt_name", "model_name")}
	}
	return nil
}

// modelFile finds the file name in the first sampler's model loader.
func modelFile(inputs ...string) finder {
	return func(w *wiring, r *roles) []comfy.Target {
		if len(r.schedule) == 0 {
			return nil
		}
		loader, _, ok := modelChain(w, r.schedule[0])
		if !ok {
			return nil
		}
		for _, input := range inputs {
			if w.isText(loader.Node, input) {
				return []comfy.Target{{Node: loader.Node, Input: input}}
			}
		}
		return nil
	}
}

func upscaler(w *wiring, _ *roles) []comfy.Target {
	ids := w.g.OfClass("UpscaleModelLoader")
	if len(ids) != 1 {
		return nil
	}
	return []comfy.Target{{Node: ids[0], Input: "model_name"}}
}

// inputNames are the node inputs that a parameter of this name may mean.
func inputNames(name string) []string {
	switch name {
	case "scale", "factor", "scale_by", "upscale_factor":
		return []string{name, "scale_by", "upscale_by", "rescale_factor"}
	case "vae":
		return []string{"vae_name"}
	case "clip", "text_encoder":
		return []string{"clip_name"}
	case "controlnet", "control_net":
		return []string{"control_net_name"}
	case "checkpoint", "ckpt":
		return []string{"ckpt_name"}
	case "model", "unet":
		return []string{"unet_name", "ckpt_name", "model_name"}
	}
	return []string{name}
}

// onlyInput finds the only node that has the first of these inputs that any
// node has. A file parameter may also be named like the input that its loader
// feeds, or like its loader's title.
func onlyInput(p *Parameter, w *wiring, names ...string) ([]comfy.Target, error) {
	if p.Type.File() {
		return onlyLoader(p, w)
	}
	for _, name := range names {
		var found []comfy.Target
		for _, id := range w.g.IDs() {
			if !w.has(id, name) {
				continue
			}
			if t, ok := w.origin(id, name); ok {
				found = addTarget(found, t)
			}
		}
		switch {
		case len(found) == 1:
			return found, nil
		case len(found) > 1:
			return nil, ambiguous(w, found)
		}
	}
	return nil, fmt.Errorf("it lands nowhere: no node has an input %s", strings.Join(names, " or "))
}

func onlyLoader(p *Parameter, w *wiring) ([]comfy.Target, error) {
	kind := string(p.Type)
	if p.Type == TypeMask {
		kind = "image"
	}
	all := loaders(w, kind)
	var titled, feeding []comfy.Target
	for _, t := range all {
		title := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(w.g.Node(t.Node).Title))
		if title == strings.ToLower(fold(p.Name)) {
			titled = append(titled, t)
		}
	}
	for _, id := range w.g.IDs() {
		if l, ok := w.link(id, p.Name); ok {
			if t, ok := pictureBehind(w, l, kind); ok {
				feeding = addTarget(feeding, t)
			}
		}
	}
	for _, found := range [][]comfy.Target{titled, feeding, all} {
		if len(found) == 1 || (p.List && len(found) > 1) {
			return found, nil
		}
	}
	if len(all) > 1 {
		return nil, ambiguous(w, all)
	}
	return nil, fmt.Errorf("it lands nowhere: the graph loads no %s", p.Type)
}

func ambiguous(w *wiring, found []comfy.Target) error {
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = fmt.Sprintf("%s (%s)", t, w.g.Node(t.Node).Class)
	}
	return fmt.Errorf("it is ambiguous: it could land in %s", strings.Join(names, ", "))
}
