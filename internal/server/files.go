package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

func (s *Server) fileRoutes() {
	up := operation(http.MethodPost, "/files", "upload-file", "Upload an input file", "files")
	binary := &huma.Schema{Type: "string", Format: "binary"}
	up.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data":      {Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"file": binary}, Required: []string{"file"}}},
		"application/octet-stream": {Schema: binary},
	}}
	up.Parameters = []*huma.Param{{Name: "name", In: "query", Description: "of a file that is the whole body", Schema: &huma.Schema{Type: "string"}}}
	up.Responses = map[string]*huma.Response{"201": {Description: "Created", Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[fileView](), true, "File")},
	}}}
	s.raw(up, s.upload)

	get := operation(http.MethodGet, "/files/{id}", "get-file", "Download an input file", "files")
	get.Parameters = []*huma.Param{idParam()}
	get.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: binary}}}}
	s.raw(get, s.download)

	about := operation(http.MethodGet, "/files/{id}/info", "get-file-info", "Show an input file", "files")
	about.Errors = append(about.Errors, http.StatusNotFound)
	huma.Register(s.api, about, s.fileInfo)
	remove := operation(http.MethodDelete, "/files/{id}", "delete-file", "Delete an input file", "files")
	remove.DefaultStatus = http.StatusNoContent
	remove.Errors = append(remove.Errors, http.StatusNotFound)
	huma.Register(s.api, remove, s.deleteFile)
}

type fileAnswer struct{ Body fileView }

func (s *Server) ownFile(ctx context.Context, id string) (jobs.File, error) {
	f, err := s.o.DB.File(ctx, id)
	if err != nil {
		return f, err
	}
	return f, owns(ctx, f.Key)
}

func (s *Server) fileInfo(ctx context.Context, in *IDPath) (*fileAnswer, error) {
	f, err := s.ownFile(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return &fileAnswer{s.viewFile(f)}, nil
}

// deleteFile forgets an upload. Its content goes when no other upload and no
// waiting job needs it.
func (s *Server) deleteFile(ctx context.Context, in *IDPath) (*struct{}, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	f, err := s.ownFile(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return nil, s.refused(s.forget(ctx, f))
}

func (s *Server) forget(ctx context.Context, f jobs.File) error {
	if err := s.o.DB.DeleteFile(ctx, f.ID); err != nil {
		return err
	}
	needed, err := s.o.DB.NeedsContent(ctx, f.SHA256, uploadMark+f.SHA256)
	if err != nil || needed {
		return err
	}
	return s.o.Files.Remove(ctx, uploadName(f.SHA256))
}

// TidyFiles removes uploads that came longer ago than keep, unless a job waits for
// them, and small pictures that were made longer ago: those are made again when
// somebody looks.
func (s *Server) TidyFiles(ctx context.Context, keep time.Duration) error {
	before := s.o.Now().Add(-keep)
	var after string
	for {
		old, err := s.o.DB.FilesBefore(ctx, before, after)
		if err != nil {
			return err
		}
		for _, f := range old {
			after = f.ID
			waits, err := s.o.DB.Waits(ctx, uploadMark+f.SHA256)
			if err != nil {
				return err
			}
			if waits {
				continue
			}
			if err := s.forget(ctx, f); err != nil && !errors.Is(err, jobs.ErrNotFound) {
				return err
			}
		}
		if len(old) == 0 {
			break
		}
	}
	for info, err := range s.o.Files.List(ctx, "thumbnails/") {
		if err != nil {
			return err
		}
		if info.Modified.Before(before) {
			if err := s.o.Files.Remove(ctx, info.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// raw adds an operation that reads and writes streams: huma would hold its body
// in memory.
func (s *Server) raw(op huma.Operation, handle func(w http.ResponseWriter, r *http.Request) error) {
	s.api.OpenAPI().AddOperation(&op)
	s.api.Adapter().Handle(&op, func(c huma.Context) {
		r, w := humago.Unwrap(c)
		if err := handle(w, r); err != nil {
			s.fail(w, s.refused(err))
		}
	})
}

type fileView struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"`
	Width     *int64    `json:"width"`
	Height    *int64    `json:"height"`
	Created   time.Time `json:"created_at"`
	URL       string    `json:"url"`
}

// kept is what is known of a content that was stored.
type kept struct {
	sha256    string
	bytes     int64
	mediaType string
	width     *int64
	height    *int64
}

// keep stores a content by its hash, checking it on the way.
func (s *Server) keep(ctx context.Context, r io.Reader) (kept, error) {
	writer, err := s.o.Files.Create(ctx, storage.Object{})
	if err != nil {
		return kept{}, err
	}
	defer writer.Abort() // after Commit it does nothing
	hash, check := sha256.New(), media.NewChecker()
	n, err := io.Copy(io.MultiWriter(writer, hash, check), io.LimitReader(r, s.o.Limits.Upload+1))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large || errors.Is(err, io.ErrUnexpectedEOF) { // of a form
			return kept{}, &statusError{Status: http.StatusBadRequest, Code: "invalid_input", Detail: "The upload ended early", Hint: "send it again"}
		}
		return kept{}, err
	}
	if n > s.o.Limits.Upload {
		return kept{}, &statusError{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: fmt.Sprintf("The file is larger than %d bytes", s.o.Limits.Upload)}
	}
	report := check.Report()
	out := kept{sha256: hex.EncodeToString(hash.Sum(nil)), bytes: n, mediaType: report.Format.MediaType}
	if n == 0 || !report.Complete {
		return kept{}, &statusError{Status: http.StatusBadRequest, Code: "invalid_input", Detail: "The file is empty or cut off", Hint: "curl -F file=@photo.jpg sends one"}
	}
	if report.Width > 0 {
		w, h := int64(report.Width), int64(report.Height)
		out.width, out.height = &w, &h
		if w*h > int64(s.o.Limits.Pixels) {
			return kept{}, &statusError{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: fmt.Sprintf("The picture has more than %d pixels", s.o.Limits.Pixels)}
		}
	}
	if _, err := writer.Commit(ctx, uploadName(out.sha256)); err != nil && !errors.Is(err, storage.ErrExist) {
		return kept{}, err
	}
	return out, nil
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.o.Limits.Upload+1<<20) // and the envelope of a form
	body, name := io.Reader(r.Body), r.URL.Query().Get("name")
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		part, err := filePart(r)
		if err != nil {
			return err
		}
		body, name = part, part.FileName()
	}
	if stored, err := s.o.DB.Stored(ctx, asking(ctx).key.ID); err != nil {
		return err
	} else if stored >= s.o.Limits.Stored {
		return &statusError{
			Status: http.StatusTooManyRequests, Code: "storage_limit", Detail: fmt.Sprintf("The uploads of this key have %d bytes, and may have %d", stored, s.o.Limits.Stored),
			Hint: "DELETE " + apiPath + "/files/ID removes one",
		}
	}
	got, err := s.keep(ctx, body)
	if err != nil {
		return err
	}
	if name == "" {
		name = got.sha256[:16]
	}
	if len(name) > 500 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return invalid("name", "the name of the file is too long, or no text", "at most 500 bytes in UTF-8: ?name=photo.jpg, or the file name of the form")
	}
	f, err := s.o.DB.AddFile(ctx, jobs.File{
		Key: asking(ctx).key.ID, Name: name, SHA256: got.sha256, Bytes: got.bytes, MediaType: got.mediaType, Width: got.width, Height: got.height,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", apiPath+"/files/"+f.ID)
	return writeJSON(w, http.StatusCreated, s.viewFile(f))
}

// oneFile is what a form is to be.
const oneFile = "curl -F file=@photo.jpg sends one"

// A formFile is the one file of a form. Where another one follows, reading it to its
// end fails, so that neither is kept.
type formFile struct {
	*multipart.Part
	form *multipart.Reader
}

// filePart is the file of a form.
func filePart(r *http.Request) (*formFile, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, invalid("file", "the form cannot be read", oneFile)
	}
	part, err := nextFile(form)
	if err != nil {
		return nil, invalid("file", "the form has no file", oneFile)
	}
	return &formFile{part, form}, nil
}

// nextFile skips what is no file.
func nextFile(form *multipart.Reader) (*multipart.Part, error) {
	for range 100 {
		part, err := form.NextPart()
		if err != nil || part.FileName() != "" {
			return part, err
		}
	}
	return nil, io.EOF
}

// Read implements io.Reader.
func (f *formFile) Read(p []byte) (int, error) {
	n, err := f.Part.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	switch _, err := nextFile(f.form); {
	case err == nil:
		return n, invalid("file", "the form has more than one file", "one file a request: "+oneFile)
	case !errors.Is(err, io.EOF):
		return n, err
	}
	return n, io.EOF
}

func (s *Server) viewFile(f jobs.File) fileView {
	return fileView{
		ID: f.ID, Name: f.Name, MediaType: f.MediaType, Bytes: f.Bytes, SHA256: f.SHA256, Width: f.Width, Height: f.Height, Created: f.Created,
		URL: s.link(apiPath + "/files/" + f.ID),
	}
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	f, err := s.o.DB.File(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := owns(r.Context(), f.Key); err != nil {
		return err
	}
	return s.content(w, r, s.o.Files, object{name: uploadName(f.SHA256), shown: f.Name, mediaType: f.MediaType, sha256: f.SHA256})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the client is gone
	return nil
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
