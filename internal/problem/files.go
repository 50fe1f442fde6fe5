package problem

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

func ofFiles(err error, p *Problem) bool {
	var file *registry.FileError
	var input *run.InputError
	var editor comfy.UIFormatError
	if ofGraphFile(err, p) {
		return true
	}
	switch {
	case errors.As(err, &input):
		p.is(CodeInvalidInput)
		p.File, p.Parameter = known(input.File), known(input.Parameter)
		p.Hint = cmp.Or(input.Hint, inputHint(input))
		if input.Replace {
			p.Hint = "give the file with --" + flagOf(input.Parameter) + " FILE"
		}
	case errors.As(err, &editor):
		p.is(CodeEditorFormat)
		if errors.As(err, &file) {
			p.File = known(file.Path)
		}
	case errors.As(err, &file):
		p.is(CodeInvalidWorkflow)
		p.File, p.Hint = known(file.Path), file.Hint
		switch all := joined(err); {
		case len(all) > 1:
			p.Message, p.Hint = fmt.Sprintf("%s (and %d more)", all[0], len(all)-1), registryHint
			for _, e := range all {
				p.Problems = append(p.Problems, registry.Problem{Message: e.Error(), Hint: e.Hint})
			}
		case len(all) == 1 && file.Line > 0:
			p.Hint = cmp.Or(p.Hint, registryHint)
		case p.Hint == "" && errors.Is(file.Err, fs.ErrPermission):
			p.Hint = "ls -l " + ShellQuote(file.Path) + " shows who may read it"
		case p.Hint == "" && errors.Is(file.Err, fs.ErrNotExist):
			p.Hint = NearestFile(file.Path, "give the path of the file, or an id: easel workflows list")
		}
	default:
		return false
	}
	return true
}

const registryHint = "easel workflows schema prints what such a file may hold"

// joined lists the mistakes that loading a registry has found.
func joined(err error) []*registry.FileError {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*registry.FileError
	for _, e := range several.Unwrap() {
		var file *registry.FileError
		if errors.As(e, &file) {
			all = append(all, file)
		}
	}
	return all
}

// inputHint says which file to give instead.
func inputHint(e *run.InputError) string {
	var picture *media.ImageError
	var advised interface {
		error
		Hint() string
	}
	switch {
	case e.File == "":
		return ""
	case errors.As(e.Err, &advised):
		return advised.Hint()
	case errors.Is(e.Err, fs.ErrNotExist):
		return NearestFile(e.File, "give the path of a file, a URL, or - for stdin")
	case strings.HasPrefix(e.File, "https://") || strings.HasPrefix(e.File, "http://"):
		return "give the address of the file itself, as a browser downloads it"
	case errors.Is(e.Err, fs.ErrPermission):
		return "ls -l " + ShellQuote(e.File) + " shows who may read it"
	case errors.As(e.Err, &picture):
		return "PNG, JPEG, WebP, GIF, TIFF and BMP files are read, as they were saved"
	}
	return ""
}

// NearestFile names the file beside a missing one that was probably meant: one
// of its kind, or of its name.
func NearestFile(missing, otherwise string) string {
	entries, err := os.ReadDir(filepath.Dir(missing))
	if err != nil {
		return otherwise
	}
	base := filepath.Base(missing)
	ext := filepath.Ext(base)
	var names []string
	for _, e := range entries {
		own := filepath.Ext(e.Name())
		if strings.EqualFold(own, ext) || strings.TrimSuffix(e.Name(), own) == strings.TrimSuffix(base, ext) {
			names = append(names, e.Name())
		}
	}
	near := nearest.To(base, names, 1)
	if len(near) == 0 {
		return otherwise
	}
	return DidYouMean([]string{filepath.Join(filepath.Dir(missing), near[0])})
}
