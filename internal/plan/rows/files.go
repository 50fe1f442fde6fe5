package rows

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Columns of a source of files. The first holds the file itself and is named by
// what it is; the others are for names of outputs: {row.stem}.
const (
	columnFile   = "file"   // photo.jpg
	columnStem   = "stem"   // photo
	columnFolder = "folder" // the folder below the source's, "" for itself
)

// FileColumns are the names beside the input's own that rows of files have.
func FileColumns() []string { return []string{columnFile, columnStem, columnFolder} }

// mediaColumn is the column that a file belongs in by its extension, "" for
// files that are no input.
func mediaColumn(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic":
		return "image"
	case ".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v":
		return "video"
	case ".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a":
		return "audio"
	}
	return ""
}

// IsMedia reports whether the name is that of a picture, a video or a sound.
func IsMedia(name string) bool { return mediaColumn(name) != "" }

// IsGlob reports whether a name is a pattern.
func IsGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }

// Folder lists the pictures, videos and sounds in a folder, by name; hidden
// files and folders below it are left out. dir is the folder on disk.
func Folder(dir string) (Table, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Table{}, err
	}
	var names []string
	others := 0
	for _, e := range entries {
		switch {
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
		case IsMedia(e.Name()):
			names = append(names, e.Name())
		default:
			others++
		}
	}
	t, err := Files("", names)
	t.Dir, t.Others = dir, others
	return t, err
}

// Files are rows of one input each. base is the folder that {row.folder} leaves out.
func Files(base string, names []string) (Table, error) {
	var b builder
	for _, name := range names {
		column := mediaColumn(name)
		if column == "" {
			return Table{}, &Error{Reason: filepath.Base(name) + " is no picture, video or sound by its name"}
		}
		file := filepath.Base(name)
		folder, err := filepath.Rel(base, filepath.Dir(name))
		if err != nil || folder == "." {
			folder = ""
		}
		columns := b.columns([]string{column, columnFile, columnStem, columnFolder})
		cells := []string{name, file, strings.TrimSuffix(file, filepath.Ext(file)), filepath.ToSlash(folder)}
		if bad := b.add(Row{Columns: columns, Cells: cells}); bad != nil {
			return Table{}, bad
		}
	}
	return Table{Rows: b.rows}, nil
}

// Glob lists the files that a pattern finds, by name: ** is any number of
// folders. dir is what the pattern is relative to; the names are as well.
func Glob(dir, pattern string) ([]string, error) {
	full := pattern
	if !filepath.IsAbs(pattern) {
		full = filepath.Join(escapeGlob(dir), pattern)
	}
	found, err := doublestar.FilepathGlob(full, doublestar.WithFilesOnly(), doublestar.WithFailOnIOErrors())
	if errors.Is(err, doublestar.ErrBadPattern) {
		return nil, &Error{Reason: "is a pattern that cannot be read", Hint: "* is any text, ** any folders, {a,b} either"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	slices.Sort(found)
	names := found[:0]
	for _, name := range found {
		if strings.HasPrefix(filepath.Base(name), ".") {
			continue
		}
		if !filepath.IsAbs(pattern) {
			if rel, err := filepath.Rel(dir, name); err == nil {
				name = rel
			}
		}
		names = append(names, name)
	}
	return names, nil
}

// GlobBase is the folder of a pattern before its first wildcard.
func GlobBase(pattern string) string {
	base, _ := doublestar.SplitPattern(filepath.ToSlash(pattern))
	return filepath.FromSlash(base)
}

// escapeGlob makes a folder's name match itself only.
func escapeGlob(dir string) string {
	if filepath.Separator == '\\' { // it cannot be escaped there
		return dir
	}
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`, `\`, `\\`).Replace(dir)
}
