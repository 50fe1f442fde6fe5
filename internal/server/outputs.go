package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

func (s *Server) outputRoutes() {
	get := func(p, id, summary string) huma.Operation {
		o := operation(http.MethodGet, p, id, summary, "outputs")
		o.Errors = append(o.Errors, http.StatusNotFound)
		return o
	}
	huma.Register(s.api, get("/outputs", "list-outputs", "List results, newest first"), s.listOutputs)
	s.archiveRoutes()
	huma.Register(s.api, get("/outputs/{id}", "get-output", "Show a result"), s.getOutput)
	remove := get("/outputs/{id}", "delete-output", "Delete a result")
	remove.Method, remove.DefaultStatus = http.MethodDelete, http.StatusNoContent
	huma.Register(s.api, remove, s.deleteOutput)
	mark := get("/outputs/{id}/favourite", "set-favourite", "Mark a result, or take the mark away")
	mark.Method = http.MethodPut
	huma.Register(s.api, mark, s.setFavourite)

	binary := &huma.Schema{Type: "string", Format: "binary"}
	content := get("/outputs/{id}/content", "get-output-content", "Download a result")
	content.Parameters = []*huma.Param{idParam()}
	content.Responses = map[string]*huma.Response{"200": {Description: "The file; ranges are served", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: binary}}}}
	s.raw(content, s.outputContent)
	thumbnail := get("/outputs/{id}/thumbnail", "get-output-thumbnail", "A small picture of a result")
	least, most := 16.0, 1024.0
	thumbnail.Parameters = []*huma.Param{idParam(), {Name: "size", In: "query", Description: "of its longer side, pixels", Schema: &huma.Schema{Type: "integer", Minimum: &least, Maximum: &most, Default: 256}}}
	thumbnail.Responses = map[string]*huma.Response{"200": {Description: "A JPEG", Content: map[string]*huma.MediaType{"image/jpeg": {Schema: binary}}}}
	s.raw(thumbnail, s.outputThumbnail)
}

func idParam() *huma.Param {
	return &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}
}

// outputView is a result as the API shows it.
type outputView struct {
	ID        string    `json:"id"`
	Job       string    `json:"job_id"`
	N         int64     `json:"n" doc:"from 1, in the order of the run"`
	Name      string    `json:"name"`
	Path      string    `json:"path" doc:"where it is stored"`
	URL       string    `json:"url" doc:"of its content, valid for an hour without a key"`
	Thumbnail *string   `json:"thumbnail_url" doc:"null where there is none"`
	Kind      string    `json:"kind" enum:"image,video,audio,text,file"`
	MediaType string    `json:"media_type"`
	Node      string    `json:"node"`
	Width     *int64    `json:"width" doc:"pixels"`
	Height    *int64    `json:"height"`
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"`
	Text      *string   `json:"text,omitempty"`
	Favourite bool      `json:"favourite"`
	Created   time.Time `json:"created_at"`

	Workflow  string                    `json:"workflow_id" doc:"of the job, as all that follows"`
	Character *string                   `json:"character_id"`
	Batch     *string                   `json:"batch_id"`
	Prompt    string                    `json:"prompt"`
	Seed      *string                   `json:"seed" doc:"an exact integer, as text"`
	Sweep     shaped[map[string]string] `json:"sweep,omitzero" doc:"its point of a sweep: values by parameter, as text"`
}

func (s *Server) viewOutput(o jobs.Output) outputView {
	self := apiPath + "/outputs/" + o.ID
	v := outputView{
		ID: o.ID, Job: o.Job, N: o.N, Name: o.Name, Path: s.o.Store.Location(o.Name), URL: s.link(self + "/content"), Kind: o.Kind,
		MediaType: o.MediaType, Node: o.Node, Width: o.Width, Height: o.Height, Bytes: o.Bytes, SHA256: o.SHA256, Text: o.Text,
		Favourite: o.Favourite, Created: o.Created,
		Workflow: o.Workflow, Character: known(o.Character), Batch: known(o.Batch), Prompt: o.Prompt, Seed: known(o.Seed), Sweep: shaped[map[string]string]{o.Sweep},
	}
	if o.Kind == "image" {
		link := s.link(self + "/thumbnail")
		v.Thumbnail = &link
	}
	return v
}

// outputsOf are the outputs of several jobs, by job.
func (s *Server) outputsOf(ctx context.Context, of []jobs.Job) (map[string][]jobs.Output, error) {
	ids := make([]string, len(of))
	for i, j := range of {
		ids[i] = j.ID
	}
	outputs, err := s.o.DB.OutputsOfJobs(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := map[string][]jobs.Output{}
	for _, o := range outputs {
		by[o.Job] = append(by[o.Job], o)
	}
	return by, nil
}

// filter is what a list has in common: whose, and which page.
func (s *Server) filter(ctx context.Context, f *jobs.Filter, cursor string) error {
	if p := asking(ctx); !p.allows(jobs.ScopeManage) {
		f.Key = &p.key.ID
	}
	if cursor == "" {
		return nil
	}
	seq, err := strconv.ParseInt(cursor, 36, 64)
	if err != nil || seq <= 0 {
		return invalid("cursor", "the cursor is none of this list", "use next_cursor of the page before")
	}
	if f.OldFirst {
		f.After = seq
	} else {
		f.Before = seq
	}
	return nil
}

func cursor(seq int64) *string {
	c := strconv.FormatInt(seq, 36)
	return &c
}

type outputList struct {
	Body struct {
		Outputs    []outputView `json:"outputs"`
		NextCursor *string      `json:"next_cursor" doc:"null on the last page"`
	}
}

// OutputFilter says which outputs are wanted.
type OutputFilter struct {
	Workflow  string    `query:"workflow" maxLength:"200" doc:"id"`
	Character string    `query:"character" maxLength:"200" doc:"id"`
	Batch     string    `query:"batch" maxLength:"64" doc:"id"`
	Job       string    `query:"job" maxLength:"64" doc:"id"`
	Kind      string    `query:"kind" enum:"image,video,audio,text,file"`
	Favourite bool      `query:"favourite" doc:"only marked ones"`
	Search    string    `query:"search" maxLength:"500" doc:"words of the prompt; one or two letters are looked for in the newest 10,000 outputs"`
	Since     time.Time `query:"since" doc:"made then or later"`
	Until     time.Time `query:"until" doc:"made before"`
}

func (f OutputFilter) of(limit int) jobs.Filter {
	return jobs.Filter{
		Workflow: f.Workflow, Character: f.Character, Batch: f.Batch, Job: f.Job, Kind: f.Kind, Favourite: f.Favourite, Search: f.Search,
		Since: f.Since, Until: f.Until, Limit: limit,
	}
}

func (s *Server) listOutputs(ctx context.Context, in *struct {
	Page
	OutputFilter
},
) (*outputList, error) {
	f := in.of(in.Limit + 1)
	if err := s.filter(ctx, &f, in.Cursor); err != nil {
		return nil, s.refused(err)
	}
	found, err := s.o.DB.Outputs(ctx, f)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &outputList{}
	out.Body.Outputs = []outputView{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.NextCursor = cursor(found[len(found)-1].Seq)
	}
	for _, o := range found {
		out.Body.Outputs = append(out.Body.Outputs, s.viewOutput(o))
	}
	return out, nil
}

func (s *Server) ownOutput(ctx context.Context, id string) (jobs.Output, error) {
	o, err := s.o.DB.Output(ctx, id)
	if err != nil {
		return o, err
	}
	return o, owns(ctx, o.Key)
}

type outputAnswer struct{ Body outputView }

func (s *Server) getOutput(ctx context.Context, in *IDPath) (*outputAnswer, error) {
	o, err := s.ownOutput(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return &outputAnswer{s.viewOutput(o)}, nil
}

func (s *Server) setFavourite(ctx context.Context, in *struct {
	IDPath
	Body struct {
		Favourite bool `json:"favourite"`
	}
},
) (*outputAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	if _, err := s.ownOutput(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.DB.SetFavourite(ctx, in.ID, in.Body.Favourite); err != nil {
		return nil, s.refused(err)
	}
	return s.getOutput(ctx, &in.IDPath)
}

func (s *Server) deleteOutput(ctx context.Context, in *IDPath) (*struct{}, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	o, err := s.ownOutput(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.DB.DeleteOutput(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	s.removeObject(ctx, o.Name)
	return nil, nil
}

// removeObject removes a stored result and its record. The row is gone first:
// what is left when this stops is a file that no row names, and never a row
// without its file.
func (s *Server) removeObject(ctx context.Context, name string) {
	for _, n := range []string{name, name + run.RecordSuffix} {
		if err := s.o.Store.Remove(ctx, n); err != nil {
			s.o.Log.Warn("removing a result", "name", n, "error", err)
		}
	}
}

func (s *Server) outputContent(w http.ResponseWriter, r *http.Request) error {
	o, err := s.ownOutput(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.content(w, r, s.o.Store, object{name: o.Name, shown: path.Base(o.Name), mediaType: o.MediaType, sha256: o.SHA256})
}

// object is a stored content that is served.
type object struct {
	name, shown, mediaType, sha256 string
}

// shownInline are what a browser shows by itself and runs nothing of. All else
// is a download.
var shownInline = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/webp": true, "image/gif": true, "image/avif": true,
	"video/mp4": true, "video/webm": true, "audio/mpeg": true, "audio/flac": true, "audio/ogg": true, "audio/wav": true,
}

// A rangeWriter answers a range that there is not as a problem.
type rangeWriter struct {
	http.ResponseWriter
	s      *Server
	failed bool
}

func (w *rangeWriter) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.failed = true
	for _, name := range []string{"Content-Disposition", "Cache-Control", "ETag"} {
		w.Header().Del(name)
	}
	w.s.fail(w.ResponseWriter, &statusError{Status: status, Code: "invalid_range", Detail: "The file has no such range", Hint: "Content-Range says how long it is: Range: bytes=0-1023"})
}

func (w *rangeWriter) Write(p []byte) (int, error) {
	if w.failed {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// content serves a stored content: with ranges, never as anything that runs.
func (s *Server) content(w http.ResponseWriter, r *http.Request, store storage.Store, o object) error {
	info, err := store.Stat(r.Context(), o.name)
	if err != nil {
		return err
	}
	disposition := "attachment"
	if shownInline[o.mediaType] {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", o.mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": o.shown}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("ETag", `"`+o.sha256+`"`)
	http.ServeContent(&rangeWriter{ResponseWriter: w, s: s}, r, "", info.Modified, &seeker{ctx: r.Context(), store: store, name: o.name, size: info.Size})
	return nil
}

// A seeker reads an object from where it is asked to.
type seeker struct {
	ctx   context.Context
	store storage.Store
	name  string
	size  int64
	at    int64
	open  io.ReadCloser
}

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	if offset != s.at && s.open != nil {
		s.open.Close()
		s.open = nil
	}
	s.at = offset
	return offset, nil
}

func (s *seeker) Read(p []byte) (int, error) {
	if s.open == nil {
		r, _, err := s.store.OpenRange(s.ctx, s.name, s.at, -1)
		if err != nil {
			return 0, err
		}
		s.open = r
	}
	n, err := s.open.Read(p)
	s.at += int64(n)
	if err != nil {
		s.open.Close()
	}
	return n, err
}

const (
	thumbnailSize    = 256
	thumbnailQuality = 82
	thumbnailPixels  = 100_000_000 // of the picture that is made smaller
)

// outputThumbnail makes a small picture, once: it is kept beside the uploads.
func (s *Server) outputThumbnail(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := s.ownOutput(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	if o.Kind != "image" {
		return &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "There is no small picture of this"}
	}
	size := thumbnailSize
	if text := r.URL.Query().Get("size"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 16 || size > 1024 {
			return invalid("size", "size is between 16 and 1024", "?size=256")
		}
	}
	name := fmt.Sprintf("thumbnails/%s/%s-%d.jpg", o.SHA256[:2], o.SHA256, size)
	if _, err := s.o.Files.Stat(ctx, name); err != nil {
		if err := s.makeThumbnail(ctx, o, name, size); err != nil {
			return err
		}
	}
	return s.content(w, r, s.o.Files, object{name: name, shown: strings.TrimSuffix(path.Base(o.Name), path.Ext(o.Name)) + ".jpg", mediaType: "image/jpeg", sha256: o.SHA256 + strconv.Itoa(size)})
}

func (s *Server) makeThumbnail(ctx context.Context, o jobs.Output, name string, size int) error {
	s.drawing <- struct{}{} // one at a time: a decoded picture is large
	defer func() { <-s.drawing }()
	r, _, err := s.o.Store.Open(ctx, o.Name)
	if err != nil {
		return err
	}
	defer r.Close()
	picture, err := media.Load(r, media.Limits{Pixels: thumbnailPixels})
	if err != nil {
		return &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "There is no small picture of this"}
	}
	var small image.Image = picture.Image
	if long := max(picture.Width(), picture.Height()); long > size {
		small = media.Resize(picture.Image, max(picture.Width()*size/long, 1), max(picture.Height()*size/long, 1))
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, small, &jpeg.Options{Quality: thumbnailQuality}); err != nil {
		return err
	}
	writer, err := s.o.Files.Create(ctx, storage.Object{Name: name, MediaType: "image/jpeg"})
	if err != nil {
		return err
	}
	defer writer.Abort() // after Commit it does nothing
	if _, err := writer.Write(data.Bytes()); err != nil {
		return err
	}
	if _, err := writer.Commit(ctx, name); err != nil && !errors.Is(err, storage.ErrExist) {
		return err
	}
	return nil
}
