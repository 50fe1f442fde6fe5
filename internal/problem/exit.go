package problem

// Exit codes of INTERFACE section 4. This table is the only place where they
// are numbers; `easel help exit-codes` prints it.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitPartial     = 3
	ExitAuth        = 4
	ExitUnreachable = 5
	ExitInvalid     = 6
	ExitNode        = 7
	ExitLost        = 8
	ExitStorage     = 9
	ExitLocked      = 10
	ExitHangup      = 129
	ExitInterrupt   = 130
	ExitPipe        = 141
	ExitTerminate   = 143
)

// An ExitCode is a row of the published table.
type ExitCode struct {
	Code    int
	Meaning string
}

// ExitCodes explains each code, for the help topic and docs/exit-codes.md.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{ExitOK, "all went well"},
		{ExitFailure, "another failure"},
		{ExitUsage, "usage: an unknown command, flag or form, or one that is not built yet; a plan that has changed since it was run"},
		{ExitPartial, "partial: some runs or outputs failed, damage was found, or something is out of date"},
		{ExitAuth, "authentication failed, a secret was withheld from an address that may not have it, or a file with secrets can be read by others"},
		{ExitUnreachable, "the backend cannot be reached, is not a ComfyUI, or has no capacity"},
		{ExitInvalid, "an invalid workflow, parameter, column or input, found here or by the server"},
		{ExitNode, "a node failed on the backend (out of memory is one such failure)"},
		{ExitLost, "lost, timed out or incomplete: the run may have ended without its files"},
		{ExitStorage, "storage: full, refused, or the file exists"},
		{ExitLocked, "locked by another easel"},
		{ExitHangup, "the terminal has gone (SIGHUP)"},
		{ExitInterrupt, "interrupted (SIGINT)"},
		{ExitPipe, "the reader of stdout has gone, as with head -1 (SIGPIPE)"},
		{ExitTerminate, "terminated (SIGTERM)"},
	}
}
