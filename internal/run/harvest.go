package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// harvest downloads, verifies and stores the outputs of a finished run, in
// order. One that cannot be had makes the run partial. When there is none, or the
// store or the connection fails, the outputs are still there for all that is
// known: that is an *UncollectedError, and the run stays open, unless the backend
// says that it hands out none of them.
func (r *Runner) harvest(ctx context.Context, t *Ticket, res *Result, st comfy.State, sink Sink) error {
	began := r.now()
	wanted := keepers(st.Outputs)
	if len(wanted) == 0 && len(st.Silent) > 0 {
		return nil // the state's warnings say so
	}
	if len(wanted) == 0 {
		return &IncompleteError{Reason: nothingCameOut(st)}
	}
	if t.Naming.Fixed != "" && len(wanted) > 1 {
		res.note(sink, fmt.Sprintf("the run made %d outputs; %s is the first, the others carry a number", len(wanted), t.Naming.Fixed))
	}
	errs, err := r.keepAll(ctx, t, res, wanted, sink)
	if err != nil && ctx.Err() == nil {
		return r.uncollected(t, true, err)
	} else if err != nil {
		return err
	}
	res.Timing.Download = r.now().Sub(began).Milliseconds()
	switch {
	case len(res.Outputs) == 0 && !slices.ContainsFunc(errs, func(err error) bool { return !withheld(err) }):
		return &IncompleteError{Reason: "the run succeeded but nothing can be fetched: " + errs[0].Error(), Err: errs[0]}
	case len(res.Outputs) == 0:
		return r.uncollected(t, true, errors.Join(errs...))
	case len(errs) > 0 || len(st.Rejected) > 0 || len(st.Missing) > 0:
		res.Status = Partial
	}
	return nil
}

// missing reports whether an output cannot be had however often it is asked
// for: the backend does not have it, keeps it to itself, or has it damaged or
// too large.
func missing(err error) bool {
	var gone *comfy.NotFoundError
	var damaged *IncompleteError
	var large *comfy.TooLargeError
	return errors.As(err, &gone) || errors.As(err, &damaged) || errors.As(err, &large) || withheld(err)
}

// withheld reports whether the backend keeps an output to itself, or it must not be
// stored as it is: asking again changes nothing, so that the run is not left open
// for it.
func withheld(err error) bool {
	_, kept := errors.AsType[*comfy.WithheldError](err)
	_, unfit := errors.AsType[*UnstrippableError](err)
	return kept || unfit
}

// keepers are the outputs that a user wants: what was saved, or, when nothing
// was, what was only previewed.
func keepers(all []comfy.Output) []comfy.Output {
	var saved, temp []comfy.Output
	for _, o := range all {
		if o.Temporary() {
			temp = append(temp, o)
		} else {
			saved = append(saved, o)
		}
	}
	if len(saved) == 0 {
		return temp
	}
	return saved
}

func nothingCameOut(st comfy.State) string {
	if len(st.Warnings) > 0 {
		return "the run succeeded but nothing came out: " + st.Warnings[0]
	}
	return "the run succeeded but nothing came out: no node of the graph saves a file"
}

// atOnce is how many outputs of a run are on their way at a time: the waiting for
// one transfer, or for one sync of the disk, is work on the others.
const atOnce = 4

// keepAll stores the outputs. errs says of those that cannot be had why; with err
// the rest was not tried.
func (r *Runner) keepAll(ctx context.Context, t *Ticket, res *Result, wanted []comfy.Output, sink Sink) (errs []error, err error) {
	create, settle := r.Store.Create, func(context.Context) error { return nil }
	if g, ok := r.Store.(storage.Grouper); ok {
		group := g.Group()
		create, settle = group.Create, group.Sync
	}
	defer func() {
		if e := settle(ctx); err == nil {
			err = e
		}
	}()
	for n := 0; n < len(wanted); n += atOnce {
		some := wanted[n:min(n+atOnce, len(wanted))]
		kept := make([]keeping, len(some))
		var going sync.WaitGroup
		for i, o := range some {
			k := &kept[i]
			k.runner, k.ticket, k.result, k.output, k.n, k.of, k.create = r, t, res, o, n+i+1, len(wanted), create
			going.Go(func() { k.out, k.err = k.keep(ctx) })
		}
		going.Wait()
		for i := range kept {
			k := &kept[i]
			for _, text := range k.notes {
				res.note(sink, text)
			}
			switch {
			case k.err == nil:
				if k.out.Destination != "" {
					res.note(sink, fmt.Sprintf("%s waits on this machine: %s", k.out.Destination, k.out.waits))
				}
				res.Outputs = append(res.Outputs, k.out)
				sink(Event{Type: EventStored, Run: t.Run, Output: &res.Outputs[len(res.Outputs)-1]})
				r.publish(ctx, t, res, k.out, k.n, k.of, sink)
			case ctx.Err() != nil || !missing(k.err):
				return errs, k.err
			default:
				errs = append(errs, k.err)
				res.note(sink, k.err.Error())
			}
		}
	}
	return errs, nil
}

// A keeping is one output on its way into the store.
type keeping struct {
	runner *Runner
	ticket *Ticket
	result *Result // only read
	output comfy.Output
	n, of  int // position among the outputs of the run, from 1, and how many these are
	create func(context.Context, storage.Object) (storage.Writer, error)

	notes []string
	out   Output
	err   error
}

func (k *keeping) note(text string) { k.notes = append(k.notes, text) }

// keep stores the output. A damaged transfer is tried once more.
func (k *keeping) keep(ctx context.Context) (Output, error) {
	r, t, o := k.runner, k.ticket, k.output
	if o.Kind == comfy.OutputText && o.Filename == "" {
		open := func(context.Context) (io.ReadCloser, int64, error) {
			return io.NopCloser(strings.NewReader(o.Text)), int64(len(o.Text)), nil
		}
		out, err := k.store(ctx, open)
		out.Text = &o.Text
		if err == nil && misnamed(t.Naming.Fixed, out.MediaType) {
			k.note(fmt.Sprintf("output %d of node %s is a text and is stored as %s", o.Index+1, o.Node, out.Path))
		}
		return out, err
	}
	open := func(ctx context.Context) (io.ReadCloser, int64, error) { return r.Backend.Open(ctx, o) }
	open = r.composited(t, o, open, k.note)
	open = converted(t, o, open, k.note)
	open = r.annotated(t, o, open, k.note)
	open = stripped(t, o, open)
	out, err := k.store(ctx, open)
	var damaged *IncompleteError
	if errors.As(err, &damaged) {
		out, err = k.store(ctx, open)
	}
	return out, err
}

// copyBuffer is what is read, hashed, checked and written at a time: 256 KiB
// stays in the cache and saves system calls on large files.
const copyBuffer = 256 << 10

// plainText is what a server gives as text.
var plainText = media.Format{MediaType: "text/plain", Ext: ".txt", Kind: media.KindText}

// onlyReader hides that what is read could choose a buffer of its own.
type onlyReader struct{ io.Reader }

type opener func(context.Context) (io.ReadCloser, int64, error)

// store streams one output into the store while hashing and checking it, and
// makes it visible only when it is complete. An output whose transfer into the
// store had begun before its name turned out to be taken is fetched again.
func (k *keeping) store(ctx context.Context, open opener) (Output, error) {
	for try := 0; ; {
		out, next, err := k.storeAs(ctx, try, open)
		if next == try {
			return out, err
		}
		try = next
	}
}

// storeAs is store for names from the try-th variant on. The variant to go on
// with, from the beginning, is another one than try when that is needed.
func (k *keeping) storeAs(ctx context.Context, try int, open opener) (Output, int, error) {
	r, t, o := k.runner, k.ticket, k.output
	body, size, err := open(ctx)
	if err != nil {
		return Output{}, try, err
	}
	defer body.Close()
	format, whole, err := media.Peek(body)
	if err != nil {
		return Output{}, try, fmt.Errorf("download output %d of node %s: %w", o.Index+1, o.Node, err)
	}
	if o.Kind == comfy.OutputText && o.Filename == "" {
		format = plainText // whatever it looks like
	}
	names, err := r.names(t, k.n, format)
	if err != nil {
		return Output{}, try, err
	}
	object := names.object(t, try)
	if replaces, err := r.replaces(ctx, t, object.Name); err != nil {
		return Output{}, try, err
	} else if replaces {
		object.Replace = true
	}
	w, err := k.create(ctx, object)
	if err != nil {
		return Output{}, try, err
	}
	defer w.Abort()

	hash, check := sha256.New(), media.NewChecker()
	from, buffer := onlyReader{whole}, make([]byte, copyBuffer)
	_, err = io.CopyBuffer(io.MultiWriter(hash, check, w), from, buffer)
	taken := errors.Is(err, storage.ErrExist)
	if taken { // what there is may be this very output, so the rest of it is looked at
		_, err = io.CopyBuffer(io.MultiWriter(hash, check), from, buffer)
	}
	if err != nil {
		return Output{}, try, fmt.Errorf("download output %d of node %s: %w", o.Index+1, o.Node, err)
	}
	crashpoint.Here(crashpoint.Downloaded)
	rep := check.Report()
	rep.Format = format
	if reason := damage(o, rep, size, rep.Size); reason != "" {
		return Output{}, try, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s arrived damaged: %s", o.Index+1, o.Node, reason)}
	}
	out := Output{
		Kind: kindOf(o, format), MediaType: format.MediaType, Node: o.Node,
		Width: known(rep.Width), Height: known(rep.Height), Bytes: rep.Size, SHA256: hex.EncodeToString(hash.Sum(nil)),
	}
	if made, ok := body.(madeFile); ok {
		out.Original, out.ColorProfile = made.original, made.profile
	}
	info, next, err := r.commit(ctx, t, w, out, names, try, taken)
	if err != nil || next != try {
		return Output{}, next, err
	}
	crashpoint.Here(crashpoint.Stored)
	out = r.placed(out, info)
	if t.Sidecar {
		told := Result{Warnings: slices.Concat(k.result.Warnings, k.notes)}
		if out.RecordSHA256, err = r.writeRecord(ctx, t, &told, info.Name, out, k.n, k.of, k.create); err != nil {
			return Output{}, try, err
		}
	}
	crashpoint.Here(crashpoint.Kept)
	return out, try, nil
}

func damage(o comfy.Output, rep media.Report, announced, got int64) string {
	switch {
	case announced >= 0 && got != announced:
		return fmt.Sprintf("%d of %d bytes", got, announced)
	case got == 0 && o.Kind != comfy.OutputText:
		return "it is empty"
	case o.Kind == comfy.OutputText:
		return ""
	case !rep.Complete:
		return rep.Reason
	case rep.Format.MediaType == "text/html" && o.Kind != comfy.OutputOther:
		return "it is an HTML page"
	case namedPicture(o.Filename) && rep.Format.Kind != media.KindImage:
		return "it is named as a picture and is none"
	}
	return ""
}

// namedPicture reports whether a server's name promises a picture that easel
// knows by its content, so that an error in JSON does not pass for one.
func namedPicture(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".webp", ".gif":
		return true
	}
	return false
}

// kindOf trusts the content before the server's words.
func kindOf(o comfy.Output, f media.Format) comfy.OutputKind {
	switch f.Kind {
	case media.KindImage:
		return comfy.OutputImage
	case media.KindVideo:
		return comfy.OutputVideo
	case media.KindAudio:
		return comfy.OutputAudio
	case media.KindModel:
		return comfy.OutputModel
	}
	return o.Kind
}

// provenanceOf is the record of a stored output, the n-th of so many of its run.
func (r *Runner) provenanceOf(t *Ticket, res *Result, name string, out Output, n, of int) Record {
	rec := t.Record(r.Version)
	finished := r.now().UTC()
	started := t.Prepared.UTC()
	rec.Started, rec.Finished = &started, &finished
	rec.Warnings = res.Warnings
	rec.File = &RecordedFile{
		Name: name, MediaType: out.MediaType, Width: out.Width, Height: out.Height,
		Bytes: out.Bytes, SHA256: out.SHA256, Original: out.Original, ColorProfile: out.ColorProfile, Node: out.Node, Output: n,
	}
	if t.Member != nil { // whether an item is complete can be told from its records
		rec.File.Outputs = of
	}
	return rec
}

// writeRecord puts the provenance record beside a file, durably, replacing the
// record of a file that was replaced. It says the hash of what was written.
func (r *Runner) writeRecord(ctx context.Context, t *Ticket, res *Result, name string, out Output, n, of int,
	create func(context.Context, storage.Object) (storage.Writer, error),
) (sum string, err error) {
	data, err := json.MarshalIndent(r.provenanceOf(t, res, name, out, n, of), "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the record of %s: %w", name, err)
	}
	w, err := create(ctx, storage.Object{Name: name + RecordSuffix, Replace: true, MediaType: "application/json"})
	if err != nil {
		return "", err
	}
	defer w.Abort()
	data = append(data, '\n')
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	hash := sha256.Sum256(data)
	_, err = w.Commit(ctx, name+RecordSuffix)
	return hex.EncodeToString(hash[:]), err
}
