// Package problem says of any error what programs and people need to know:
// its code, the exit code, whether trying again may help, the message, a hint
// and the place. The command line prints it as text and as JSON, and an HTTP
// API can answer with the same facts; none of them looks at error types.
package problem

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Problem is an error as users read it; its JSON form is the contract of
// INTERFACE section 4. Absent facts are null.
type Problem struct {
	Code      string             `json:"code"`
	Exit      int                `json:"exit"`
	Message   string             `json:"message"`
	Hint      string             `json:"hint"`
	Retryable bool               `json:"retryable"`
	Node      *string            `json:"node"`
	Class     *string            `json:"class"`
	Parameter *string            `json:"parameter"`
	File      *string            `json:"file"`
	Row       *int               `json:"row"`
	Column    *string            `json:"column"`
	Problems  []registry.Problem `json:"problems"`
}

// is makes the problem one of a kind.
func (p *Problem) is(code string) {
	k := kind(code)
	p.Code, p.Exit, p.Retryable, p.Hint = k.Code, k.Exit, k.Retryable, k.Hint
}

// known is nil for a fact that is not there.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Of says what an error is. It is the only place that knows.
func Of(err error) Problem {
	if several, ok := errors.AsType[*PartialError](err); ok {
		return several.problem()
	}
	p := Problem{Message: err.Error(), Problems: []registry.Problem{}}
	p.is(CodeFailed)
	for _, try := range []func(error, *Problem) bool{
		ofStop, ofLimit, ofItems, ofBatchRun, ofBatch, ofAge, ofUsage, ofBackendName, ofServed, ofValues, ofPlan, ofProvenance, ofMask, ofFiles, ofBackend, ofRun, ofStorage,
	} {
		if try(err, &p) {
			break
		}
	}
	if open, ok := errors.AsType[*run.UncollectedError](err); ok && !open.Ended && p.Code != CodeStorage {
		p.Hint = "the run goes on or has ended on the backend: easel resume " + open.Run + " collects it"
	}
	return p
}

func (e *PartialError) problem() Problem {
	p := Problem{Problems: []registry.Problem{}}
	p.is(CodePartial)
	if e.Failed == e.Runs && e.First != nil {
		p = Of(e.First)
		p.Hint = "" // it stands above
	}
	p.Message = e.Error()
	return p
}

func ofStop(err error, p *Problem) bool {
	stopped, isStopped := errors.AsType[*run.StoppedError](err)
	signal, isSignal := errors.AsType[*SignalError](err)
	switch {
	case isSignal:
		p.is(CodeInterrupted)
		p.Exit, p.Message = signal.Exit, signal.Error()
		if signal.Exit == ExitPipe { // no failure to speak of, unless a run ended by it
			p.Message = ""
		}
	case errors.Is(err, context.Canceled):
		p.is(CodeInterrupted)
	case isStopped:
		p.is(CodeTimeout)
	default:
		return false
	}
	if isStopped {
		p.Message = stopped.Error()
		if stopped.Unconfirmed != nil {
			p.Hint = "easel resume " + stopped.Run + " finishes the cancel"
		}
	}
	return true
}

func ofLimit(err error, p *Problem) bool {
	limit, ok := errors.AsType[*LimitError](err)
	if ok {
		p.is(limit.Code)
		p.Message = limit.Message
	}
	return ok
}

func ofAge(err error, p *Problem) bool {
	old, ok := errors.AsType[*OutOfDateError](err)
	if ok {
		p.is(CodeOutOfDate)
		p.Message, p.Hint = old.Message, old.Hint
	}
	return ok
}

func ofUsage(err error, p *Problem) bool {
	var taken *inputs.TakenError
	var usage *UsageError
	var key *config.KeyError
	var value *config.ValueError
	var file *config.FileError
	var edit *config.EditError
	var template *storage.TemplateError
	var scheme *stores.SchemeError
	var address *stores.AddressError
	var bucket *s3store.AddressError
	var setting *supabase.SettingError
	p.is(CodeUsage)
	switch {
	case errors.As(err, &setting) && setting.Name != "":
		p.is(CodeAuthentication)
		p.Hint = setting.Hint
	case errors.As(err, &setting):
		p.Hint = setting.Hint
	case errors.As(err, &address):
		p.Hint = "write supabase://BUCKET/PREFIX"
	case errors.As(err, &scheme):
		p.Hint = "give a folder, s3://BUCKET/PREFIX or supabase://BUCKET/PREFIX"
	case errors.As(err, &bucket):
		p.Hint = "write s3://BUCKET/PREFIX; easel help buckets says what may follow"
	case errors.As(err, &template):
		p.Hint = "easel help names lists the placeholders"
	case errors.As(err, &edit):
		p.Hint = "edit the file by hand: easel config path"
		if _, ok := errors.AsType[*fs.PathError](err); ok { // of the disk, and not of what stands in the file
			p.is(CodeStorage)
			p.Hint = "easel config path says where settings are; --config FILE uses others"
		}
	case errors.As(err, &taken):
		p.Message, p.Hint = taken.Error(), "put one of them into a file"
	case errors.As(err, &usage):
		p.Hint = usage.Hint
	case errors.As(err, &key):
		p.Hint = key.Hint()
	case errors.As(err, &value):
		p.Hint = "easel config list shows the settings and what they take"
	case errors.As(err, &file):
		p.File, p.Hint = known(file.Path), "easel config path says where the settings are"
	default:
		p.is(CodeFailed)
		return false
	}
	return true
}

func ofValues(err error, p *Problem) bool {
	var values *registry.ValuesError
	var unknownWorkflow *registry.UnknownWorkflowError
	var unknownCharacter *registry.UnknownCharacterError
	var rejected *run.RejectedError
	var invalid *InvalidError
	var unmaskable *run.UnmaskableError
	var name *run.OutputNameError
	var unstrippable *run.UnstrippableError
	switch {
	case errors.As(err, &unstrippable):
		p.is(CodeInvalidParameter)
		p.Hint = "without --public and --strip-metadata it is stored as it is"
	case errors.As(err, &name):
		p.is(CodeInvalidParameter)
		p.Parameter, p.Hint = known("out"), "name it .png or .jpg, or give a folder as --out"
	case errors.As(err, &unmaskable):
		p.is(CodeInvalidParameter)
		p.Problems = []registry.Problem{{
			Parameter: "mask", Message: unmaskable.Error(), Hint: "those that do are among: easel workflows list --category editing",
		}}
	case errors.As(err, &values):
		p.is(CodeInvalidParameter)
		p.Problems = values.Problems
		if missing, ok := errors.AsType[*run.MissingMaskError](err); ok {
			p.Problems = adviseOnMask(missing)
		}
		p.Hint = "easel workflows show " + values.Workflow + " lists the parameters"
	case errors.As(err, &unknownWorkflow):
		p.is(CodeUnknownWorkflow)
		list := "easel workflows list"
		if plan.IsServerFile(unknownWorkflow.ID) {
			list += " --from-server"
		}
		p.Hint = NearestHint(unknownWorkflow.Nearest, list)
	case errors.As(err, &unknownCharacter):
		p.is(CodeUnknownCharacter)
		p.Hint = NearestHint(unknownCharacter.Nearest, "easel characters list")
	case errors.As(err, &rejected):
		p.is(CodeRejected)
		for _, f := range rejected.Problems {
			p.Problems = append(p.Problems, OfFinding(f, rejected.Address))
		}
		if len(rejected.Nodes) > 0 {
			p.Node, p.Class = known(rejected.Nodes[0].Node), known(rejected.Nodes[0].Class)
		}
	case errors.As(err, &invalid):
		p.is(CodeInvalidInput)
		p.Hint = invalid.Hint
	default:
		return false
	}
	if len(p.Problems) > 0 {
		p.Parameter = known(p.Problems[0].Parameter)
	}
	if len(p.Problems) == 1 { // else it stands behind each
		p.Hint = cmp.Or(Advice(p.Problems[0]), p.Hint)
	}
	return true
}

// Advice is what helps against a problem with one value, "" when nothing is known.
func Advice(p registry.Problem) string {
	switch {
	case p.Hint != "":
		return p.Hint
	case p.List != "":
		return NearestHint(p.Nearest, p.List)
	case len(p.Nearest) > 0:
		return DidYouMean(p.Nearest)
	}
	return ""
}

// DidYouMean offers the nearest of the names there are.
func DidYouMean(nearest []string) string {
	return "did you mean " + strings.Join(nearest, " or ") + "?"
}

// NearestHint offers the nearest names, and the command that lists all.
func NearestHint(nearest []string, list string) string {
	if len(nearest) == 0 {
		return list + " shows what there is"
	}
	return DidYouMean(nearest) + " " + list + " shows all"
}
