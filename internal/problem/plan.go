package problem

import (
	"errors"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/provenance"
)

// ofPlan says what is wrong with what was asked for.
func ofPlan(err error, p *Problem) bool {
	var form *plan.FormError
	var key *plan.UnknownKeyError
	var other *plan.OtherWorkflowError
	var mask *plan.NoMaskError
	var files *plan.TooManyFilesError
	var runs *plan.TooManyRunsError
	p.is(CodeInvalidInput)
	switch {
	case errors.As(err, &form):
		p.Hint = "easel workflows show ID --json prints an example_payload"
	case errors.As(err, &key):
		p.Hint = "the keys are " + strings.Join(key.Known, ", ") + "; parameters stand under params"
		if len(key.Nearest) > 0 {
			p.Hint = DidYouMean(key.Nearest)
		}
	case errors.As(err, &other):
		p.Hint = "leave WORKFLOW or workflow_id out, or make them agree"
	case errors.As(err, &mask):
		p.Hint = "those that do are among: easel workflows list --category editing"
	case errors.As(err, &files) && files.Runs:
		p.Hint = "split them over several commands"
	case errors.As(err, &files):
		p.Hint = "easel workflows show " + files.Workflow + " lists its inputs"
	case errors.As(err, &runs):
		p.is(CodeUsage)
		p.Hint = "run the command again for more"
		if runs.Most == plan.MostItems {
			p.Hint = "split it into several"
		}
	default:
		p.is(CodeFailed)
		return false
	}
	return true
}

// ofProvenance says why a file tells nothing of what made it.
func ofProvenance(err error, p *Problem) bool {
	e, ok := errors.AsType[*provenance.Error](err)
	if !ok {
		return false
	}
	p.is(CodeInvalidInput)
	switch e.Kind {
	case provenance.NoFile:
		p.Hint = NearestFile(e.File, "easel history list shows what ran here")
	case provenance.Folder:
		p.Hint = "name one file in it"
	case provenance.NotFetched:
		p.Hint = "give the address of the file itself, as a browser downloads it"
	case provenance.Unknown:
		p.Hint = "easel writes a record beside each file; ComfyUI writes its graph into the file"
	case provenance.TextOnly:
		p.Hint = "easel inspect " + e.File + " shows them; give them to a workflow such as sd_single"
	case provenance.EditorOnly:
		p.is(CodeEditorFormat)
	case provenance.NoGraph:
		p.Hint = "easel inspect " + e.File + " shows what is recorded"
	}
	return true
}
