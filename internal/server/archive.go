package server

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// mostArchived bounds the results of one archive.
const mostArchived = 1000

func (s *Server) archiveRoutes() {
	zipped := operation(http.MethodGet, "/outputs/archive", "download-outputs", "Download several results as a ZIP file", "outputs")
	zipped.Description = "The results of the ids, or all of a batch or a job, at most " + strconv.Itoa(mostArchived) + "; the files are sent as they are read. Of a sweep, each file's name ends with its point, such as `steps=20 guidance=3.5`."
	text := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: "string"}}
	}
	zipped.Parameters = []*huma.Param{text("ids", "ids with commas between them"), text("batch", "id of a batch"), text("job", "id of a job")}
	zipped.Errors = append(zipped.Errors, http.StatusNotFound)
	zipped.Responses = map[string]*huma.Response{"200": {Description: "The archive", Content: map[string]*huma.MediaType{
		"application/zip": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}}
	s.raw(zipped, s.archive)
	link := operation(http.MethodPost, "/outputs/archive", "link-outputs", "Make the address of a ZIP file of several results", "outputs")
	link.Description = "A browser opens it as a download without a key; it is valid for an hour."
	link.Errors = append(link.Errors, http.StatusNotFound)
	huma.Register(s.api, link, s.linkArchive)
}

type archiveLink struct {
	Body struct {
		URL string `json:"url"`
	}
}

// linkArchive signs the path of an archive with its ids, since a signature is
// for a path alone.
func (s *Server) linkArchive(ctx context.Context, in *struct {
	Body struct {
		IDs []string `json:"ids" minItems:"1" maxItems:"1000" doc:"of results"`
	}
},
) (*archiveLink, error) {
	found, err := s.archived(ctx, in.Body.IDs, jobs.Filter{})
	if err != nil {
		return nil, s.refused(err)
	}
	ids := make([]string, len(found))
	for i, o := range found {
		ids[i] = o.ID
	}
	list := strings.Join(ids, ",")
	out := &archiveLink{}
	out.Body.URL = apiPath + "/outputs/archive?ids=" + list + "&sig=" + s.sign("archive\n"+list, s.o.Now().Add(linkLife))
	return out, nil
}

// archived are the results that an archive is asked for: those of the ids, all
// of which must be the asker's, or of a filter.
func (s *Server) archived(ctx context.Context, ids []string, f jobs.Filter) ([]jobs.Output, error) {
	if len(ids) == 0 {
		f.Limit = mostArchived + 1
		if err := s.filter(ctx, &f, ""); err != nil {
			return nil, err
		}
		found, err := s.o.DB.Outputs(ctx, f)
		if err == nil && len(found) > mostArchived {
			err = invalid("ids", fmt.Sprintf("an archive has at most %d results", mostArchived), "name fewer of them by ids")
		}
		if err == nil && len(found) == 0 {
			err = jobs.ErrNotFound
		}
		return found, err
	}
	if len(ids) > mostArchived {
		return nil, invalid("ids", fmt.Sprintf("an archive has at most %d results", mostArchived), "name fewer of them by ids")
	}
	found, err := s.o.DB.OutputsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, o := range found {
		if err := owns(ctx, o.Key); err != nil {
			return nil, err
		}
		has[o.ID] = true
	}
	for _, id := range ids {
		if !has[id] {
			return nil, jobs.ErrNotFound
		}
	}
	return found, nil
}

// archive streams a ZIP file: results are compressed already, so they are stored,
// and what is sent is not held.
func (s *Server) archive(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var ids []string
	if list := q.Get("ids"); list != "" {
		ids = strings.Split(list, ",")
	}
	f := jobs.Filter{Batch: q.Get("batch"), Job: q.Get("job")}
	if ids == nil && f.Batch == "" && f.Job == "" {
		return invalid("ids", "ids, batch or job is required", "?ids=ID,ID")
	}
	found, err := s.archived(r.Context(), ids, f)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="easel.zip"`)
	h.Set("Cache-Control", "no-store")
	out := zip.NewWriter(w)
	taken := map[string]int{}
	for _, o := range found {
		if err := s.addTo(r.Context(), out, o, freeName(taken, archivedName(o))); err != nil {
			// The answer has begun: cutting it is the only way to say that it is not whole.
			s.o.Log.Error("an archive was cut off", "output", o.ID, "error", err)
			panic(http.ErrAbortHandler) //nolint:forbidigo // it tells net/http to cut the connection
		}
	}
	if err := out.Close(); err != nil {
		return nil // the client is gone
	}
	return nil
}

func (s *Server) addTo(ctx context.Context, out *zip.Writer, o jobs.Output, name string) error {
	from, _, err := s.o.Store.Open(ctx, o.Name)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: o.Created})
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return err
}

// archivedName is a result's name in an archive: its own, and its point of a
// sweep, which the order of the files alone would not tell: "fox steps=20.png".
func archivedName(o jobs.Output) string {
	name := path.Base(o.Name)
	point := pointText(o.Sweep)
	if point == "" {
		return name
	}
	most := storage.MaxNameBytes / 2 // each has half of the room
	stem := strings.TrimSuffix(name, path.Ext(name))
	return storage.SafeName(storage.Cut(stem, most-1)+" "+storage.Cut(point, most)) + path.Ext(name)
}

// freeName is a name that no other file of an archive has.
func freeName(taken map[string]int, name string) string {
	stem := strings.TrimSuffix(name, path.Ext(name))
	for n := 0; ; n++ {
		try := storage.Variant(stem, n) + path.Ext(name)
		if key := strings.ToLower(try); taken[key] == 0 {
			taken[key]++
			return try
		}
	}
}
