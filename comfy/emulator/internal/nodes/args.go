package nodes

import (
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// An arguments value reads a call's inputs. The first input of a wrong type
// stops it; err says which, and the values read are then zero. That happens
// only when a graph passes validation by the wildcard type.
type arguments struct {
	call *Call
	err  error
}

func (c *Call) args() *arguments { return &arguments{call: c} }

// input finds the definition of an input of the class.
func (c *Class) input(name string) *Input {
	for _, list := range [][]Input{c.Required, c.Optional} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// value is what the graph gave, else the declared default, else nil.
func (a *arguments) value(name string) any {
	if v, ok := a.call.Inputs[name]; ok && v != nil {
		return v
	}
	if in := a.call.Class.input(name); in != nil {
		if def, ok := in.Options["default"]; ok {
			return def
		}
		if len(in.Choices) > 0 {
			return in.Choices[0]
		}
	}
	return nil
}

// wrong notes a value of another type than the node works with. The server
// checks none, and fails where the node first looks into the value; most look
// at a tensor's shape.
func (a *arguments) wrong(got any) {
	if a.err != nil {
		return
	}
	name := pyval.TypeName(got)
	if _, ok := got.(*raster.Frames); ok {
		name = "Tensor"
	}
	a.err = &pyval.Exception{Type: "AttributeError", Message: "'" + name + "' object has no attribute 'shape'"}
}

// given reads a linked value; nothing given is an error.
func given[T any](a *arguments, name string) T {
	v, ok := a.call.Inputs[name].(T)
	if !ok {
		a.wrong(a.call.Inputs[name])
	}
	return v
}

// maybe reads a linked value that may be absent.
func maybe[T any](a *arguments, name string) T {
	if a.call.Inputs[name] == nil {
		var none T
		return none
	}
	return given[T](a, name)
}

func (a *arguments) frames(name string) *raster.Frames      { return given[*raster.Frames](a, name) }
func (a *arguments) latent(name string) *latent             { return given[*latent](a, name) }
func (a *arguments) model(name string) *model               { return given[*model](a, name) }
func (a *arguments) conditioning(name string) *conditioning { return given[*conditioning](a, name) }

func (a *arguments) int(name string) int {
	switch v := a.value(name).(type) {
	case int64:
		return int(v)
	case uint64:
		return int(v)
	case int:
		return v
	case float64:
		return int(v)
	default:
		a.wrong(v)
		return 0
	}
}

// seed reads an INT over all 64 bits.
func (a *arguments) seed(name string) uint64 {
	switch v := a.value(name).(type) {
	case int64:
		return uint64(v)
	case uint64:
		return v
	default:
		a.wrong(v)
		return 0
	}
}

func (a *arguments) float(name string) float64 {
	switch v := a.value(name).(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	default:
		a.wrong(v)
		return 0
	}
}

func (a *arguments) text(name string) string {
	v, ok := a.value(name).(string)
	if !ok {
		a.wrong(a.value(name))
	}
	return v
}

func (a *arguments) bool(name string) bool {
	v, ok := a.value(name).(bool)
	if !ok {
		a.wrong(a.value(name))
	}
	return v
}
