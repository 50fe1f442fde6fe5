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
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// file is the path of a stored object for whoever is in another folder; nil
// where the store is no folder of this machine.
func (r *Runner) file(name string) *string {
	if !filepath.IsAbs(r.Out) {
		return nil
	}
	file := filepath.Join(r.Out, filepath.FromSlash(name))
	return &file
}

// commit gives the object its name: the first free one in the row name, name-1,
// name-2, ... A name that the user fixed is taken, or the run fails; a file that it
// would lie about has the extension of what it is, and replaces nothing.
func (r *Runner) commit(ctx context.Context, t *Ticket, w storage.Writer, out Output, ext string, n int) (string, error) {
	stem, err := r.stem(t, n, ext)
	if err != nil {
		return "", err
	}
	fixed := t.Naming.Fixed != "" && !misnamed(t.Naming.Fixed, out.MediaType)
	if fixed {
		ext = path.Ext(t.Naming.Fixed)
	}
	opts := storage.CommitOptions{Replace: t.Naming.Force && (fixed || t.Naming.Fixed == ""), MediaType: out.MediaType}
	for try := 0; ; try++ {
		name := storage.Variant(stem, try) + ext
		_, err := w.Commit(ctx, name, opts)
		switch {
		case err == nil:
			return name, nil
		case !errors.Is(err, storage.ErrExist):
			return "", err
		case (t.resumed || t.collected) && r.holds(ctx, name, out):
			return name, nil // it was stored before, by this process or one that died
		case fixed || try == 10_000:
			return "", err
		}
	}
}

// holds reports whether the store has this very content under the name.
func (r *Runner) holds(ctx context.Context, name string, out Output) bool {
	body, info, err := r.Store.Open(ctx, name)
	if err != nil {
		return false
	}
	defer body.Close()
	if info.Size != out.Bytes {
		return false
	}
	sum, _, err := digest(body)
	return err == nil && sum == out.SHA256
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
