package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// An uploadForm is a decoded multipart request.
type uploadForm struct {
	filename string
	hasImage bool // a part "image" that is a file
	asText   bool // a part "image" that is none, and not empty
	data     []byte
	fields   map[string]string
}

// postUploadImage is POST /upload/image: any bytes, renamed when the name is
// taken by other content.
func (in *instance) postUploadImage(w http.ResponseWriter, r *http.Request, _ string) {
	in.upload(w, r, func(form *uploadForm) ([]byte, bool, error) { return form.data, true, nil })
}

// upload does what both uploads share. content gives the bytes to write;
// without them the answer is the same and no file is written.
func (in *instance) upload(w http.ResponseWriter, r *http.Request, content func(*uploadForm) ([]byte, bool, error)) {
	form, err := in.readForm(r)
	switch {
	case tooLarge(err):
		in.writeTooLarge(w, r)
		return
	case err != nil:
		writeCrash(w)
		return
	}
	typ := "input"
	if t, ok := form.fields["type"]; ok {
		typ = t
	}
	v, ok := in.server.files.volume(typ)
	if !ok {
		writeCrash(w)
		return
	}
	if !form.hasImage {
		if form.asText {
			writeCrash(w)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	name, status := in.store(v, form, content)
	switch status {
	case http.StatusOK:
		writeJSON(w, http.StatusOK, pyval.Fields{
			{Key: "name", Value: name}, {Key: "subfolder", Value: form.fields["subfolder"]}, {Key: "type", Value: typ},
		})
	case http.StatusInternalServerError:
		writeCrash(w)
	default:
		w.WriteHeader(status)
	}
}

// store chooses the name and writes the file.
func (in *instance) store(v volume, form *uploadForm, content func(*uploadForm) ([]byte, bool, error)) (name string, status int) {
	if strings.ContainsRune(form.fields["subfolder"]+form.filename, 0) {
		return "", http.StatusInternalServerError
	}
	dir, ok1 := inside(form.fields["subfolder"])
	full, ok2 := inside(path.Join(dir, form.filename))
	if !ok1 || !ok2 || path.IsAbs(form.filename) {
		return "", http.StatusBadRequest
	}
	if parent := path.Dir(full); full == dir || v.isDir(full) || parent != dir && parent != "." && !v.isDir(parent) {
		return "", http.StatusInternalServerError // only the subfolder is made, not a folder in the name
	}
	data, write, err := content(form)
	if err != nil {
		return "", http.StatusInternalServerError
	}
	files := in.server.files
	files.mu.Lock()
	defer files.mu.Unlock()
	name = form.filename
	if overwrite := form.fields["overwrite"]; overwrite != "true" && overwrite != "1" {
		stem, ext := splitExt(form.filename)
		for i := 1; ; i++ {
			same, taken := compare(v, full, form.data)
			if !taken {
				break
			}
			if same {
				return name, http.StatusOK
			}
			name = fmt.Sprintf("%s (%d)%s", stem, i, ext)
			full = path.Join(dir, name)
		}
	}
	if !write {
		return name, http.StatusOK
	}
	if err := v.write(full, data); err != nil {
		return "", http.StatusInternalServerError
	}
	return name, http.StatusOK
}

// splitExt cuts a name before its extension; leading dots belong to the stem.
func splitExt(name string) (stem, ext string) {
	ext = path.Ext(name)
	stem = strings.TrimSuffix(name, ext)
	if strings.Trim(path.Base(stem+"x"), ".") == "x" {
		return name, ""
	}
	return stem, ext
}

// compare reports whether a file of that name is there, with that content.
func compare(v volume, name string, data []byte) (same, taken bool) {
	f, err := v.open(name)
	if err != nil {
		return false, v.isDir(name)
	}
	defer func() { _ = f.Close() }()
	if f.size() != int64(len(data)) {
		return false, true
	}
	have, err := io.ReadAll(f)
	return err == nil && bytes.Equal(have, data), true
}

// readForm reads a multipart body whole: the limit on bodies bounds it. A
// request of another type has no fields.
func (in *instance) readForm(r *http.Request) (*uploadForm, error) {
	form := &uploadForm{fields: map[string]string{}}
	parts, err := r.MultipartReader()
	if err != nil {
		return form, nil
	}
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		form.add(part, data)
	}
}

func (f *uploadForm) add(part *multipart.Part, data []byte) {
	name, filename := part.FormName(), rawFilename(part)
	if name != "image" {
		if _, dup := f.fields[name]; !dup {
			f.fields[name] = string(data)
		}
		return
	}
	if f.hasImage || f.asText {
		return
	}
	if filename == "" {
		f.asText = len(data) > 0
		return
	}
	f.hasImage, f.filename, f.data = true, strings.TrimPrefix(filename, "/"), data
}

// rawFilename is the file name with its folders, which the standard library
// would cut off. A backslash escapes whatever follows it; the standard library
// keeps most of them, for the sake of browsers that send paths of Windows.
func rawFilename(part *multipart.Part) string {
	header := part.Header.Get("Content-Disposition")
	if _, quoted, ok := strings.Cut(header, `filename="`); ok {
		var name strings.Builder
		for i := 0; i < len(quoted) && quoted[i] != '"'; i++ {
			if quoted[i] == '\\' && i+1 < len(quoted) {
				i++
			}
			name.WriteByte(quoted[i])
		}
		return name.String()
	}
	_, params, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return params["filename"]
}
