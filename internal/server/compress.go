package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// leastZipped is the size in bytes from which a body is compressed: what is
// smaller travels in one packet either way.
const leastZipped = 1024

// zippedSuffix tells the ETag of a compressed body from that of the same body as
// it is: a strong tag means equal bytes.
const zippedSuffix = "-gzip"

// zippers are gzip writers that are not in use. They are fast ones: lists are
// asked for again and again, and the best compression saves a quarter of what is
// left for four times the work.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is one
	return z
}}

// compressed sends texts of the API with gzip to who takes it.
// Streams of events, files with ranges, and what is compressed or small stay as
// they are. Handlers below it see conditions on the tags that they gave.
//
// How long a compressed body is tells nobody a secret (BREACH): the only ones in
// bodies are signatures of links, which are others each second and belong to who
// asks. Keys and cookies are in none, and pages of other sites get no answer to
// what they make a browser ask (sameSite).
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ofAPI(r.URL.Path) {
			next.ServeHTTP(w, r) // the pages compress themselves, an agent's session is a stream
			return
		}
		zw := &zipWriter{ResponseWriter: w, accepted: acceptsGzip(r.Header.Values("Accept-Encoding")), have: r.Header.Get("If-None-Match")}
		next.ServeHTTP(zw, untagged(r))
		zw.end() // not after a panic: then what was held back is not the answer
	})
}

// untagged is a request whose conditions name bodies as they are before they are
// compressed.
func untagged(r *http.Request) *http.Request {
	for _, name := range []string{"If-None-Match", "If-Match"} {
		if v := r.Header.Get(name); strings.Contains(v, zippedSuffix+`"`) {
			r = r.Clone(r.Context())
			r.Header.Set(name, strings.ReplaceAll(v, zippedSuffix+`"`, `"`))
		}
	}
	return r
}

// acceptsGzip reads the values of Accept-Encoding.
func acceptsGzip(values []string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		wanted := true
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); ok {
			weight, err := strconv.ParseFloat(q, 64)
			wanted = err == nil && weight > 0
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			others = wanted
		}
	}
	return others
}

// A zipWriter holds the beginning of a body back until it is known whether it is
// to be compressed.
type zipWriter struct {
	http.ResponseWriter
	accepted bool
	have     string // If-None-Match, as the client sent it
	status   int    // 0: none yet
	begun    bool   // the header is out
	held     []byte
	zip      *gzip.Writer // nil: what is written goes out as it is
}

func (w *zipWriter) WriteHeader(status int) {
	if w.begun || status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status != 0 {
		return
	}
	w.status = status
	h := w.Header()
	if status == http.StatusNotModified {
		h.Add("Vary", "Accept-Encoding")
		if tag := zippedTag(h.Get("ETag")); tag != "" && strings.Contains(w.have, tag) {
			h.Set("ETag", tag)
		}
	}
	if !zippable(status, h) {
		w.begin()
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if !w.accepted {
		w.begin()
	}
}

// zippedTag is the tag of the compressed form of what has a strong tag; empty
// when there is none.
func zippedTag(tag string) string {
	if len(tag) < 2 || tag[0] != '"' {
		return ""
	}
	return strings.TrimSuffix(tag, `"`) + zippedSuffix + `"`
}

// zippable reports whether an answer can be compressed, by its status and header.
func zippable(status int, h http.Header) bool {
	if slices.Contains([]int{http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent, http.StatusNotModified}, status) {
		return false
	}
	if h.Get("Content-Encoding") != "" || h.Get("Accept-Ranges") != "" || h.Get("Content-Range") != "" {
		return false
	}
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	mediaType = strings.TrimSpace(mediaType)
	switch mediaType {
	case "text/event-stream":
		return false
	case "application/json", "application/yaml":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+yaml")
}

// begin sends the header.
func (w *zipWriter) begin() {
	w.begun = true
	w.ResponseWriter.WriteHeader(w.status)
}

func (w *zipWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.zip != nil:
		return w.zip.Write(p)
	case w.begun:
		return w.ResponseWriter.Write(p)
	case len(w.held)+len(p) < leastZipped:
		w.held = append(w.held, p...)
		return len(p), nil
	}
	h := w.Header()
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	if tag := zippedTag(h.Get("ETag")); tag != "" {
		h.Set("ETag", tag)
	}
	w.begin()
	w.zip = zippers.Get().(*gzip.Writer)
	w.zip.Reset(w.ResponseWriter)
	if _, err := w.zip.Write(w.held); err != nil {
		return 0, err
	}
	return w.zip.Write(p)
}

// release sends what is held back as it is.
func (w *zipWriter) release() error {
	if w.begun || w.status == 0 {
		return nil
	}
	w.begin()
	_, err := w.ResponseWriter.Write(w.held)
	return err
}

// end completes the body.
func (w *zipWriter) end() {
	if w.zip == nil {
		_ = w.release() // a client that left
		return
	}
	_ = w.zip.Close() // a client that left
	w.zip.Reset(io.Discard)
	zippers.Put(w.zip)
}

// FlushError sends what was written so far; a body that is flushed while it is
// small is not compressed.
func (w *zipWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.release(); err != nil {
		return err
	}
	if w.zip != nil {
		if err := w.zip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *zipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
