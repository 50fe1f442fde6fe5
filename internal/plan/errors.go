package plan

import (
	"fmt"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A FormError means a request whose key holds something else than it takes.
type FormError struct {
	File, Key string
	Want      string // "a list of files"
}

func (e *FormError) Error() string { return fmt.Sprintf("%s: %s must be %s", e.File, e.Key, e.Want) }

// An UnknownKeyError means a request with a key that there is not.
type UnknownKeyError struct {
	File, Key      string
	Known, Nearest []string
}

func (e *UnknownKeyError) Error() string { return fmt.Sprintf("%s: unknown key %q", e.File, e.Key) }

// An OtherWorkflowError means a request for another workflow than is to run.
type OtherWorkflowError struct {
	File, Asked, Workflow string
}

func (e *OtherWorkflowError) Error() string {
	return fmt.Sprintf("%s is a request for workflow %s, and not for %s", e.File, e.Asked, e.Workflow)
}

// A NoMaskError means that a mask is drawn for a workflow that takes none.
type NoMaskError struct {
	Key string // what says so: "mask_rect"
}

func (e *NoMaskError) Error() string { return e.Key + ": the workflow takes no mask" }

// A TooManyFilesError means more input files of a kind than a workflow takes.
type TooManyFilesError struct {
	Workflow     string
	Type         registry.ParamType
	Takes, Given int
	Runs         bool // each file is a run of its own, and Takes is how many there may be
}

func (e *TooManyFilesError) Error() string {
	if e.Runs {
		noun := "images"
		if e.Takes == 1 {
			noun = "image"
		}
		return fmt.Sprintf("%s takes at most %d %s at once, but %d were given", e.Workflow, e.Takes, noun, e.Given)
	}
	noun := string(e.Type)
	if e.Type != registry.TypeImage {
		noun += " file"
	}
	if e.Takes != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%s takes %d %s, but %d were given", e.Workflow, e.Takes, noun, e.Given)
}

// A TooManyRunsError means an order for more runs than one order may have, or a batch
// of more items (Most is MostItems then).
type TooManyRunsError struct {
	Most, Asked int
}

func (e *TooManyRunsError) Error() string {
	if e.Most == MostItems {
		return fmt.Sprintf("a batch has at most %d items, not %d", e.Most, e.Asked)
	}
	return fmt.Sprintf("an order makes at most %d runs, not %d", e.Most, e.Asked)
}
