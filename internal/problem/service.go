package problem

import (
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/backends"
)

// ofService is about what only a service says: RunPod, a Comfy API.
func ofService(err error, p *Problem) bool {
	var unknown *runpod.UnknownEndpointError
	var credit *runpod.NoCreditError
	var large *runpod.PayloadError
	var refused *runpod.RefusedError
	var refusedAPI *apiv2.RefusedError
	var creditAPI *apiv2.NoCreditError
	var pod *runpod.UnknownPodError
	var several *runpod.SeveralPodsError
	var action *runpod.PodActionError
	var stopped *backends.StoppedPodError
	var silent *backends.SilentPodError
	switch {
	case errors.As(err, &unknown):
		p.is(CodeUnknownEndpoint)
		p.Hint = NearestHint(unknown.Nearest, "easel runpod endpoints list")
	case errors.As(err, &credit):
		p.is(CodeNoCredit)
	case errors.As(err, &large):
		p.is(CodeInvalidInput)
		p.Hint = "give a smaller picture (a JPEG instead of a PNG), or use a pod or a server, which take files of any size"
	case errors.As(err, &creditAPI):
		p.is(CodeNoCredit)
		p.Hint = "add credits in the account of the service"
	case errors.As(err, &refusedAPI):
		p.is(CodeBackendStatus)
		p.Hint = ""
	case errors.As(err, &refused):
		p.is(CodeBackendStatus)
		p.Hint = ""
	case errors.As(err, &pod):
		p.is(CodeUnknownEndpoint)
		p.Hint = NearestHint(pod.Nearest, "easel runpod pods list")
	case errors.As(err, &several):
		p.is(CodeUsage)
		p.Hint = "name one by its id: pod://" + several.IDs[0]
	case errors.As(err, &action):
		p.is(CodePodUnavailable)
		switch {
		case action.NoGPU:
			p.Retryable = true
			p.Hint = "its host may have one later; a pod with a network volume can be made anew on another host in RunPod's console"
		case action.Pod.Locked:
			p.Hint = "unlock it in RunPod's console"
		}
	case errors.As(err, &stopped):
		p.is(CodePodUnavailable)
		p.Hint = "--start-pod starts it, as does easel runpod pods start " + stopped.Pod.ID
	case errors.As(err, &silent):
		p.is(CodePodUnavailable)
		p.Retryable = true
		p.Hint = "it may be starting: easel runpod pods wait " + silent.Pod.ID + "; if that does not end, its log in RunPod's console says why"
	default:
		return false
	}
	return true
}
