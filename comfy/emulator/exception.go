package emulator

// An exception is a failure as the server reports it: the full name of a
// Python type and a message. A node that returns any other error is reported
// with the type Exception.
type exception struct {
	typ     string // "ValueError", "torch.OutOfMemoryError"
	message string
	oom     bool // the server unloads its models and adds a tip
}

func (e *exception) Error() string { return e.message }
