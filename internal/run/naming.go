package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// file is the absolute path of a stored object; nil
// where the store is no folder of this machine.
func (r *Runner) file(name string) *string {
	if !filepath.IsAbs(r.Out) {
		return nil
	}
	file := filepath.Join(r.Out, filepath.FromSlash(name))
	return &file
}

// placed says of an output where it is.
func (r *Runner) placed(out Output, info storage.Info) Output {
	out.Name, out.Path, out.File = info.Name, r.Store.Location(info.Name), r.file(info.Name)
	out.URL, out.Public = known(info.URL), info.Public
	if info.Local != "" {
		out.Destination, out.Path, out.File, out.waits = out.Path, info.Local, &info.Local, info.Reason
	}
	return out
}

// outputNames are the names that one output may have, in the row name, name-1,
// name-2, ... A name that the user fixed is taken, or the run fails; a file that it
// would lie about has the extension of what it is, and replaces nothing.
type outputNames struct {
	stem, ext string
	format    media.Format
	fixed     bool
	replace   bool
}

func (r *Runner) names(t *Ticket, n int, format media.Format) (outputNames, error) {
	stem, err := r.stem(t, n, format.Ext)
	names := outputNames{stem: stem, ext: format.Ext, format: format}
	names.fixed = t.Naming.Fixed != "" && !misnamed(t.Naming.Fixed, format.MediaType)
	if names.fixed {
		names.ext = path.Ext(t.Naming.Fixed)
	}
	names.replace = t.Naming.Force && (names.fixed || t.Naming.Fixed == "")
	return names, err
}

func (names outputNames) variant(try int) string {
	return storage.Variant(names.stem, try) + names.ext
}

// object is the output as a store is told of it. What made it is said with it
// where it is said at all.
func (names outputNames) object(t *Ticket, try int) storage.Object {
	o := storage.Object{Name: names.variant(try), Replace: names.replace, MediaType: names.format.MediaType}
	if t.Sidecar || t.Embed {
		o.Metadata = map[string]string{"easel-run": t.Run, "easel-workflow": t.Workflow}
	}
	return o
}

// commit gives the object the first free name from the try-th on. With taken that
// one is not free. When the object has to be written again for another name, that
// is the variant to go on with instead of try.
func (r *Runner) commit(ctx context.Context, t *Ticket, w storage.Writer, out Output, names outputNames, try int, taken bool) (storage.Info, int, error) {
	for next := try; ; next++ {
		name := names.variant(next)
		var info storage.Info
		var err error = &storage.Error{Op: "write", Location: r.Store.Location(name), Err: storage.ErrExist}
		if !taken || next > try {
			if err := r.claim(t, name, out); err != nil {
				return info, try, err
			}
			info, err = w.Commit(ctx, name)
		}
		switch {
		case err == nil:
			return info, try, nil
		case errors.Is(err, storage.ErrBegun) && next > try:
			return info, next, nil
		case !errors.Is(err, storage.ErrExist):
			return info, try, err
		}
		if t.resumed || t.collected || t.Member != nil {
			if info, same := r.holds(ctx, name, out); same {
				return info, try, nil // it was stored before, by this process or one that died
			}
		}
		if names.fixed || next == 10_000 {
			return info, try, err
		}
	}
}

// claim writes down that the run is about to use a name, where somebody keeps
// that.
func (r *Runner) claim(t *Ticket, name string, out Output) error {
	if j := r.journal(); j != nil {
		if err := j.Claim(t.Run, ledger.File{Name: name, SHA256: out.SHA256, Bytes: out.Bytes}); err != nil {
			return err
		}
		crashpoint.Here(crashpoint.Claimed)
	}
	return nil
}

// An EditedError means that a file which a run was to replace is no longer what
// was made: somebody has worked on it.
type EditedError struct{ Location string }

func (e *EditedError) Error() string {
	return e.Location + " was edited by hand since it was made, and is not replaced"
}

// replaces reports whether the run replaces what the store has under a name,
// because it is of the same item.
func (r *Runner) replaces(ctx context.Context, t *Ticket, name string) (bool, error) {
	i := slices.IndexFunc(t.Owned, func(o Owned) bool { return o.Name == name })
	if i < 0 {
		return false, nil
	}
	info, err := r.Store.Stat(ctx, name)
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	own := t.Owned[i]
	_, same := r.holds(ctx, name, Output{SHA256: own.SHA256, Bytes: info.Size})
	if err == nil && !same && own.Sure && !t.Naming.Force {
		err = &EditedError{r.Store.Location(name)}
	}
	return same || own.Sure, err
}

// holds reports whether the store has this very content under the name.
func (r *Runner) holds(ctx context.Context, name string, out Output) (storage.Info, bool) {
	body, info, err := r.Store.Open(ctx, name)
	if err != nil {
		return info, false
	}
	defer body.Close()
	if info.Size != out.Bytes {
		return info, false
	}
	sum, _, err := digest(body)
	return info, err == nil && sum == out.SHA256
}

// digest reads everything and gives its SHA-256 and length.
func digest(body io.Reader) (sum string, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, body)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// stem is the name of the n-th output without its extension, which the template
// may end in: fox.png names a PNG fox.png.
func (r *Runner) stem(t *Ticket, n int, ext string) (string, error) {
	if fixed := t.Naming.Fixed; fixed != "" {
		return storage.Numbered(strings.TrimSuffix(fixed, path.Ext(fixed)), n), nil
	}
	text := t.Naming.Template
	if text == "" {
		text = DefaultName
	}
	if rest := len(text) - len(ext); ext != "" && rest > 0 && strings.EqualFold(text[rest:], ext) {
		text = text[:rest]
	}
	tmpl, err := storage.ParseTemplate(text)
	if err != nil {
		return "", err
	}
	stem, err := tmpl.Expand(r.fields(t, n))
	if err != nil || tmpl.Uses("n") {
		return stem, err
	}
	return storage.Numbered(stem, n), nil
}

// fields are the placeholders of INTERFACE section 4.
func (r *Runner) fields(t *Ticket, n int) map[string]string {
	local := t.Prepared.Local()
	f := map[string]string{
		"workflow":  t.Workflow,
		"id":        t.Run,
		"n":         strconv.Itoa(n),
		"date":      local.Format("2006-01-02"),
		"time":      local.Format("150405"),
		"character": t.Character,
		"backend":   t.Backend,
		"seed":      "",
		"item":      "",
		"prompt":    "",
	}
	if t.Seed != nil {
		f["seed"] = t.Seed.String()
	}
	for _, nv := range t.Parameters {
		f["param."+nv.Name] = text(nv.JSON)
	}
	maps.Copy(f, t.Naming.Fields)
	return f
}
