package emulator

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// writeJSON answers with a JSON document.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body := pyval.Encode(v)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// writeCrash is the answer to whatever a handler did not expect.
func writeCrash(w http.ResponseWriter) {
	w.Header().Del("Content-Disposition")
	w.Header().Set("Connection", "close")
	writeText(w, http.StatusInternalServerError, "500 Internal Server Error\n\nServer got itself in trouble")
}

// readBody reads the whole request, decoded. When it cannot, it has answered.
func (in *instance) readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	var src io.Reader = r.Body
	var err error
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "gzip":
		src, err = gzip.NewReader(src)
	case "deflate":
		src, err = zlib.NewReader(src)
	}
	var body []byte
	if err == nil {
		limit := in.server.opts.MaxUpload
		body, err = io.ReadAll(io.LimitReader(src, limit+1))
		if int64(len(body)) > limit {
			err = &http.MaxBytesError{Limit: limit}
		}
	}
	if tooLarge(err) {
		in.writeTooLarge(w, r)
		return nil, false
	}
	if err != nil {
		writeText(w, http.StatusBadRequest, "400: Bad Request")
		return nil, false
	}
	return body, true
}

func tooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}

func (in *instance) writeTooLarge(w http.ResponseWriter, r *http.Request) {
	limit := in.server.opts.MaxUpload
	size := max(r.ContentLength, limit+1)
	w.Header().Set("Connection", "close")
	writeText(w, http.StatusRequestEntityTooLarge,
		fmt.Sprintf("Maximum request body size %d exceeded, actual body size %d", limit, size))
}

// readJSON reads a JSON request. When it cannot, it has answered.
func (in *instance) readJSON(w http.ResponseWriter, r *http.Request) (any, bool) {
	body, ok := in.readBody(w, r)
	if !ok {
		return nil, false
	}
	v, err := pyval.Decode(body)
	if err != nil {
		writeCrash(w)
		return nil, false
	}
	return v, true
}

// bodyKinds are the bodies that the fault "body" knows.
func bodyKinds() []string {
	return []string{
		"html", "empty", "null", "array", "text", "huge-number", "nested", "duplicate-keys", "invalid-utf8",
		"gzip-bomb", "endless",
	}
}

// foreignBody answers 200 with something that no ComfyUI sends.
func (x *exchange) foreignBody(kind string) {
	h := x.out.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	var body string
	switch kind {
	case "html":
		h.Set("Content-Type", "text/html; charset=utf-8")
		body = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body><form action=\"/login\" method=\"post\">" +
			"<input name=\"user\"><input name=\"password\" type=\"password\"><button>Sign in</button></form></body></html>\n"
	case "null":
		body = "null"
	case "array":
		body = `[[], {}, "prompt_id"]`
	case "text":
		h.Set("Content-Type", "text/plain")
		body = "upstream connect error or disconnect/reset before headers"
	case "huge-number":
		body = `{"prompt_id": 1e308, "number": 1e9999, "exec_info": {"queue_remaining": 123456789012345678901234567890}, "node_errors": {}}`
	case "nested":
		body = strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000)
	case "duplicate-keys":
		body = `{"prompt_id": "a", "prompt_id": "b", "number": 1, "number": 2, "node_errors": {}, "node_errors": null}`
	case "invalid-utf8":
		body = "{\"prompt_id\": \"\xff\xfe\xc0\xaf\", \"node_errors\": {}}"
	case "gzip-bomb":
		h.Set("Content-Encoding", "gzip")
		body = gzipBomb()
	case "endless":
		x.endless()
		return
	}
	_, _ = io.WriteString(x.out, body)
}

// gzipBomb is 256 MiB of spaces in about a megabyte: one member many times, since
// to compress it all takes a second of each answer.
func gzipBomb() string {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(bytes.Repeat([]byte{' '}, 1<<20)) // a buffer takes everything
	_ = z.Close()
	return strings.Repeat(member.String(), 256)
}

// endless sends until the client or the server goes.
func (x *exchange) endless() {
	ctx, done := x.bounded()
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = http.NewResponseController(x.out.ResponseWriter).SetWriteDeadline(x.started) })
	defer stop()
	block := bytes.Repeat([]byte("[0, "), 1<<12)
	for ctx.Err() == nil {
		if _, err := x.out.Write(block); err != nil {
			return
		}
		x.out.flush()
	}
}
