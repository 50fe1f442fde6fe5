package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// outputsCopyOptions say what is copied.
type outputsCopyOptions struct {
	app       *app
	match     string
	force     bool
	transfers int
}

// A copied output, as --json shows it.
type copiedOutput struct {
	Name   string  `json:"name"` // below the folder or prefix
	Path   string  `json:"path"` // where it is now
	URL    *string `json:"url"`
	Bytes  int64   `json:"bytes"`
	SHA256 string  `json:"sha256"`
	Status string  `json:"status"` // copied; same: it was there already
}

func newOutputsCopyCmd(a *app) *cobra.Command {
	o := &outputsCopyOptions{app: a}
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy outputs to another folder or bucket",
		Long: `Copy outputs with their records, one or all that is in a folder or below a prefix,
to another folder or bucket, and print where each is. What is there already, with
the same content, is left as it is, so that the same command again goes on; what
has another content is replaced only by --force. What easel keeps of batches is
not copied.`,
		Example: `  easel outputs copy outputs/ s3://art/today
  easel outputs copy s3://art/today/flux_single-01.png .
  easel outputs copy s3://art 's3://backup?profile=archive' --match '*.png'`,
		Args: exactArgs("where from", "where to"),
		RunE: func(c *cobra.Command, args []string) error { return runOutputsCopy(c.Context(), o, args[0], args[1]) },
	}
	c.Flags().StringVar(&o.match, "match", "", "only names that `PATTERN` fits, such as '*.png'")
	c.Flags().BoolVar(&o.force, "force", false, "replace what has another content")
	c.Flags().IntVar(&o.transfers, "transfers", 16, "copy `N` at a time")
	return c
}

func runOutputsCopy(ctx context.Context, o *outputsCopyOptions, fromWord, toWord string) error {
	if o.transfers < 1 || o.transfers > 256 {
		return usagef("leave it out for 16", "--transfers is from 1 to 256, not %d", o.transfers)
	}
	if err := errors.Join(checkPattern(o.match), stores.Check(toWord)); err != nil {
		return err
	}
	cfg, err := o.app.config()
	if err != nil {
		return err
	}
	if err := o.app.checkThere(cfg.ExpandHome(fromWord)); err != nil {
		return err
	}
	from, err := o.app.openShelf(ctx, cfg.ExpandHome(fromWord))
	if err != nil {
		return err
	}
	defer from.store.Close()
	to, err := o.app.openDirect(o.app.shown(cfg.ExpandHome(toWord)))
	if err != nil {
		return err
	}
	defer to.Close()
	if err := to.Probe(ctx); err != nil {
		return err
	}
	if from.name == "" { // what is there is asked once, and not for each
		return o.copyAll(ctx, from, to)
	}
	names := []storage.Info{}
	for _, name := range []string{from.name, from.name + run.RecordSuffix} {
		info, err := from.store.Stat(ctx, name)
		if errors.Is(err, storage.ErrNotExist) && name != from.name {
			continue
		}
		if err != nil {
			return err
		}
		names = append(names, info)
	}
	return o.copy(ctx, from.store, to, names, nil)
}

func (o *outputsCopyOptions) copyAll(ctx context.Context, from *shelf, to storage.Store) error {
	var infos []storage.Info
	for info, err := range from.objects(ctx) {
		if err != nil {
			return err
		}
		if !isMemory(info.Name) && (matches(o.match, info.Name) || isRecordOf(o.match, info.Name)) {
			infos = append(infos, info)
		}
	}
	there := map[string]int64{}
	for info, err := range to.List(ctx, "") {
		if err != nil {
			return err
		}
		there[info.Name] = info.Size
	}
	return o.copy(ctx, from.store, to, infos, there)
}

// isRecordOf reports whether a name is that of the record of an output that
// --match asks for.
func isRecordOf(pattern, name string) bool {
	stem, ok := cutRecord(name)
	return ok && matches(pattern, stem)
}

// copy copies objects, several at a time, and goes on after a failure.
func (o *outputsCopyOptions) copy(ctx context.Context, from, to storage.Store, infos []storage.Info, there map[string]int64) error {
	var mu sync.Mutex
	var first error
	var copied, same, failed int
	var bytes int64
	work := make(chan storage.Info)
	var wg sync.WaitGroup
	for range min(o.transfers, len(infos)) {
		wg.Go(func() {
			for info := range work {
				_, known := there[info.Name]
				out, err := o.one(ctx, from, to, info, known || there == nil, there[info.Name])
				mu.Lock()
				switch {
				case err != nil:
					failed++
					if first == nil {
						first = err
					} else if ctx.Err() == nil {
						o.app.report(err)
					}
				case out.Status == "same":
					same++
				default:
					copied++
					bytes += out.Bytes
				}
				if err == nil {
					o.print(out)
				}
				mu.Unlock()
			}
		})
	}
	for _, info := range infos {
		select {
		case work <- info:
		case <-ctx.Done():
		}
	}
	close(work)
	wg.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case failed == 1 && len(infos) == 1:
		return first
	case failed > 0:
		o.app.report(first)
		return &problem.PartialError{Runs: len(infos), Failed: failed, First: first, What: "copies"}
	}
	o.app.note("%d copied (%s), %d there already", copied, term.Bytes(bytes), same)
	return nil
}

func (o *outputsCopyOptions) print(out copiedOutput) {
	if o.app.global.json {
		_ = o.app.printJSON(out)
		return
	}
	if _, isRecord := cutRecord(out.Name); !isRecord && out.Status == "copied" {
		fmt.Fprintln(o.app.streams.Out, out.Path)
	}
}

// one copies an object, unless it is there with the same content.
func (o *outputsCopyOptions) one(ctx context.Context, from, to storage.Store, info storage.Info, maybeThere bool, size int64) (copiedOutput, error) {
	if maybeThere && size == info.Size {
		sum, same, err := o.same(ctx, from, to, info.Name)
		if err != nil {
			return copiedOutput{}, err
		}
		if same {
			return copiedOutput{Name: info.Name, Path: to.Location(info.Name), Bytes: info.Size, SHA256: sum, Status: "same"}, nil
		}
	}
	body, source, err := from.Open(ctx, info.Name)
	if err != nil {
		return copiedOutput{}, err
	}
	defer body.Close()
	format, whole, err := media.Peek(body)
	if err != nil {
		return copiedOutput{}, err
	}
	object := storage.Object{
		Name: info.Name, Replace: o.force, MediaType: source.MediaType, CacheControl: source.CacheControl, Metadata: source.Metadata,
	}
	if object.MediaType == "" {
		object.MediaType = format.MediaType
	}
	stored, sum, err := storage.Put(ctx, to, object, whole)
	if errors.Is(err, storage.ErrExist) && there(ctx, to, info) {
		known, same, problem := o.same(ctx, from, to, info.Name)
		if problem == nil && same {
			return copiedOutput{Name: info.Name, Path: to.Location(info.Name), Bytes: info.Size, SHA256: known, Status: "same"}, nil
		}
	}
	if err != nil {
		return copiedOutput{}, err
	}
	return copiedOutput{
		Name: info.Name, Path: to.Location(info.Name), URL: text(stored.URL), Bytes: stored.Size, SHA256: sum, Status: "copied",
	}, nil
}

func there(ctx context.Context, to storage.Store, info storage.Info) bool {
	at, err := to.Stat(ctx, info.Name)
	return err == nil && at.Size == info.Size
}

// same compares an object in two stores by its hash, which stores that know it
// say without a transfer. What is not there is not the same.
func (o *outputsCopyOptions) same(ctx context.Context, from, to storage.Store, name string) (sum string, same bool, err error) {
	target, err := to.Stat(ctx, name)
	if errors.Is(err, storage.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if sum, err = hashOf(ctx, from, name, ""); err != nil {
		return "", false, err
	}
	other, err := hashOf(ctx, to, name, target.SHA256)
	return sum, sum == other, err
}

func hashOf(ctx context.Context, st storage.Store, name, known string) (string, error) {
	if known != "" {
		return known, nil
	}
	return storage.Sum(ctx, st, name)
}
