package run

import (
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
)

// maxRecord bounds a provenance record that is read back.
const maxRecord = 64 << 20

// refetch gets the outputs of a run that its backend has ended and forgotten since:
// a server that was restarted has lost its history and not its files. It reports
// whether all are here.
func (r *Runner) refetch(ctx context.Context, t *Ticket, res *Result, sink Sink) bool {
	if len(t.Made) == 0 || r.Store == nil {
		return false
	}
	before := len(res.Warnings)
	err := r.harvest(ctx, t, res, comfy.State{Phase: comfy.PhaseDone, Outputs: t.Made}, sink)
	if err == nil && len(res.Outputs) == len(t.Made) {
		return true
	}
	res.Outputs, res.Warnings, res.Status = []Output{}, res.Warnings[:before], ""
	return false
}

// findStored finds what the process that died had stored of a run that its backend
// has forgotten since. Such files are complete, whatever the history says; if
// there was more to come is not known, so the run is partial.
func (r *Runner) findStored(ctx context.Context, t *Ticket, res *Result, sink Sink) bool {
	if !t.resumed || r.Store == nil {
		return false
	}
	stem, err := r.stem(t, 1, path.Ext(t.Naming.Template))
	if err != nil {
		return false
	}
	var names []string // listed first: records are written beside them
	for info, err := range r.Store.List(ctx, strings.TrimSuffix(stem, "1")) {
		if err != nil {
			return false
		}
		if !strings.HasSuffix(info.Name, RecordSuffix) {
			names = append(names, info.Name)
		}
	}
	for _, name := range names {
		rec := r.readRecord(ctx, name)
		if (rec == nil || rec.Run != t.Run) && !strings.Contains(name, t.Run) {
			continue
		}
		out, ok := r.examine(ctx, name)
		if !ok {
			continue
		}
		if rec != nil && rec.File != nil {
			out.Node, out.Original, out.ColorProfile = rec.File.Node, rec.File.Original, rec.File.ColorProfile
		} else if t.Sidecar {
			if _, err := r.writeRecord(ctx, t, res, name, out, len(res.Outputs)+1, 0, r.Store.Create); err != nil {
				continue
			}
		}
		res.Outputs = append(res.Outputs, out)
		sink(Event{Type: EventStored, Run: t.Run, Output: &res.Outputs[len(res.Outputs)-1]})
		r.publish(ctx, t, res, out, len(res.Outputs), 0, sink)
	}
	if len(res.Outputs) == 0 {
		return false
	}
	res.Status, res.Recovered = Partial, true
	res.note(sink, "the backend has forgotten the run; what was stored before is kept, and whether there was more is not known")
	return true
}

// readRecord reads the record beside a file; nil when there is none to be read.
func (r *Runner) readRecord(ctx context.Context, name string) *Record {
	body, _, err := r.Store.Open(ctx, name+RecordSuffix)
	if err != nil {
		return nil
	}
	defer body.Close()
	var rec Record
	if json.NewDecoder(io.LimitReader(body, maxRecord)).Decode(&rec) != nil {
		return nil
	}
	return &rec
}

// examine describes a stored file that is whole.
func (r *Runner) examine(ctx context.Context, name string) (Output, bool) {
	body, info, err := r.Store.Open(ctx, name)
	if err != nil {
		return Output{}, false
	}
	defer body.Close()
	check := media.NewChecker()
	sum, n, err := digest(io.TeeReader(body, check))
	rep := check.Report()
	if err != nil || n == 0 || !rep.Complete {
		return Output{}, false
	}
	return r.placed(Output{
		Kind: kindOf(comfy.Output{Kind: comfy.OutputOther}, rep.Format), MediaType: rep.Format.MediaType,
		Width: known(rep.Width), Height: known(rep.Height), Bytes: n, SHA256: sum,
	}, info), true
}
