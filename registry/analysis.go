package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// An analysis is a workflow held against its graph.
type analysis struct {
	w        *wiring
	roles    *roles
	params   []*Parameter
	byName   map[string]*Parameter // folded names
	trouble  map[string]error      // why a declared parameter lands nowhere, by name
	outputs  []string
	optional bool // the LoRA slot is left out when nobody names a file
}

func analyse(wf *Workflow, g *comfy.Graph) *analysis {
	w := newWiring(g)
	a := &analysis{w: w, roles: findRoles(w), byName: map[string]*Parameter{}, trouble: map[string]error{}}
	for _, declared := range wf.Params {
		p := *declared
		if err := a.locate(&p); err != nil {
			a.trouble[p.Name] = err
		}
		a.add(&p)
		if p.Role == RoleLora || p.Role == RoleLoraStrength {
			a.optional = a.optional || p.Role == RoleLoraStrength
			a.bindSlot(&p)
		}
		// A loader without which the graph cannot run must get a file.
		if len(p.Default) == 0 && len(p.Targets) > 0 && (p.Type == TypeMask || p.Role == RoleImage && a.roles.imageFeedsLatent) {
			p.Required = true
		}
	}
	for _, role := range standardRoles() {
		if p := a.standard(wf, role); p != nil {
			a.add(p)
		}
	}
	if wf.RequiresInputImage {
		a.require(RoleImage)
	}
	if wf.RequiresMask {
		a.require(RoleMask)
	}
	a.outputs = findOutputs(w, wf.Output)
	return a
}

func (a *analysis) add(p *Parameter) {
	a.params = append(a.params, p)
	a.byName[fold(p.Name)] = p
}

// parameter finds a parameter by its name. The name of a standard input finds
// the parameter that has the role, whatever it is called.
func (a *analysis) parameter(name string) *Parameter {
	if p := a.byName[fold(name)]; p != nil {
		return p
	}
	if role := Role(fold(name)); slices.Contains(standardRoles(), role) {
		return a.role(role)
	}
	return nil
}

// role returns the parameter that has a role.
func (a *analysis) role(r Role) *Parameter {
	for _, p := range a.params {
		if p.Role == r {
			return p
		}
	}
	return nil
}

func (a *analysis) require(r Role) {
	if p := a.role(r); p != nil {
		p.Required = true
	}
}

// locate finds where a declared parameter lands and what role it has.
func (a *analysis) locate(p *Parameter) error {
	var err error
	if len(p.Bind) > 0 {
		p.landings, err = a.resolve(p.Bind)
	} else {
		var targets []comfy.Target
		targets, err = infer(p, a.w, a.roles)
		for _, t := range targets {
			p.landings = append(p.landings, a.landing(t))
		}
	}
	for _, l := range p.landings {
		p.Targets = append(p.Targets, l.Target)
	}
	if err == nil {
		a.giveRole(p)
		a.stepSize(p)
	}
	if p.Type == TypeInt && !p.List && len(p.Targets) > 0 && !slices.ContainsFunc(p.Targets, func(t comfy.Target) bool {
		return t.Input != "seed" && t.Input != "noise_seed"
	}) {
		p.Type = TypeSeed
	}
	return err
}

// giveRole recognises a role by the name, else by where the value lands.
func (a *analysis) giveRole(p *Parameter) {
	role := roleNamed(p.Name)
	for _, r := range standardRoles() {
		if role == "" && p.Type != TypeSize && overlap(p.Targets, a.roles.targets(a.w, r)) {
			role = r
		}
	}
	if role == "" || a.role(role) != nil {
		return
	}
	p.Role = role
	if role == RoleMask {
		a.maskWay(p)
	}
	if role == RoleLora && p.Folder == "" {
		p.Folder = "loras"
	}
}

// bindSlot makes the LoRA loader that an explicit binding names the slot.
func (a *analysis) bindSlot(p *Parameter) {
	if len(p.Bind) == 0 || len(p.Targets) == 0 {
		return
	}
	if id := p.Targets[0].Node; id != a.roles.lora.slot && a.w.isText(id, "lora_name") {
		a.roles.lora = loraSlotAt(a.w, a.roles, id)
	}
}

func overlap(a, b []comfy.Target) bool {
	return slices.ContainsFunc(a, func(t comfy.Target) bool { return slices.Contains(b, t) })
}

// maskWay says how a mask travels: by its own loader, or in the image's alpha.
func (a *analysis) maskWay(p *Parameter) {
	switch {
	case len(p.Targets) == 1:
		p.Channel = maskChannelOf(a.w, p.Targets[0].Node)
	case len(p.Targets) == 0 && a.roles.maskInAlpha:
		p.ViaAlpha = true
	}
}

// standard makes the standard input of a role: nil when the graph has no such
// role or a declared parameter covers it.
func (a *analysis) standard(wf *Workflow, role Role) *Parameter {
	if a.role(role) != nil || a.parameter(string(role)) != nil {
		return nil
	}
	targets := a.roles.targets(a.w, role)
	for _, p := range a.params {
		if len(targets) > 0 && overlap(p.Targets, targets) {
			return nil // size covers width and height
		}
	}
	inserted := (role == RoleLora || role == RoleLoraStrength) && a.roles.lora.possible()
	inAlpha := role == RoleMask && a.roles.maskInAlpha
	if len(targets) == 0 && !inserted && !inAlpha {
		return nil
	}
	p := &Parameter{Name: string(role), Role: role, Standard: true, Targets: targets}
	for _, t := range targets {
		p.landings = append(p.landings, a.landing(t))
	}
	switch role {
	case RolePrompt:
		p.Type, p.Label, p.Description = TypeText, "Prompt", "What the picture shows"
	case RoleNegative:
		p.Type, p.Label, p.Description = TypeText, "Negative prompt", "What the picture must not show"
	case RoleSeed:
		p.Type, p.Label, p.Description = TypeSeed, "Seed", "Start of the noise; -1 draws one"
		p.Min, p.Max = "0", maxSeedText
	case RoleImage:
		p.Type, p.Label, p.Description = TypeImage, "Image", "Picture to work on"
	case RoleMask:
		p.Type, p.Label, p.Description = TypeMask, "Mask", "White is painted anew"
		a.maskWay(p)
	case RoleLora:
		p.Type, p.List, p.Folder = TypeModel, true, "loras"
		p.Label, p.Description = "LoRA", "LoRA file on the server; several are chained"
	case RoleLoraStrength:
		p.Type, p.Min, p.Max = TypeFloat, "-100", "100" // the range of ComfyUI's loader
		p.Label, p.Description = "LoRA strength", "How strongly the LoRA changes the model; 1 unless a character says otherwise"
	case RoleWidth, RoleHeight:
		p.Type, p.Min, p.Max, p.Unit = TypeInt, "16", "16384", "px" // the range of ComfyUI's latents
		p.Label, p.Description = "Width", "Width of the result"
		if role == RoleHeight {
			p.Label, p.Description = "Height", "Height of the result"
		}
		a.stepSize(p)
	}
	return p
}

// resolve finds explicit bindings in the graph. Dead and ambiguous ones are
// errors; the others still count.
func (a *analysis) resolve(bind []Binding) ([]landing, error) {
	var landings []landing
	var problems []string
	for _, b := range bind {
		l, err := a.resolveOne(b)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		landings = append(landings, l)
	}
	if len(problems) > 0 {
		return landings, fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return landings, nil
}

func (a *analysis) resolveOne(b Binding) (landing, error) {
	var found []comfy.Target
	if b.Switch {
		for _, id := range a.w.find(b.Target) {
			found = append(found, comfy.Target{Node: id})
		}
	} else {
		found = a.w.address(b.Target)
	}
	switch len(found) {
	case 1:
		l := a.landing(found[0])
		l.scale, l.values, l.turn = b.Scale, b.Map, b.Switch
		return l, nil
	case 0:
		err := fmt.Errorf("binding %q is dead: the graph has no such place", b.Target)
		near := a.w.nearestAddresses(b.Target, 1)
		if b.Switch {
			near = nearest.To(b.Target, a.w.g.IDs(), 1)
		}
		if len(near) > 0 {
			err = fmt.Errorf("%w; nearest: %s", err, near[0])
		}
		return landing{}, err
	}
	return landing{}, fmt.Errorf("binding %q: %w", b.Target, ambiguous(a.w, found))
}

func (a *analysis) landing(t comfy.Target) landing {
	v, _ := a.w.g.Node(t.Node).Inputs.Get(t.Input)
	return landing{Target: t, like: v}
}

// findOutputs lists the nodes that save, or, when none does, that show.
func findOutputs(w *wiring, declared string) []string {
	if declared != "" {
		return w.find(declared)
	}
	var saves, shows []string
	for _, id := range w.g.IDs() {
		class := w.g.Node(id).Class
		switch {
		case w.has(id, "filename_prefix"), strings.HasPrefix(class, "Save"):
			saves = append(saves, id)
		case strings.HasPrefix(class, "Preview"), strings.HasSuffix(class, "Preview"), strings.HasPrefix(class, "Show"):
			shows = append(shows, id)
		}
	}
	if len(saves) > 0 {
		return saves
	}
	return shows
}

// graphValue is what the graph itself says for a parameter, nil when it says
// nothing that a user could give: a link, or a file on the server.
func (a *analysis) graphValue(p *Parameter) json.RawMessage {
	if p.Type.File() || p.Role == RoleLora || p.Type == TypeSize || p.List || len(p.landings) == 0 {
		return nil
	}
	l := p.landings[0]
	if l.turn || l.scale != 0 || len(l.values) > 0 || len(l.like) == 0 || l.like[0] == '[' || l.like[0] == '{' {
		return nil
	}
	return l.like
}
