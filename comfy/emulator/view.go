package emulator

import (
	"bytes"
	"cmp"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

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
	folder = cmp.Or(annotation, typ)
	if _, ok := in.server.files.volume(folder); !ok {
		return "", "", "", http.StatusBadRequest
	}
	if strings.ContainsRune(subfolder, 0) {
		return "", "", "", http.StatusNotFound
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
		w.Header().Set("Content-Type", in.server.contentType(base))
		sendRaw(w, r, file)
	}
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
		out = keepAlpha{alphaOnly(img)}
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

// A keepAlpha is a picture whose alpha channel is written even if nothing in it
// is transparent: files of the server have one, and LoadImage looks for it.
type keepAlpha struct{ *image.NRGBA }

// Opaque tells the PNG encoder to write the alpha channel.
func (keepAlpha) Opaque() bool { return false }

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

// contentType is the type under which a file is served. What a browser would
// execute is served as plain bytes.
func (s *Server) contentType(name string) string {
	kind := guessType(name)
	if kind == "" && s.since(modelTypesVersion) {
		kind = modelTypes()[extension(name)]
	}
	if kind == "" || s.since(safeViewVersion) && strings.HasSuffix(kind, "xml") {
		return "application/octet-stream"
	}
	return kind
}

// guessType guesses from the extension, as Python's mimetypes does; "" when it
// is unknown.
func guessType(name string) string { return mediaTypes()[extension(name)] }

func extension(name string) string {
	for _, packed := range []string{".gz", ".bz2", ".xz"} { // an encoding; the type is that of what is in it
		name = strings.TrimSuffix(name, packed)
	}
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// modelTypes are the types that the server adds to Python's.
func modelTypes() map[string]string {
	return map[string]string{
		"safetensors": "application/safetensors", "sft": "application/safetensors", "pt": "application/pytorch",
		"pth": "application/pytorch", "ckpt": "application/pickle", "pkl": "application/pickle", "gguf": "application/gguf",
		"yaml": "application/yaml", "yml": "application/yaml",
	}
}

func mediaTypes() map[string]string {
	return map[string]string{
		"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
		"bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "avif": "image/avif", "svg": "image/svg+xml",
		"mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", "avi": "video/x-msvideo", "mkv": "video/x-matroska",
		"mp3": "audio/mpeg", "wav": "audio/x-wav", "flac": "audio/flac", "ogg": "audio/ogg", "opus": "audio/ogg", "m4a": "audio/mp4",
		"aac": "audio/aac", "json": "application/json", "txt": "text/plain", "xml": "application/xml", "pdf": "application/pdf",
		"csv": "text/csv", "md": "text/markdown", "ico": "image/vnd.microsoft.icon", "jpe": "image/jpeg", "heic": "image/heic",
		"py":  "text/x-python",
		"zip": "application/zip", "tar": "application/x-tar", "glb": "model/gltf-binary", "obj": "model/obj",
	}
}
