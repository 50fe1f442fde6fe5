package backends

// A NoneError means that no backend was named and that no ComfyUI answers on
// this machine.
type NoneError struct{}

func (*NoneError) Error() string {
	return "no backend is configured, and no ComfyUI answers on 127.0.0.1:8188 or 127.0.0.1:8000"
}

// An UnknownError means that there is no backend of a name.
type UnknownError struct {
	Name    string   // as it may be shown: without user, password and query
	Address bool     // it looks like an address without its scheme
	Nearest []string // names there are
}

func (e *UnknownError) Error() string { return "unknown backend \"" + e.Name + "\"" }

// A FormError means that a name or address has a form that no backend has.
type FormError struct {
	Message string
	Write   string // a form that is right: "http://HOST:8188"
	Known   string // what there is to choose from, in words
}

func (e *FormError) Error() string { return e.Message }
