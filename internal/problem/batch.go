package problem

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// ofBatch says what is wrong with a plan of many runs, and where.
func ofBatch(err error, p *Problem) bool {
	var several *plan.BatchError
	var row *plan.RowError
	switch {
	case errors.As(err, &several) && len(several.Rows)+several.More > 1:
		p.ofRows(several)
	case errors.As(err, &row):
		*p = ofRow(row)
	default:
		return ofPlanFile(err, p)
	}
	return true
}

// ofRow is what is wrong with one row; its place is told before it.
func ofRow(e *plan.RowError) Problem {
	p := Of(e.Err)
	if p.Code == CodeFailed || p.Code == CodeUsage && e.At.Row > 0 { // what stands there is wrong, and not how easel was called
		hint := p.Hint
		p.is(CodeInvalidInput)
		p.Hint = hint
	}
	what := p.Message
	if len(p.Problems) == 1 {
		what = p.Problems[0].Message
	}
	p.Message = what
	p.Message = e.At.Before(what)
	if len(p.Problems) == 1 { // its allowed values stand behind the message
		p.Problems[0].Message = what
	}
	p.at(e.At)
	for i := range p.Problems {
		place(&p.Problems[i], e.At)
	}
	return p
}

// at puts the place into the facts.
func (p *Problem) at(at plan.Position) {
	p.File, p.Column = cmp.Or(known(at.File), p.File), known(at.Column)
	if at.Row > 0 {
		row := at.Row
		p.Row = &row
	}
}

func place(problem *registry.Problem, at plan.Position) {
	problem.File, problem.Row, problem.Column = at.File, at.Row, at.Column
}

// ofRows sums up several mistakes; each has its place.
func (p *Problem) ofRows(e *plan.BatchError) {
	first := ofRow(e.Rows[0])
	p.is(first.Code)
	p.Parameter, p.Hint = first.Parameter, ""
	p.at(e.Rows[0].At)
	file, oneFile := e.Rows[0].At.File, true
	for _, row := range e.Rows {
		own := ofRow(row)
		one := registry.Problem{Message: own.Message, Hint: own.Hint}
		if len(own.Problems) == 1 {
			one = own.Problems[0]
			one.Message = own.Message
			one.Hint = cmp.Or(one.Hint, own.Hint)
		}
		if one.Hint == showHint(row.Err) {
			one.Hint, p.Hint = "", showHint(row.Err) // told once
		}
		place(&one, row.At)
		p.Problems = append(p.Problems, one)
		oneFile = oneFile && row.At.File == file
	}
	where := "the plan"
	switch {
	case oneFile && file == "-":
		where = "stdin"
	case oneFile && file != "":
		where = file
	}
	p.Message = fmt.Sprintf("%s has %d mistakes, and nothing was run", where, len(e.Rows)+e.More)
}

// showHint is the hint that all mistakes with values of one workflow share.
func showHint(err error) string {
	values, ok := errors.AsType[*registry.ValuesError](err)
	if !ok {
		return ""
	}
	return "easel workflows show " + values.Workflow + " lists the parameters"
}

// ofPlanFile says what is wrong with a plan file, a source or a sweep.
func ofPlanFile(err error, p *Problem) bool {
	var file *plan.PlanFileError
	var source *plan.SourceError
	var column *plan.ColumnError
	var sweep *plan.SweepError
	var fact *plan.FactError
	var none *plan.NoWorkflowError
	var order *plan.OrderError
	p.is(CodeInvalidInput)
	switch {
	case errors.As(err, &file):
		p.at(file.At)
		p.Hint = cmp.Or(file.Hint, "docs/batch.md shows plans")
		if len(file.Nearest) > 0 {
			p.Hint = DidYouMean(file.Nearest)
		}
	case errors.As(err, &source):
		p.File = known(source.File)
		if errors.Is(err, fs.ErrNotExist) {
			p.Hint = NearestFile(source.File, "give a file, a folder, a pattern in quotes, or - for stdin")
		}
	case errors.As(err, &column):
		p.is(CodeInvalidParameter)
		p.Parameter = known(column.Column)
		p.Hint = "--ignore-columns " + ShellQuote(column.Column) + " leaves it out; --map " + ShellQuote(column.Column) + "=PARAMETER names what it is"
		if len(column.Nearest) > 0 {
			p.Hint = DidYouMean(column.Nearest) + " " + p.Hint
		}
	case errors.As(err, &sweep):
		p.is(CodeUsage)
		p.Hint = "values have commas between them; ranges are 1..8 or 2:8:2; a list in JSON may hold commas"
	case errors.As(err, &none):
		p.is(CodeUsage)
		p.Hint = "write easel batch WORKFLOW --from FILE, or give the rows a column workflow"
	case errors.As(err, &order):
		p.Parameter = known(order.Field)
	case errors.As(err, &fact):
		p.Hint = fact.Hint
		if len(fact.Nearest) > 0 {
			p.Hint = DidYouMean(fact.Nearest)
		}
	default:
		p.is(CodeFailed)
		return false
	}
	return true
}

// ofBatchRun says why a batch is not complete, or cannot run.
func ofBatchRun(err error, p *Problem) bool {
	var failed *batch.FailedError
	var price *batch.PriceError
	var changed *batch.ChangedError
	var stale *batch.StaleError
	var skipped *plan.SkippedError
	var locked *ledger.LockedError
	var newer *ledger.NewerError
	var item *ledger.UnknownItemError
	var assets *batch.AssetsError
	var mirror *batch.MirrorError
	at, located := errors.AsType[*batch.LocatedError](err)
	switch {
	case errors.As(err, &changed):
		p.is(CodePlanChanged)
		p.Hint = "--update makes what is new or changed, --new makes everything again"
		p.Problems = differences(changed)
	case errors.As(err, &failed):
		p.ofFailed(failed)
	case errors.As(err, &price):
		p.is(CodeUsage)
		p.Hint = "easel backends add NAME URL --usd-per-hour 0.69 says it, or usd_per_hour of the backend in the config file"
	case errors.As(err, &stale):
		p.is(CodeOutOfDate)
	case errors.As(err, &skipped):
		p.is(CodePartial)
		p.Hint = "correct the rows, and the same command with --update makes them"
	case errors.As(err, &locked):
		p.is(CodeLocked)
		if located {
			p.Hint = "try again when it has ended; "
			if at.Waits {
				p.Hint = "--wait waits for it; "
			}
			p.Hint += "easel batch status " + BatchWords(at.At) + " shows how far it is"
		}
	case errors.As(err, &newer):
		p.is(CodeUsage)
		p.File, p.Hint = known(newer.File), "use that easel"
	case errors.As(err, &item):
		p.is(CodeUnknownItem)
		if located {
			p.Hint = "easel batch report " + BatchWords(at.At) + " --csv - lists the items"
		}
		if len(item.Nearest) > 0 {
			p.Hint = DidYouMean(item.Nearest)
		}
	case errors.As(err, &assets):
		p.is(CodeInvalidInput)
		p.File, p.Hint = known(assets.File), "take it from your version control again, or remove it: then everything is made again"
	case errors.As(err, &mirror):
		p.is(CodeInvalidInput)
		p.Hint = "remove it with easel outputs delete " + mirror.Location + ": what this machine does not know is made again then"
	default:
		return false
	}
	return true
}

// ofFailed sums a batch up that is not complete.
func (p *Problem) ofFailed(e *batch.FailedError) {
	switch {
	case e.Stopped == batch.StoppedMaxCost:
		p.is(CodeMaxCost)
	case e.Edited: // all else is there, and --force is what is left to decide
		*p = Of(e.First)
		p.Problems = []registry.Problem{}
	case e.All:
		*p = Of(e.First)
		p.Hint = "" // it stands above
		p.Problems = []registry.Problem{}
	default:
		p.is(CodePartial)
		if e.Failed > 0 {
			p.Hint = "easel batch retry " + BatchWords(e.At) + " tries the failed ones again"
		}
	}
	p.Message = e.Error()
}

// changeOf is what became of a field: "steps 20 -> 30". Of what is no plain value, such
// as a workflow or a file, it is the name alone.
func changeOf(f ledger.ChangedField) string {
	before, okBefore := shown(f.Before)
	after, okAfter := shown(f.After)
	if !okBefore || !okAfter || before == after {
		return f.Name
	}
	return f.Name + " " + before + " -> " + after
}

// longestShown bounds a value in a message, in characters.
const longestShown = 40

// shown is a value for people; false when it says nothing to them.
func shown(value json.RawMessage) (string, bool) {
	var text string
	switch {
	case value == nil:
		return "(none)", true
	case value[0] == '[' || value[0] == '{':
		return "", false
	case json.Unmarshal(value, &text) != nil:
		return string(value), true
	case isDigest(text):
		return "", false
	}
	if letters := []rune(text); len(letters) > longestShown {
		text = string(letters[:longestShown-1]) + "…"
	}
	return strconv.Quote(text), true
}

// isDigest reports whether a text stands for the content of a file or an address.
func isDigest(text string) bool {
	sum, err := hex.DecodeString(strings.TrimPrefix(text, "url:"))
	return err == nil && len(sum) == sha256.Size
}

// differences lists what a plan asks for otherwise than before.
func differences(e *batch.ChangedError) []registry.Problem {
	problems := []registry.Problem{}
	for _, c := range e.Changed {
		var fields []string
		for _, f := range c.Fields() {
			fields = append(fields, changeOf(f))
		}
		message := c.ID + " is changed"
		if len(fields) > 0 {
			message += ": " + strings.Join(fields, ", ")
		}
		problems = append(problems, registry.Problem{Message: message})
	}
	for _, id := range e.Added {
		problems = append(problems, registry.Problem{Message: id + " is new"})
	}
	for _, id := range e.Removed {
		problems = append(problems, registry.Problem{Message: id + " is gone; its files stay"})
	}
	return problems
}
