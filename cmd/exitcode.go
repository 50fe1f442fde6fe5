package cmd

// Exit codes of INTERFACE section 4. This table is the only place where they
// are numbers; `easel help exit-codes` prints it.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitPartial     = 3
	exitAuth        = 4
	exitUnreachable = 5
	exitInvalid     = 6
	exitNode        = 7
	exitLost        = 8
	exitStorage     = 9
	exitLocked      = 10
	exitInterrupt   = 130
	exitPipe        = 141
	exitTerminate   = 143
)

// exitCodes explains each code for the help topic and docs/exit-codes.md.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "all went well"},
	{exitFailure, "another failure"},
	{exitUsage, "usage: an unknown command, flag or form, or one that is not built yet"},
	{exitPartial, "partial: some runs or outputs failed, damage was found, or something is out of date"},
	{exitAuth, "authentication failed, a secret was withheld from an address that may not have it, or a file with secrets can be read by others"},
	{exitUnreachable, "the backend cannot be reached, is not a ComfyUI, or has no capacity"},
	{exitInvalid, "an invalid workflow, parameter, column or input, found here or by the server"},
	{exitNode, "a node failed on the backend (out of memory is one such failure)"},
	{exitLost, "lost, timed out or incomplete: the run may have ended without its files"},
	{exitStorage, "storage: full, refused, or the file exists"},
	{exitLocked, "locked by another easel"},
	{exitInterrupt, "interrupted (SIGINT)"},
	{exitPipe, "the reader of stdout has gone, as with head -1 (SIGPIPE)"},
	{exitTerminate, "terminated (SIGTERM)"},
}
