package editor

// A FormatError means that a file is not what the editor writes.
type FormatError struct {
	Reason string
	Err    error
}

func (e *FormatError) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}
func (e *FormatError) Unwrap() error { return e.Err }

// A NodeError means that a node cannot be converted, and that leaving it out
// would change what the graph makes.
type NodeError struct {
	Node   string // id, with those of the subgraphs around it: "12:5"
	Class  string
	Title  string
	Pack   string // where the node comes from: cnr_id or aux_id, "" when the file does not say
	Reason string
}

func (e *NodeError) Error() string {
	s := "node " + e.Node + " (" + e.Class
	if e.Title != "" && e.Title != e.Class {
		s += ", " + e.Title
	}
	return s + "): " + e.Reason
}
