package repaint

// A Part is one of the things that a Spec says.
type Part string

// The parts of a spec that can be wrong.
const (
	PartRect    Part = "rect"
	PartEllipse Part = "ellipse"
	PartColor   Part = "color"
	PartExpand  Part = "expand"
	PartGrow    Part = "grow"
	PartFeather Part = "feather"
)

// SpecError means that a part of a spec makes no sense, or none for this picture.
type SpecError struct {
	Part   Part
	Reason string
	Err    error
}

func (e *SpecError) Error() string { return string(e.Part) + ": " + e.Reason }
func (e *SpecError) Unwrap() error { return e.Err }

// EmptyError means that a mask selects nothing of its picture.
type EmptyError struct{ Err error }

func (*EmptyError) Error() string   { return "mask is empty: nothing would be repainted" }
func (e *EmptyError) Unwrap() error { return e.Err }

// PictureError means that a mask has not the one picture that it would lie on.
type PictureError struct {
	Mask    string // the parameter
	Several bool   // there are pictures, but not one
}

func (e *PictureError) Error() string {
	if e.Several {
		return e.Mask + ": needs one picture to lie on"
	}
	return e.Mask + ": there is no picture to mask"
}
