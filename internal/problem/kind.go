package problem

import "slices"

// A Kind is one sort of failure: what programs read, how a process ends by it,
// and what helps where nothing better is known of the single case.
type Kind struct {
	Code      string // error.code of INTERFACE section 4
	Exit      int
	Retryable bool // the same again may work
	Hint      string
}

// Codes of the kinds, as programs read them.
const (
	CodeFailed           = "failed"
	CodeUsage            = "usage"
	CodePlanChanged      = "plan_changed"
	CodePartial          = "partial"
	CodeMaxCost          = "max_cost"
	CodeMaxRuns          = "max_runs"
	CodeOutOfDate        = "out_of_date"
	CodeDamaged          = "damaged"
	CodeAuthentication   = "authentication"
	CodeSecretWithheld   = "secret_withheld"
	CodeSecretExposed    = "secret_exposed"
	CodeNoBackend        = "no_backend"
	CodeUnreachable      = "unreachable"
	CodeBackendStatus    = "backend_status"
	CodeInvalidParameter = "invalid_parameter"
	CodeUnknownWorkflow  = "unknown_workflow"
	CodeUnknownCharacter = "unknown_character"
	CodeUnknownRun       = "unknown_run"
	CodeUnknownItem      = "unknown_item"
	CodeInvalidInput     = "invalid_input"
	CodeInvalidWorkflow  = "invalid_workflow"
	CodeEditorFormat     = "editor_format"
	CodeRejected         = "rejected"
	CodeNodeError        = "node_error"
	CodeOutOfMemory      = "out_of_memory"
	CodeWorkerError      = "worker_error"
	CodeNoCredit         = "no_credit"
	CodePodUnavailable   = "pod_unavailable"
	CodeUnknownEndpoint  = "unknown_endpoint"
	CodeLost             = "lost"
	CodeTimeout          = "timeout"
	CodeIncomplete       = "incomplete"
	CodeAmbiguous        = "ambiguous"
	CodeCancelled        = "cancelled"
	CodeStorage          = "storage"
	CodeLocked           = "locked"
	CodeSpooled          = "spooled"
	CodeInterrupted      = "interrupted"
	CodeRetired          = "retired"
)

// Kinds is the one table of codes, exit codes, whether trying again may help,
// and hints. docs/exit-codes.md is held against it.
func Kinds() []Kind {
	return []Kind{
		{CodeFailed, ExitFailure, false, ""},
		{CodeUsage, ExitUsage, false, ""},
		{CodePlanChanged, ExitUsage, false, ""},
		{CodePartial, ExitPartial, false, ""},
		{CodeMaxCost, ExitPartial, false, "the same command with a higher --max-cost goes on"},
		{CodeMaxRuns, ExitPartial, false, "whoever started easel mcp can give a higher --max-runs"},
		{CodeOutOfDate, ExitPartial, false, "without --check the same command makes what is missing, with --update what has changed; a damaged file is made again once it is removed"},
		{CodeDamaged, ExitPartial, false, "easel batch repair OUT rebuilds the ledger from files and records"},
		{CodeAuthentication, ExitAuth, false, "check user and password, or set EASEL_TOKEN_<BACKEND>"},
		{CodeSecretWithheld, ExitAuth, false, ""},
		{CodeSecretExposed, ExitAuth, false, ""},
		{CodeNoBackend, ExitUnreachable, false, "name one with easel backends add studio http://HOST:8188, or try --backend emulator, which needs no ComfyUI"},
		{CodeUnreachable, ExitUnreachable, true, "is ComfyUI running there? easel backends list shows what is known; --backend emulator needs none"},
		{CodeBackendStatus, ExitUnreachable, false, "the address answers, but not as ComfyUI does: check it with curl, or ask who runs the proxy"},
		{CodeUnknownEndpoint, ExitUnreachable, false, ""},
		{CodePodUnavailable, ExitUnreachable, false, "easel runpod pods list shows the account's pods"},
		{CodeNoCredit, ExitUnreachable, false, "add credit in RunPod's console"},
		{CodeInvalidParameter, ExitInvalid, false, ""},
		{CodeUnknownWorkflow, ExitInvalid, false, ""},
		{CodeUnknownCharacter, ExitInvalid, false, ""},
		{CodeUnknownRun, ExitInvalid, false, ""},
		{CodeUnknownItem, ExitInvalid, false, "easel batch report OUT --csv - lists the items"},
		{CodeInvalidInput, ExitInvalid, false, ""},
		{CodeInvalidWorkflow, ExitInvalid, false, ""},
		{CodeEditorFormat, ExitInvalid, false, "name the server whose nodes it uses: --backend NAME or http://HOST:PORT; or choose File > Export (API) in ComfyUI and use that file"},
		{CodeRejected, ExitInvalid, false, ""},
		{CodeNodeError, ExitNode, false, ""},
		{CodeOutOfMemory, ExitNode, true, "a smaller picture or a smaller model needs less memory; the server has unloaded its models, so the same run may work now"},
		{CodeWorkerError, ExitNode, true, "the worker's own log says more"},
		{CodeLost, ExitLost, true, "run the same command again"},
		{CodeTimeout, ExitLost, true, "give the run more time with --timeout"},
		{CodeIncomplete, ExitLost, true, ""},
		{CodeAmbiguous, ExitLost, false, ""},
		{CodeCancelled, ExitLost, true, "somebody interrupted it on the server; run the same command again"},
		{CodeStorage, ExitStorage, false, ""},
		{CodeLocked, ExitLocked, true, "--wait waits for it; easel batch status OUT shows how far it is"},
		{CodeSpooled, ExitPartial, true, "easel spool status shows what waits; it is delivered by itself when easel stores there again, or by easel spool drain"},
		{CodeInterrupted, ExitInterrupt, true, ""},
		{CodeRetired, ExitLost, false, "the server's own log says why it ended; easel batch retry OUT ITEM tries it once more"},
	}
}

// kind finds the row of a code. Each code of this package has one.
func kind(code string) Kind {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Code == code })
	return kinds[max(i, 0)]
}
