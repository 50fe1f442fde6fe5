// Package web is the browser's face of `easel serve`: the built pages and the
// handler that serves them. Their sources are beside it; see README.md.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// Policy is what the pages may do: nothing but talk to the server they came
// from. Styles may stand in elements (the dialogs' scroll lock makes one);
// scripts may not. Pictures may be data (previews) and blobs (what is dropped).
const Policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// A page is one file of the UI, ready to be sent.
type page struct {
	body      []byte
	zipped    func() []byte // nil where it would not be smaller; made when first asked for
	mediaType string
	tag       string
	immutable bool // its name changes with its content
}

// Handler serves the pages: files by their name, index.html for any other path
// (the router in the browser knows them), 404 below api/ and for assets.
func Handler() http.Handler {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) //nolint:forbidigo // the folder is embedded above
	}
	pages, err := load(root)
	if err != nil {
		panic(err) //nolint:forbidigo // an embedded file can be read
	}
	return pages
}

type pages map[string]*page

// load reads all pages. Each is compressed once, when it is first sent: a start
// does not wait for what nobody opens.
func load(root fs.FS) (pages, error) {
	out := pages{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		p := &page{
			body: body, mediaType: mediaType(name), tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
			immutable: strings.HasPrefix(name, "assets/"),
			zipped:    sync.OnceValue(func() []byte { return zip(body) }),
		}
		out[name] = p
		return nil
	})
	return out, err
}

// zip compresses with gzip; nil where that saves less than a tenth.
func zip(body []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression) // the level is one
	_, _ = w.Write(body)                                  // memory takes it
	if err := w.Close(); err != nil || z.Len() >= len(body)*9/10 {
		return nil
	}
	return z.Bytes()
}

// mediaType does not ask the system, whose answer differs between machines.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (ps pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Pages are only read")
		return
	}
	p := ps[name]
	switch {
	case p != nil:
	case name == "api" || strings.HasPrefix(name, "api/") || strings.HasPrefix(name, "assets/"):
		refuse(w, http.StatusNotFound, "There is nothing at this address")
		return
	default:
		p = ps["index.html"]
	}
	h := w.Header()
	h.Set("Content-Type", p.mediaType)
	h.Set("Content-Security-Policy", Policy)
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", p.tag)
	h.Set("Cache-Control", "no-cache")
	if p.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == p.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if zipped := p.zipped(); zipped != nil {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // a client that left
}

// refuse answers like the API does.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "code": "not_found"})
}
