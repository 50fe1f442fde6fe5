package emulator

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	_ "golang.org/x/image/webp" // decoding of uploads
)

// getView is GET /view: one file of the folders.
func (in *instance) getView(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	if !q.Has("filename") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if typ, name, ok := in.hostile(q.Get("filename"), q.Get("subfolder")); ok {
		in.sendFile(w, r, typ, name)
		return
	}
	typ := "output"
	if q.Has("type") {
		typ = q.Get("type")
	}
	typ, dir, name, status := in.viewTarget(q.Get("filename"), typ, q.Get("subfolder"))
	if status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	in.sendFile(w, r, typ, path.Join(dir, name))
}

// viewTarget applies the server's rules to a file that a client names.
func (in *instance) viewTarget(filename, typ, subfolder string) (folder, dir, name string, status int) {
	name, annotation := annotated(filename)
	if name == "" || name[0] == '/' || strings.Contains(name, "..") {
		return "", "", "", http.StatusBadRequest
	}
	folder = orText(annotation, typ)
	if _, ok := in.server.files.volume(folder); !ok {
		return "", "", "", http.StatusBadRequest
	}
	dir, ok := inside(subfolder)
	if !ok {
		return "", "", "", http.StatusForbidden
	}
	return folder, dir, path.Base(name), http.StatusOK
}

func (in *instance) sendFile(w http.ResponseWriter, r *http.Request, typ, name string) {
	file, err := in.server.files.openIn(typ, name)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer func() { _ = file.Close() }()
	q := r.URL.Query()
	base := path.Base(name)
	w.Header().Set("Content-Disposition", `filename="`+base+`"`)
	switch channel := q.Get("channel"); {
	case q.Has("preview"):
		sendPreview(w, file, q.Get("preview"), channel)
	case channel == "rgb" || channel == "a":
		sendChannel(w, file, channel)
	default:
		w.Header().Set("Content-Type", contentType(base, in.server.since(safeViewVersion)))
		sendRaw(w, r, file)
	}
}

// sendRaw streams the file with the conditions and ranges of HTTP.
func sendRaw(w http.ResponseWriter, r *http.Request, file storedFile) {
	w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, file.modTime().UnixNano(), file.size()))
	r = applyIfRange(r, file)
	if spec := r.Header.Get("Range"); spec != "" && !satisfiable(spec, file.size()) {
		w.Header().Del("ETag")
		w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(file.size(), 10))
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	http.ServeContent(w, r, "", file.modTime(), file)
}

// applyIfRange decides whether the range counts: not when If-Range is a date
// before the file's. An entity tag in it is not looked at, so a range of a
// changed file is served; the client has to compare the tag of the answer.
func applyIfRange(r *http.Request, file storedFile) *http.Request {
	since := r.Header.Get("If-Range")
	if since == "" {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Del("If-Range")
	if t, err := http.ParseTime(since); err == nil && file.modTime().Truncate(time.Second).After(t) {
		r.Header.Del("Range")
	}
	return r
}

// satisfiable reports whether a Range header is one that the server serves:
// one range of bytes that begins within the file.
func satisfiable(spec string, size int64) bool {
	from, to, ok := strings.Cut(strings.TrimPrefix(spec, "bytes="), "-")
	if !ok || !strings.HasPrefix(spec, "bytes=") || from == "" && to == "" {
		return false
	}
	first, err1 := strconv.ParseInt(orText(from, "0"), 10, 64)
	last, err2 := strconv.ParseInt(orText(to, strconv.FormatInt(size, 10)), 10, 64)
	return err1 == nil && err2 == nil && size > 0 && first < size && (from == "" || first <= last)
}

// sendPreview re-encodes a picture. The server offers WebP, which this one
// decodes but does not write: it answers with PNG then.
func sendPreview(w http.ResponseWriter, file io.Reader, spec, channel string) {
	img, _, err := image.Decode(file)
	if err != nil {
		writeCrash(w)
		return
	}
	parts := strings.Split(spec, ";")
	quality := 90
	if n, err := strconv.Atoi(parts[len(parts)-1]); err == nil && n >= 0 {
		quality = n
	}
	var buf bytes.Buffer
	kind := "image/png"
	if parts[0] == "jpeg" && !strings.Contains(channel, "a") {
		kind = "image/jpeg"
		err = jpeg.Encode(&buf, opaque(img), &jpeg.Options{Quality: min(max(quality, 1), 100)})
	} else {
		err = png.Encode(&buf, img)
	}
	sendPicture(w, buf.Bytes(), kind, err)
}

// sendChannel answers with the colours alone, or with the alpha alone.
func sendChannel(w http.ResponseWriter, file io.Reader, channel string) {
	img, _, err := image.Decode(file)
	if err != nil {
		writeCrash(w)
		return
	}
	var out image.Image = opaque(img)
	if channel == "a" {
		out = alphaOnly(img)
	}
	var buf bytes.Buffer
	err = png.Encode(&buf, out)
	sendPicture(w, buf.Bytes(), "image/png", err)
}

func sendPicture(w http.ResponseWriter, data []byte, kind string, err error) {
	if err != nil {
		writeCrash(w)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// opaque keeps the colours and drops the alpha channel.
func opaque(img image.Image) *image.NRGBA {
	out := straight(img)
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 0xff
	}
	return out
}

// alphaOnly is black with the alpha of the picture.
func alphaOnly(img image.Image) *image.NRGBA {
	out := straight(img)
	for i := 0; i < len(out.Pix); i += 4 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = 0, 0, 0
	}
	return out
}

// straight copies a picture without premultiplied alpha.
func straight(img image.Image) *image.NRGBA {
	b := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	if src, ok := img.(*image.NRGBA); ok { // drawing would lose the colours under alpha 0
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:(y+1)*out.Stride], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
		return out
	}
	draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
	return out
}

// contentType guesses from the extension, as Python's mimetypes does. What a
// browser would execute is served as plain bytes.
func contentType(name string, safe bool) string {
	for _, packed := range []string{".gz", ".bz2", ".xz"} { // an encoding; the type is that of what is in it
		name = strings.TrimSuffix(name, packed)
	}
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if safe && (ext == "svg" || ext == "xml") {
		return "application/octet-stream"
	}
	if kind, ok := mediaTypes()[ext]; ok {
		return kind
	}
	return "application/octet-stream"
}

func mediaTypes() map[string]string {
	return map[string]string{
		"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
		"bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "avif": "image/avif", "svg": "image/svg+xml",
		"mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", "avi": "video/x-msvideo", "mkv": "video/x-matroska",
		"mp3": "audio/mpeg", "wav": "audio/x-wav", "flac": "audio/flac", "ogg": "audio/ogg", "opus": "audio/ogg", "m4a": "audio/mp4",
		"aac": "audio/aac", "json": "application/json", "txt": "text/plain", "xml": "application/xml", "pdf": "application/pdf",
		"zip": "application/zip", "tar": "application/x-tar", "glb": "model/gltf-binary", "obj": "model/obj",
	}
}
