package problem

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/registry"
)

// ofServed is what an easel serve says about a job or a request: the same facts as
// of a run of this machine, with the same exit codes.
func ofServed(err error, p *Problem) bool {
	var job *served.JobError
	var refused *served.RefusedError
	switch {
	case errors.As(err, &job):
		told := Problem{}
		if json.Unmarshal(job.Raw, &told) != nil {
			return false
		}
		known := slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Code == told.Code })
		if told.Exit = kind(told.Code).Exit; !known {
			told.Exit = ExitFailure
		}
		if told.Problems == nil {
			told.Problems = []registry.Problem{}
		}
		*p = told
	case errors.As(err, &refused):
		p.is(CodeRejected)
		if slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Code == refused.Code }) {
			p.is(refused.Code)
		}
		switch {
		case refused.Status == 404:
			p.is(CodeUnknownRun)
		case refused.Status == 429 || refused.Status >= 500:
			p.is(CodeBackendStatus)
			p.Retryable = true
		}
		p.Message, p.Hint = refused.Error(), refused.Hint
		for _, f := range refused.Fields {
			p.Problems = append(p.Problems, registry.Problem{Parameter: f.Field, Message: f.Message, Allowed: f.Allowed})
		}
	default:
		return false
	}
	return true
}
