package problem

import (
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
)

// ofRunPod is about what only RunPod says.
func ofRunPod(err error, p *Problem) bool {
	var unknown *runpod.UnknownEndpointError
	var credit *runpod.NoCreditError
	var large *runpod.PayloadError
	var refused *runpod.RefusedError
	switch {
	case errors.As(err, &unknown):
		p.is(CodeUnknownEndpoint)
		p.Hint = NearestHint(unknown.Nearest, "easel runpod endpoints list")
	case errors.As(err, &credit):
		p.is(CodeNoCredit)
	case errors.As(err, &large):
		p.is(CodeInvalidInput)
		p.Hint = "give a smaller picture (a JPEG instead of a PNG), or use a pod or a server, which take files of any size"
	case errors.As(err, &refused):
		p.is(CodeBackendStatus)
		p.Hint = ""
	default:
		return false
	}
	return true
}
