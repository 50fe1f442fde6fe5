package apiv2

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// maxAssets is how many uploads a client remembers.
const maxAssets = 1000

// assets remembers which content is there, so that each travels once.
type assets struct {
	mu    sync.Mutex
	ids   map[string]string // by hash and name
	order []string          // the oldest first
}

func assetKey(f comfy.File) string { return f.SHA256 + "/" + f.Name }

func (s *assets) get(f comfy.File) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[assetKey(f)]
}

func (s *assets) put(f comfy.File, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string]string{}
	}
	if _, known := s.ids[assetKey(f)]; !known {
		s.order = append(s.order, assetKey(f))
	}
	s.ids[assetKey(f)] = id
	if len(s.order) > maxAssets {
		delete(s.ids, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
}

// forget drops what the service may have lost.
func (s *assets) forget(files []comfy.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		delete(s.ids, assetKey(f))
		s.order = slices.DeleteFunc(s.order, func(k string) bool { return k == assetKey(f) })
	}
}

// attach uploads the files of a submission and gives its graph with references to
// them; fresh says that all of them travelled just now.
func (c *Client) attach(ctx context.Context, s comfy.Submission) (g *comfy.Graph, fresh bool, err error) {
	g, fresh = s.Graph.Clone(), true
	for _, f := range s.Files {
		id := c.assets.get(f)
		if id != "" {
			fresh = false
		} else if id, err = c.upload(ctx, f); err != nil {
			return nil, false, err
		}
		c.assets.put(f, id)
		reference, err := json.Marshal(map[string]any{"__type": "core/ASSET", "info": map[string]string{"id": id, "file_path": f.Name}})
		if err != nil {
			return nil, false, err
		}
		if err := f.Bind(g, reference); err != nil {
			return nil, false, err
		}
	}
	return g, fresh, nil
}

// upload sends one file, streaming. Its name is its content's hash, so sending it
// again is harmless.
func (c *Client) upload(ctx context.Context, f comfy.File) (string, error) {
	var head, tail bytes.Buffer
	w := multipart.NewWriter(&head)
	kind := mime.TypeByExtension(path.Ext(f.Name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	for _, kv := range [][2]string{{"content_type", kind}, {"file_path", f.Name}, {"tags", "input"}} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			return "", err
		}
	}
	if _, err := w.CreateFormFile("file", f.Name); err != nil {
		return "", err
	}
	fmt.Fprintf(&tail, "\r\n--%s--\r\n", w.Boundary())
	k := transport.Call{
		Method: http.MethodPost, Path: "/assets", Limit: transport.Small, Header: http.Header{"Content-Type": {w.FormDataContentType()}},
		Size:    int64(head.Len()) + f.Size + int64(tail.Len()),
		Timeout: transport.AnswerTime + time.Duration(f.Size>>16)*time.Second, // 64 KiB a second at least
		Body: func() (io.ReadCloser, error) {
			file, err := f.Open()
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", f.Name, err)
			}
			return struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(head.Bytes()), file, bytes.NewReader(tail.Bytes())), file}, nil
		},
	}
	a, err := c.ask(ctx, k)
	if err == nil && !a.OK() {
		err = c.refusal(k, a)
	}
	var asset struct {
		ID string `json:"id"`
	}
	if err == nil {
		err = c.wire.Decode(k, a, &asset)
	}
	if err == nil && asset.ID == "" {
		err = &comfy.UnreachableError{Of: c.wire.Of, Address: c.Address(), Reason: "the answer to POST /assets names no asset"}
	}
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", f.Name, err)
	}
	return asset.ID, nil
}
