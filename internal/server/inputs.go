package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Marks of input names in queued orders. A client cannot write them: what it
// names is looked up when it asks, and written down by these.
const (
	uploadMark = "upload:" // and the SHA-256 of the content
	inputMark  = "input:"  // and a name below the folder of inputs
)

// uploadName is where an upload's content is in the store of files.
func uploadName(sha256 string) string { return sha256[:2] + "/" + sha256 }

// Inputs opens the inputs of queued orders, in the process that runs them.
type Inputs struct {
	Files storage.Store // uploads, by their hash
	// Dir opens a name below the folder of inputs; nil: there is none.
	Dir     func(name string) (io.ReadCloser, error)
	Private bool // addresses of this network may be asked too
}

const (
	fetchPatience  = 5 * time.Minute
	fetchRedirects = 3
)

// Content opens an upload by its hash, lower-case hex.
func (in *Inputs) Content(sha256 string) (io.ReadCloser, error) {
	r, _, err := in.Files.Open(context.Background(), uploadName(sha256))
	return r, err
}

// Open opens an input by the name that a queued order has.
func (in *Inputs) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if hash, ok := strings.CutPrefix(name, uploadMark); ok {
		r, _, err := in.Files.Open(ctx, uploadName(hash))
		return r, err
	}
	if below, ok := strings.CutPrefix(name, inputMark); ok {
		if in.Dir == nil {
			return nil, fs.ErrNotExist
		}
		return in.Dir(below)
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, err
	}
	if err := checkURL(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return nil, err
	}
	res, err := guardedClient(in.Private, fetchRedirects, fetchPatience).Do(req)
	if err != nil {
		return nil, dialFailure(ctx, u, err)
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("%s answers %s", u.Redacted(), res.Status)
	}
	return &fetched{res.Body, ctx, u}, nil
}

// fetched is the body of an answer. Why it broke off is told as why none came.
type fetched struct {
	io.ReadCloser
	ctx   context.Context
	asked *url.URL
}

func (f *fetched) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = dialFailure(f.ctx, f.asked, err)
	}
	return n, err
}

// findInputs looks up the input files that a client names, and writes down
// where each is.
func (s *Server) findInputs(ctx context.Context, wf *registry.Workflow, o *plan.Order) error {
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	for i := range o.Files {
		field := o.Files[i].Parameter
		if field == "" {
			field = "input_image"
		}
		if o.Files[i].Path, err = s.findInput(ctx, field, o.Files[i].Path); err != nil {
			return err
		}
	}
	for i, v := range o.Values {
		if !takesFile(params, v.Name) || v.JSON == nil {
			continue
		}
		if o.Values[i].JSON, err = s.findInputJSON(ctx, v.Name, v.JSON); err != nil {
			return err
		}
	}
	return nil
}

func takesFile(params []*registry.Parameter, name string) bool {
	for _, p := range params {
		if plan.SameName(p.Name, name) {
			switch p.Type {
			case registry.TypeImage, registry.TypeMask, registry.TypeVideo, registry.TypeAudio:
				return true
			}
		}
	}
	return false
}

// findInputJSON looks up a file, or each of a list. Anything else is left for
// the registry to refuse.
func (s *Server) findInputJSON(ctx context.Context, field string, raw json.RawMessage) (json.RawMessage, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		found, err := s.findInput(ctx, field, one)
		if err != nil {
			return nil, err
		}
		return json.Marshal(found)
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		return raw, nil
	}
	for i, name := range list {
		found, err := s.findInput(ctx, field, name)
		if err != nil {
			return nil, err
		}
		list[i] = found
	}
	return json.Marshal(list)
}

// findInput finds one input: the id of a file or of an output, the name of the
// key's latest upload, a web address, or a name in the folder of inputs.
func (s *Server) findInput(ctx context.Context, field, name string) (string, error) {
	key := asking(ctx).key.ID
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		u, err := url.Parse(name)
		if err != nil || checkURL(u) != nil {
			return "", invalid(field, "the address cannot be used", "https://HOST/PATH without a user")
		}
		return name, s.checkLiteral(field, u)
	}
	if f, err := s.o.DB.File(ctx, name); err == nil && owns(ctx, f.Key) == nil {
		return uploadMark + f.SHA256, nil
	} else if err != nil && !errors.Is(err, jobs.ErrNotFound) {
		return "", err
	}
	if o, err := s.o.DB.Output(ctx, name); err == nil && owns(ctx, o.Key) == nil {
		return s.keepOutput(ctx, o)
	} else if err != nil && !errors.Is(err, jobs.ErrNotFound) {
		return "", err
	}
	if f, err := s.o.DB.LatestFile(ctx, key, name); err == nil {
		return uploadMark + f.SHA256, nil
	} else if !errors.Is(err, jobs.ErrNotFound) {
		return "", err
	}
	if s.o.Inputs != nil && fs.ValidPath(name) && path.Clean(name) == name {
		r, err := s.o.Inputs(name)
		if err == nil {
			r.Close()
			return inputMark + name, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			s.o.Log.Warn("opening an input", "name", name, "error", err)
		}
	}
	return "", invalid(field, fmt.Sprintf("there is no file %q", name), "POST "+apiPath+"/files uploads one; its id, its name, or an https address is taken")
}

// keepOutput makes an upload of an earlier result, so that the job can run
// when the result is deleted meanwhile.
func (s *Server) keepOutput(ctx context.Context, o jobs.Output) (string, error) {
	if _, err := s.o.Files.Stat(ctx, uploadName(o.SHA256)); err == nil {
		return uploadMark + o.SHA256, s.noteKept(ctx, o)
	}
	r, _, err := s.o.Store.Open(ctx, o.Name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	got, err := s.keep(ctx, r)
	if err != nil {
		return "", err
	}
	return uploadMark + got.sha256, s.noteKept(ctx, o)
}

// noteKept writes an upload down for a result that is an input, so that its
// content is removed like others'. It has no name: nobody uploaded it.
func (s *Server) noteKept(ctx context.Context, o jobs.Output) error {
	_, err := s.o.DB.AddFile(ctx, jobs.File{
		Key: asking(ctx).key.ID, SHA256: o.SHA256, Bytes: o.Bytes, MediaType: o.MediaType, Width: o.Width, Height: o.Height,
	})
	return err
}
