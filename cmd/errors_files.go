package cmd

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
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

func explainFiles(err error, f *failure) bool {
	var file *registry.FileError
	var input *run.InputError
	var editor comfy.UIFormatError
	switch {
	case errors.As(err, &input):
		f.Code, f.File, f.Parameter = "invalid_input", text(input.File), text(input.Parameter)
		f.Hint = cmp.Or(input.Hint, inputHint(input))
	case errors.As(err, &editor):
		f.Code = "editor_format"
		f.Hint = "in ComfyUI choose File > Export (API) and use that file; reading the editor's own format is not built yet"
		if errors.As(err, &file) {
			f.File = text(file.Path)
		}
	case errors.As(err, &file):
		f.Code, f.File, f.Hint = "invalid_workflow", text(file.Path), file.Hint
		switch all := joined(err); {
		case len(all) > 1:
			f.Message, f.Hint = fmt.Sprintf("%s (and %d more)", all[0], len(all)-1), registryHint
			for _, e := range all {
				f.Problems = append(f.Problems, registry.Problem{Message: e.Error(), Hint: e.Hint})
			}
		case len(all) == 1 && file.Line > 0:
			f.Hint = cmp.Or(f.Hint, registryHint)
		case f.Hint == "" && errors.Is(file.Err, fs.ErrPermission):
			f.Hint = "ls -l " + shellQuote(file.Path) + " shows who may read it"
		case f.Hint == "" && errors.Is(file.Err, fs.ErrNotExist):
			f.Hint = nearestFile(file.Path, "give the path of the file, or an id: easel workflows list")
		}
	default:
		return false
	}
	f.Exit = exitInvalid
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
	switch {
	case e.File == "":
		return ""
	case errors.Is(e.Err, fs.ErrNotExist):
		return nearestFile(e.File, "give the path of a file, a URL, or - for stdin")
	case isURL(e.File):
		return "give the address of the file itself, as a browser downloads it"
	case errors.Is(e.Err, fs.ErrPermission):
		return "ls -l " + shellQuote(e.File) + " shows who may read it"
	case errors.As(e.Err, &picture):
		return "PNG, JPEG, WebP, GIF, TIFF and BMP files are read, as they were saved"
	}
	return ""
}

// nearestFile names the file beside a missing one that was probably meant: one
// of its kind, or of its name.
func nearestFile(missing, otherwise string) string {
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
	near := comfy.Nearest(base, names, 1)
	if len(near) == 0 {
		return otherwise
	}
	return didYouMean([]string{filepath.Join(filepath.Dir(missing), near[0])})
}
