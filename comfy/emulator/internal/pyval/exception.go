package pyval

// An Exception is a failure as the server reports it: the full name of a
// Python type and a message. A node that returns any other error is reported
// with the type Exception.
type Exception struct {
	Type        string // "ValueError", "torch.OutOfMemoryError"
	Message     string
	OutOfMemory bool // the server unloads its models and adds a tip
}

func (e *Exception) Error() string { return e.Message }
