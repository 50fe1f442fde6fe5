package problem

import (
	"cmp"
	"crypto/tls"
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

func ofBackend(err error, p *Problem) bool {
	var noBackend *backends.NoneError
	var auth *comfy.AuthError
	var withheld *config.WithheldError
	var exposed *config.ExposedError
	var certificate *config.CertificateError
	var unknownSecret *config.UnknownSecretError
	var locked *config.KeyringError
	var unreachable *comfy.UnreachableError
	var status *comfy.StatusError
	var lost *comfy.LostError
	var ambiguous *comfy.AmbiguousError
	var uncollected *run.UncollectedError
	var move *comfy.MoveError
	var stored *storage.Error
	var service *ServiceError
	switch {
	case errors.As(err, &stored):
		return false
	case errors.As(err, &service):
		p.is(CodeUnreachable)
		if service.Login {
			p.is(CodeAuthentication)
		}
		p.Message, p.Hint = service.Message, service.Hint
	case errors.As(err, &move): // before what it wraps
		p.is(CodeRejected)
		p.Hint = "easel queue list shows what waits"
		if move.Removed {
			p.is(CodeLost)
			p.Hint = "easel rerun " + move.ID + " makes it again"
		}
	case errors.As(err, &ambiguous): // before what it wraps
		p.is(CodeAmbiguous)
		p.Hint = "it may be running: easel resume " + ambiguous.ID + " finds out"
		if ambiguous.Handle == "" {
			p.Hint = "it may be running and billed, and nobody can look it up by easel's id: the same command again makes it perhaps twice"
		}
	case errors.As(err, &noBackend):
		p.is(CodeNoBackend)
	case errors.As(err, &unknownSecret):
		p.is(CodeUsage)
		p.Hint = "easel backends list shows your backends; a project's are not kept for"
	case errors.As(err, &locked):
		p.is(CodeAuthentication)
		p.Hint = "unlock the keyring, or set " + locked.Variable
	case errors.As(err, &exposed):
		p.is(CodeSecretExposed)
		p.Hint = exposed.Hint()
	case errors.As(err, &certificate):
		p.is(CodeAuthentication)
		p.Hint = "client_cert, client_key and ca are files in PEM form, the key without a password"
	case errors.As(err, &withheld):
		p.is(CodeSecretWithheld)
		p.Hint = withheld.Hint
	case errors.As(err, &auth):
		p.is(CodeAuthentication)
		if auth.Variable != "" {
			p.Hint = "set " + auth.Variable + " to a key that may use it"
			if name := map[string]string{"RUNPOD_API_KEY": "runpod", "COMFY_API_KEY": "comfy"}[auth.Variable]; name != "" {
				p.Hint += ", or keep one with easel auth set " + name
			}
		}
	case errors.As(err, &lost):
		p.is(CodeLost)
		if !lost.Gone {
			p.Hint = "when the backend is back: easel resume " + lost.ID
		}
	case errors.As(err, &uncollected) && uncollected.Ended:
		p.is(CodeIncomplete)
		p.Message = "the run has ended on the backend, but its outputs are not here: " + uncollected.Error()
		p.Hint = "easel resume " + uncollected.Run + " fetches them"
		if _, gone := errors.AsType[*comfy.NotFoundError](err); gone {
			p.Hint = "when the files are back, easel resume " + uncollected.Run + " fetches them; with --discard it gives them up"
		}
	case ofService(err, p):
	case errors.As(err, &unreachable):
		p.is(CodeUnreachable)
		var away *comfy.RedirectError
		var distrusted *tls.CertificateVerificationError // it was there
		switch {
		case errors.As(err, &away):
			p.Hint = "easel follows nobody to another address, since the key would go along: give the address that answers itself"
		case errors.As(err, &distrusted):
			p.Hint = "have this machine trust who signed it (SSL_CERT_FILE=FILE does for one command), or keep the file with the address: easel backends add NAME URL --ca FILE"
		case unreachable.Of == served.Who:
			p.Hint = "is easel serve running there? easel serve starts one; --server names another"
		case unreachable.Of != "":
			p.Hint = "is the network up, and is that its address? easel backends test asks again; --backend emulator needs none"
		}
		if _, ok := errors.AsType[*comfy.PageError](err); ok {
			p.Retryable = false
			p.Hint = "a browser shows whose page it is: give the address of the API itself, or with easel backends add what the login wants to see (--header, --cookie, --username)"
		}
		if guard, ok := errors.AsType[*comfy.ChallengeError](err); ok {
			p.Retryable = false
			p.Hint = "no password helps: let easel past " + guard.Guard + " with a rule or a header of its own, or use the server's own address"
		}
	case errors.As(err, &status):
		p.is(CodeBackendStatus)
		p.Retryable = status.Status >= 500 || status.Status == 429
	default:
		return false
	}
	return true
}

// isOpen reports whether the run goes on for all that is known.
func isOpen(err error) bool {
	uncollected, ok := errors.AsType[*run.UncollectedError](err)
	return ok && !uncollected.Ended
}

// ofBackendName is about the name or address of a backend, before anything is
// asked.
func ofBackendName(err error, p *Problem) bool {
	var unknown *backends.UnknownError
	var form *backends.FormError
	switch {
	case errors.As(err, &unknown):
		p.is(CodeUsage)
		p.Hint = "easel backends add " + unknown.Name + " http://HOST:8188 makes it known"
		if unknown.Address {
			p.Hint = "an address begins with http:// or https://"
		}
		if len(unknown.Nearest) > 0 {
			p.Hint = DidYouMean(unknown.Nearest) + " " + p.Hint
		}
	case errors.As(err, &form):
		p.is(CodeUsage)
		p.Hint = cmp.Or(form.Known, "write "+form.Write)
	default:
		return false
	}
	return true
}

func ofRun(err error, p *Problem) bool {
	var failed *run.FailedError
	var incomplete *run.IncompleteError
	var cancelled *comfy.CancelledError
	var gone *comfy.NotFoundError
	var large *comfy.TooLargeError
	var worker *comfy.WorkerError
	var unreturned *run.UnreturnedError
	var unknownRun *ledger.NotFoundError
	var severalRuns *ledger.AmbiguousError
	switch {
	case errors.As(err, &failed):
		p.is(CodeNodeError)
		if failed.Err.OOM {
			p.is(CodeOutOfMemory)
		}
		p.Node, p.Class, p.Parameter = known(failed.Err.Node), known(failed.Err.Class), known(failed.Parameter)
	case errors.As(err, &cancelled):
		p.is(CodeCancelled)
		if cancelled.Meant {
			p.Hint = "somebody took it back, with easel queue cancel or otherwise; the same command makes it again"
		}
	case errors.As(err, &large) && large.Sent && !isOpen(err):
		p.is(CodeInvalidInput)
		p.Hint = "give a smaller file, or let ComfyUI (--max-upload-size) and the proxy before it take more"
	case errors.As(err, &worker):
		p.is(CodeWorkerError)
	case errors.As(err, &unreturned):
		p.is(CodeInvalidWorkflow)
		p.Hint = "run it on a ComfyUI server or a pod, or let the graph save pictures"
	case errors.As(err, &incomplete), errors.As(err, &gone), errors.As(err, &large):
		p.is(CodeIncomplete)
	case errors.As(err, &unknownRun):
		p.is(CodeUnknownRun)
		p.Hint = NearestHint(unknownRun.Nearest, "easel history list")
	case errors.As(err, &severalRuns):
		p.is(CodeUnknownRun)
		p.Hint = "type more of the id; easel history list shows what each was"
	default:
		return false
	}
	return true
}
