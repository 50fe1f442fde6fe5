package emulator

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// The user's files are what the editor saves: workflows are in "workflows/".
// Lists are sorted here; the server gives them in the order of its disk.

// getUserData is GET /userdata?dir=: the files of a folder.
func (in *instance) getUserData(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	dir, ok := inside(q.Get("dir"))
	user := in.server.files.user
	switch {
	case q.Get("dir") == "":
		writeText(w, http.StatusBadRequest, "Directory not provided")
		return
	case !ok:
		writeText(w, http.StatusForbidden, "Invalid directory")
		return
	case !user.isDir(dir):
		writeText(w, http.StatusNotFound, "Directory not found")
		return
	}
	recurse := strings.EqualFold(q.Get("recurse"), "true")
	list := []any{}
	for _, name := range filesBelow(user, dir, recurse) {
		relative := strings.TrimPrefix(name, dir+"/")
		switch {
		case strings.EqualFold(q.Get("full_info"), "true"):
			list = append(list, userFileInfo(user, name, relative))
		case strings.EqualFold(q.Get("split"), "true"):
			list = append(list, append([]string{relative}, strings.Split(relative, "/")...))
		default:
			list = append(list, relative)
		}
	}
	writeJSON(w, http.StatusOK, list)
}

// filesBelow lists the files of a folder, and of those in it when deep.
func filesBelow(v volume, dir string, deep bool) []string {
	names, _ := v.list(dir)
	slices.Sort(names)
	var files []string
	for _, n := range names {
		switch name := path.Join(dir, n); {
		case !v.isDir(name):
			files = append(files, name)
		case deep:
			files = append(files, filesBelow(v, name, deep)...)
		}
	}
	return files
}

// userFileInfo describes a file; times are seconds since 1970.
func userFileInfo(v volume, name, shown string) pyval.Fields {
	info := pyval.Fields{{Key: "path", Value: shown}}
	f, err := v.open(name)
	if err != nil {
		return info // it went away meanwhile
	}
	defer func() { _ = f.Close() }()
	seconds := float64(f.modTime().UnixNano()) / 1e9
	return append(info,
		pyval.Member{Key: "size", Value: f.size()}, pyval.Member{Key: "modified", Value: seconds},
		pyval.Member{Key: "created", Value: seconds})
}

// getUserFile is GET /userdata/{file}.
func (in *instance) getUserFile(w http.ResponseWriter, r *http.Request, name string) {
	clean, ok := inside(name)
	if !ok {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	f, err := in.server.files.user.open(clean)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer func() { _ = f.Close() }()
	w.Header().Set("Content-Type", in.server.contentType(clean))
	sendRaw(w, r, f)
}

// postUserFile is POST /userdata/{file}: the body is the file.
func (in *instance) postUserFile(w http.ResponseWriter, r *http.Request, name string) {
	clean, ok := inside(name)
	if !ok || clean == "." {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	user, q := in.server.files.user, r.URL.Query()
	if f, err := user.open(clean); err == nil {
		_ = f.Close()
		if q.Get("overwrite") == "false" {
			writeText(w, http.StatusConflict, "File already exists")
			return
		}
	}
	data, ok := in.readBody(w, r)
	if !ok {
		return
	}
	if err := user.write(clean, data); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if strings.EqualFold(q.Get("full_info"), "true") {
		writeJSON(w, http.StatusOK, userFileInfo(user, clean, clean))
		return
	}
	writeJSON(w, http.StatusOK, clean)
}
