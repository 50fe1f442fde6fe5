package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// usageError: the command line itself is wrong.
type usageError struct {
	message string
	hint    string
}

func (e *usageError) Error() string { return e.message }

func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// notBuilt: the form is part of easel's interface but not of this version.
func notBuilt(what string) error {
	return &usageError{what + " is not built yet", "easel --help lists what this version can do"}
}

// invalidError: an input or combination that cannot run.
type invalidError struct {
	message string
	hint    string
}

func (e *invalidError) Error() string { return e.message }

// signalError is the cause of a context that a signal ended.
type signalError struct {
	name string
	exit int
}

func (e *signalError) Error() string { return "stopped by " + e.name }

// reportedError carries an exit code for a failure that has been printed.
type reportedError struct{ exit int }

func (e *reportedError) Error() string { return "already reported" }

// partialError sums runs up that were asked for together: some failed, or some
// have not all their outputs, which is exit 3; or all failed, which is the
// first one's code. Each has been reported by itself.
type partialError struct {
	runs, failed int
	first        error // nil when none failed
}

func (e *partialError) Error() string {
	if e.failed == 0 {
		return "some outputs are missing"
	}
	return fmt.Sprintf("%d of %d runs failed", e.failed, e.runs)
}

// A failure is an error as users read it; its JSON form is the contract of
// INTERFACE section 4.
type failure struct {
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

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// explain maps an error to what users read and to the exit code. It is the
// only place that does.
func explain(err error) failure {
	var several *partialError
	if errors.As(err, &several) {
		return several.explain()
	}
	f := failure{Code: "failed", Exit: exitFailure, Message: err.Error(), Problems: []registry.Problem{}}
	for _, try := range []func(error, *failure) bool{
		explainStop, explainUsage, explainValues, explainFiles, explainBackend, explainRun, explainStorage,
	} {
		if try(err, &f) {
			break
		}
	}
	return f
}

func (e *partialError) explain() failure {
	f := failure{Code: "partial", Exit: exitPartial, Problems: []registry.Problem{}}
	if e.failed == e.runs {
		f = explain(e.first)
		f.Hint = "" // it stands above
	}
	f.Message = e.Error()
	return f
}

func explainStop(err error, f *failure) bool {
	var stopped *run.StoppedError
	var sig *signalError
	switch {
	case errors.As(err, &sig):
		f.Code, f.Exit, f.Retryable, f.Message = "interrupted", sig.exit, true, sig.Error()
		if sig.exit == exitPipe { // no failure to speak of, unless a run ended by it
			f.Message = ""
		}
	case errors.Is(err, context.Canceled):
		f.Code, f.Exit, f.Retryable = "interrupted", exitInterrupt, true
	case errors.As(err, &stopped):
		f.Code, f.Exit, f.Retryable = "timeout", exitLost, true
		f.Hint = "give the run more time with --timeout"
	default:
		return false
	}
	var uncollected *run.UncollectedError
	if errors.As(err, &uncollected) {
		f.Hint = "the run goes on or has ended on the backend: easel resume " + uncollected.Run + " collects it"
	}
	if errors.As(err, &stopped) {
		f.Message = stopped.Error()
		if stopped.Unconfirmed != nil {
			f.Hint = "easel resume " + stopped.Run + " finishes the cancel"
		}
	}
	return true
}

func explainUsage(err error, f *failure) bool {
	var usage *usageError
	var query *term.QueryError
	var key *config.KeyError
	var value *config.ValueError
	var file *config.FileError
	var edit *config.EditError
	var template *storage.TemplateError
	switch {
	case errors.As(err, &template):
		f.Hint = "easel help names lists the placeholders"
	case errors.As(err, &edit):
		f.Hint = "edit the file by hand: easel config path"
		var path *fs.PathError
		if errors.As(err, &path) { // of the disk, and not of what stands in the file
			f.Code, f.Exit, f.Hint = "storage", exitStorage, "easel config path says where settings are; --config FILE uses others"
			return true
		}
	case errors.As(err, &usage):
		f.Hint = usage.hint
	case errors.As(err, &key):
		f.Hint = key.Hint()
	case errors.As(err, &value):
		f.Hint = "easel config list shows the settings and what they take"
	case errors.As(err, &file):
		f.File, f.Hint = text(file.Path), "easel config path says where the settings are"
	case errors.As(err, &query):
		f.Hint = "see the jq manual for the language of --jq"
	default:
		return false
	}
	f.Code, f.Exit = "usage", exitUsage
	return true
}

func explainValues(err error, f *failure) bool {
	var values *registry.ValuesError
	var unknownWorkflow *registry.UnknownWorkflowError
	var unknownCharacter *registry.UnknownCharacterError
	var rejected *run.RejectedError
	var invalid *invalidError
	f.Exit = exitInvalid
	switch {
	case errors.As(err, &values):
		f.Code, f.Problems = "invalid_parameter", values.Problems
		f.Hint = "easel workflows show " + values.Workflow + " lists the parameters"
	case errors.As(err, &unknownWorkflow):
		f.Code, f.Hint = "unknown_workflow", nearestHint(unknownWorkflow.Nearest, "easel workflows list")
	case errors.As(err, &unknownCharacter):
		f.Code, f.Hint = "unknown_character", nearestHint(unknownCharacter.Nearest, "easel characters list")
	case errors.As(err, &rejected):
		f.Code, f.Problems = "rejected", rejected.Problems
		if len(rejected.Nodes) > 0 {
			f.Node, f.Class = text(rejected.Nodes[0].Node), text(rejected.Nodes[0].Class)
		}
	case errors.As(err, &invalid):
		f.Code, f.Hint = "invalid_input", invalid.hint
	default:
		f.Exit = exitFailure
		return false
	}
	if len(f.Problems) > 0 {
		f.Parameter = text(f.Problems[0].Parameter)
	}
	if len(f.Problems) == 1 { // else it stands behind each
		f.Hint = cmp.Or(advice(f.Problems[0]), f.Hint)
	}
	return true
}

func nearestHint(nearest []string, list string) string {
	if len(nearest) == 0 {
		return list + " shows what there is"
	}
	return didYouMean(nearest) + " " + list + " shows all"
}

func explainBackend(err error, f *failure) bool {
	var noBackend *noBackendError
	var auth *comfy.AuthError
	var withheld *config.WithheldError
	var exposed *config.ExposedError
	var unreachable *comfy.UnreachableError
	var status *comfy.StatusError
	var lost *comfy.LostError
	var ambiguous *comfy.AmbiguousError
	var uncollected *run.UncollectedError
	var full *storage.Error
	switch {
	case errors.As(err, &full):
		return false
	case errors.As(err, &ambiguous): // before what it wraps
		f.Code, f.Exit, f.Retryable = "ambiguous", exitLost, false
		f.Hint = "it may be running: easel resume " + ambiguous.ID + " finds out"
	case errors.As(err, &noBackend):
		f.Code, f.Exit = "no_backend", exitUnreachable
		f.Hint = "name one with easel backends add studio http://HOST:8188, or try --backend emulator, which needs no ComfyUI"
	case errors.As(err, &exposed):
		f.Code, f.Exit, f.Hint = "secret_exposed", exitAuth, exposed.Hint()
	case errors.As(err, &withheld):
		f.Code, f.Exit, f.Hint = "secret_withheld", exitAuth, withheld.Hint
	case errors.As(err, &auth):
		f.Code, f.Exit = "authentication", exitAuth
		f.Hint = "check user and password, or set EASEL_TOKEN_<BACKEND>"
	case errors.As(err, &lost):
		f.Code, f.Exit, f.Retryable = "lost", exitLost, true
		if !lost.Gone {
			f.Hint = "when the backend is back: easel resume " + lost.ID
		} else {
			f.Hint = "run the same command again"
		}
	case errors.As(err, &uncollected):
		f.Code, f.Exit, f.Retryable = "incomplete", exitLost, true
		f.Message = "the run has ended on the backend, but its outputs are not here: " + uncollected.Error()
		f.Hint = "easel resume " + uncollected.Run + " fetches them"
	case errors.As(err, &unreachable):
		f.Code, f.Exit, f.Retryable = "unreachable", exitUnreachable, true
		f.Hint = "is ComfyUI running there? easel backends list shows what is known; --backend emulator needs none"
	case errors.As(err, &status):
		f.Code, f.Exit, f.Retryable = "backend_status", exitUnreachable, status.Status >= 500 || status.Status == 429
		f.Hint = "the address answers, but not as ComfyUI does: check it with curl, or ask who runs the proxy"
	default:
		return false
	}
	return true
}

func explainRun(err error, f *failure) bool {
	var failed *run.FailedError
	var incomplete *run.IncompleteError
	var cancelled *comfy.CancelledError
	var gone *comfy.NotFoundError
	var large *comfy.TooLargeError
	var unknownRun *ledger.NotFoundError
	switch {
	case errors.As(err, &failed):
		f.Code, f.Exit = "node_error", exitNode
		f.Node, f.Class, f.Parameter = text(failed.Err.Node), text(failed.Err.Class), text(failed.Parameter)
		if failed.Err.OOM {
			f.Code, f.Retryable = "out_of_memory", true
			f.Hint = "a smaller picture or a smaller model needs less memory; the server has unloaded its models, so the same run may work now"
		}
	case errors.As(err, &cancelled):
		f.Code, f.Exit, f.Retryable = "cancelled", exitLost, true
		f.Hint = "somebody interrupted it on the server; run the same command again"
	case errors.As(err, &large) && large.Sent:
		f.Code, f.Exit = "invalid_input", exitInvalid
		f.Hint = "give a smaller file, or let ComfyUI (--max-upload-size) and the proxy before it take more"
	case errors.As(err, &incomplete), errors.As(err, &gone), errors.As(err, &large):
		f.Code, f.Exit, f.Retryable = "incomplete", exitLost, true
	case errors.As(err, &unknownRun):
		f.Code, f.Exit = "unknown_run", exitInvalid
		f.Hint = nearestHint(unknownRun.Nearest, "easel history list")
	default:
		return false
	}
	return true
}

func explainStorage(err error, f *failure) bool {
	var se *storage.Error
	var record *ledger.WriteError
	var uncollected *run.UncollectedError
	left := errors.As(err, &uncollected)
	switch {
	case errors.As(err, &record):
		f.Hint = "easel writes each run down before it is submitted; make room in that folder, or move it with XDG_DATA_HOME"
	case errors.Is(err, storage.ErrExist):
		f.Hint = "choose another name, or replace it with --force"
	case left: // whatever the reason, nothing has to be computed again
	case errors.Is(err, storage.ErrFull):
		f.Hint = "free some space and try again"
	case errors.Is(err, syscall.ENOTDIR):
		f.Hint = "a part of this path is a file: choose another folder"
	case errors.Is(err, storage.ErrRefused), errors.Is(err, fs.ErrPermission):
		f.Hint = "choose a folder you may write to with --out"
	case errors.As(err, &se):
	default:
		return false
	}
	f.Code, f.Exit = "storage", exitStorage
	if left {
		f.Retryable = true
		f.Hint = "the outputs are still on the backend: when the folder can be written, easel resume " + uncollected.Run + " fetches them"
	}
	return true
}
