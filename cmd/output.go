package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// outputOptions say where outputs go and how they are called.
type outputOptions struct {
	out        string
	name       string
	force      bool
	provenance string
	presign    time.Duration // 0 = no signed addresses
	format     string
	public     bool
	strip      bool
}

func (o *outputOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.out, "out", "o", "", "store in a folder `DIR`, as one file FILE.EXT, in a bucket s3://BUCKET/PREFIX or supabase://BUCKET/PREFIX, or - for stdout (default ./outputs)")
	f.StringVar(&o.name, "name", "", "name outputs by `TEMPLATE` (default "+run.DefaultName+"); easel help names lists the placeholders")
	f.BoolVar(&o.force, "force", false, "replace files of the same name")
	f.StringVar(&o.format, "format", "", "store pictures as `png|jpg|jpg:QUALITY`, whatever the workflow makes (default as they come)")
	f.StringVar(&o.provenance, "provenance", "sidecar", "where the record of a file goes: `sidecar|embedded|both|none`")
	f.BoolVar(&o.strip, "strip-metadata", false, "remove from pictures what they say of their making: graph, texts, EXIF")
	f.BoolVar(&o.public, "public", false, "make files to publish: --strip-metadata, and no record beside them; the history has it")
	f.DurationVar(&o.presign, "presign", 0, "print addresses that serve the outputs of a bucket to everybody for `DURATION`, such as 24h")
}

func (o *outputOptions) stdout() bool { return o.out == "-" }

// usualRecord is where records go when no flag says so: as the settings have it, as
// far as that fits the other flags.
func (o *outputOptions) usualRecord(setting string) string {
	switch {
	case o.public:
		return string(plan.ProvenanceNone)
	case o.strip && plan.Provenance(setting).Embedded():
		return string(plan.ProvenanceSidecar)
	}
	return setting
}

// record is where records go. Beside stdout is no place.
func (o *outputOptions) record() plan.Provenance {
	p := plan.Provenance(o.provenance)
	switch {
	case o.stdout() && p.Embedded():
		return plan.ProvenanceEmbedded
	case o.stdout():
		return plan.ProvenanceNone
	}
	return p
}

// fixed is the file name in FILE.EXT, "" when --out is a folder.
func (o *outputOptions) fixed() string {
	if o.stdout() || o.out == "" || strings.HasSuffix(o.out, "/") || strings.HasSuffix(o.out, string(filepath.Separator)) {
		return ""
	}
	base := filepath.Base(o.out)
	if stores.IsRemote(o.out) {
		_, base = stores.Within(o.out)
	}
	ext := filepath.Ext(base)
	if ext == "" || ext == base || ext == "." {
		return ""
	}
	if info, err := os.Stat(o.out); err == nil && info.IsDir() {
		return ""
	}
	return base
}

// pictures is the format of pictures, which check has seen.
func (o *outputOptions) pictures() run.Format {
	f, _ := run.ParseFormat(o.format)
	return f
}

func (o *outputOptions) naming() run.Naming {
	return run.Naming{Template: o.name, Fixed: o.fixed(), Force: o.force}
}

// stdoutFolder begins the name of the folder where an output for stdout is
// completed first.
const stdoutFolder = "easel-out-"

// A destination is an open store and how results leave it.
type destination struct {
	*outlet        // nil for a dry run
	name    string // how to open it again
	opts    *outputOptions
	out     io.Writer // for --out -
	close   func()
}

// open opens the store. With dry, nothing is created.
func (o *outputOptions) open(ctx context.Context, a *app, dry bool) (*destination, error) {
	d := &destination{opts: o, close: func() {}, out: a.streams.Out}
	dir := o.out
	switch {
	case o.stdout():
		tmp, err := os.MkdirTemp("", stdoutFolder)
		if err != nil {
			return nil, &storage.Error{Op: "create", Location: os.TempDir(), Err: err}
		}
		dir, d.close = tmp, func() { os.RemoveAll(tmp) }
	case o.fixed() != "" && stores.IsRemote(o.out):
		dir, _ = stores.Within(o.out)
	case o.fixed() != "":
		dir = filepath.Dir(o.out)
	}
	if dry {
		return d, nil
	}
	at, err := a.openOutlet(ctx, a.shown(dir))
	if err != nil {
		d.close()
		return nil, err
	}
	d.outlet, d.name = at, a.place(dir)
	cleanup := d.close
	d.close = func() { at.close(); cleanup() }
	if err := at.store.Probe(ctx); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (o *outputOptions) check() error {
	if o.out == "" {
		return usagef("leave it out for ./outputs", "--out is empty")
	}
	if err := stores.Check(o.out); err != nil {
		return err
	}
	if o.presign != 0 && (o.presign < time.Second || !stores.IsRemote(o.out)) {
		return usagef("--out s3://BUCKET --presign 24h is one", "--presign needs a bucket as --out and a duration of a second or more")
	}
	if !plan.Provenance(o.provenance).Valid() {
		return usagef("it is sidecar, embedded, both or none", "unknown --provenance %q", o.provenance)
	}
	switch p := plan.Provenance(o.provenance); {
	case o.public && p != plan.ProvenanceNone:
		return usagef("leave one of them out", "--public leaves no record beside or inside a file, and --provenance %s asks for one", p)
	case o.strip && p.Embedded():
		return usagef("--provenance sidecar keeps the record beside the file", "--strip-metadata removes what --provenance %s writes into a file", p)
	}
	if _, err := run.ParseFormat(o.format); err != nil {
		return usagef("it is png, jpg, or jpg:90 with a quality of 1 to 100", "unknown --format %q", o.format)
	}
	if o.name != "" && o.fixed() != "" {
		return usagef("give a folder as --out", "--name and a file as --out both name the output")
	}
	if o.name != "" {
		if _, err := storage.ParseTemplate(o.name); err != nil {
			return err
		}
	}
	return nil
}

// fits refuses destinations that cannot hold what the runs make.
func (o *outputOptions) fits(requests []run.Request, json bool) error {
	if o.stdout() && json {
		return usagef("leave one of them out", "--out - and --json both write to stdout")
	}
	if o.stdout() && len(requests) > 1 {
		return usagef("give a folder as --out", "--out - takes one output, but %d runs were asked for", len(requests))
	}
	if o.fixed() == "" && !o.stdout() {
		return nil
	}
	saving, err := requests[0].Workflow.Outputs()
	if err != nil {
		return err
	}
	if n := len(requests) * len(saving); n > 1 {
		if o.stdout() {
			return usagef("give a folder as --out", "--out - takes one output, but %s makes %d", requests[0].Workflow.ID, n)
		}
		return &invalidError{fmt.Sprintf("%s is one file, but %d outputs were asked for", o.out, n), "give a folder as --out"}
	}
	return nil
}

// sign gives the outputs addresses that serve them for a while. They are shown and
// not kept: whoever has one can read the output.
func (d *destination) sign(ctx context.Context, res *run.Result) error {
	if res == nil || d.opts.presign == 0 {
		return nil
	}
	for i := range res.Outputs {
		if res.Outputs[i].Destination != "" {
			continue // it cannot be fetched yet
		}
		at, err := d.store.URL(ctx, res.Outputs[i].Name, d.opts.presign)
		if err != nil {
			return err
		}
		res.Outputs[i].URL, res.Outputs[i].Public = &at, true
	}
	return nil
}

// deliver copies the output to stdout for --out -; other destinations have it.
func (d *destination) deliver(res *run.Result) error {
	if res == nil || !d.opts.stdout() {
		return nil
	}
	if len(res.Outputs) != 1 {
		return usagef("give a folder as --out", "--out - takes one output, but the run made %d", len(res.Outputs))
	}
	f, err := os.Open(res.Outputs[0].Path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(d.out, f)
	return err
}
