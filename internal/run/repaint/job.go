package repaint

import "github.com/seed-7d77cb5c/easel/registry"

// Drawn is the value of a mask parameter whose mask is drawn and not a file.
const Drawn = "(drawn)"

// IsDrawn reports whether a value stands for a mask without a file.
func IsDrawn(v registry.Value) bool {
	return v.Param.Role == registry.RoleMask && v.Origin == registry.FromDefault && v.Texts()[0] == Drawn
}

// A Job is a call whose picture is painted only in part.
type Job struct {
	Image, Mask registry.Value
	Loader      string // node that loads the picture
}

// JobOf finds the picture and the mask of a call; nil when it has no mask. One
// without the picture that it needs is a *PictureError.
func JobOf(call *registry.Call) (*Job, error) {
	var j Job
	for _, v := range call.Files() {
		switch v.Param.Role {
		case registry.RoleMask:
			j.Mask = v
		case registry.RoleImage:
			j.Image = v
		}
	}
	if j.Mask.Param == nil {
		return nil, nil
	}
	if j.Image.Param == nil {
		if IsDrawn(j.Mask) || j.Mask.Param.ViaAlpha {
			return nil, &PictureError{Mask: j.Mask.Param.Name}
		}
		return nil, nil // a mask on its own is a picture like any other
	}
	targets := call.FileTargets(j.Image.Param.Name)
	if len(j.Image.Texts()) != 1 || len(targets) == 0 {
		return nil, &PictureError{Mask: j.Mask.Param.Name, Several: true}
	}
	j.Loader = targets[0].Node
	return &j, nil
}
