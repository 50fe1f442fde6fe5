package comfy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// uploadFolder is the subfolder of the server's input folder that takes our files.
const uploadFolder = "easel"

// uploads remembers what a server was given, so that each content travels once
// per client, also when several runs ask for it at the same time.
type uploads struct {
	mu   sync.Mutex
	done map[string]*upload
}

type upload struct {
	finished chan struct{}
	name     string // what a graph says to mean the file
	err      error
}

func uploadKey(f File) string { return f.SHA256 + "/" + f.Name }

func (u *uploads) forget(f File) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.done, uploadKey(f))
}

// uploadAll uploads the files of a submission and returns its graph with the
// names the server gave. fresh reports that all of them travelled just now.
func (c *Client) uploadAll(ctx context.Context, s Submission) (g *Graph, fresh bool, err error) {
	if len(s.Files) == 0 {
		return s.Graph, true, nil
	}
	g, fresh = s.Graph.Clone(), true
	for _, f := range s.Files {
		name, now, err := c.uploadOnce(ctx, f)
		if err != nil {
			return nil, false, err
		}
		fresh = fresh && now
		for _, t := range f.Targets {
			n := g.Node(t.Node)
			if n == nil {
				return nil, false, fmt.Errorf("upload %s: the graph has no node %s", f.Name, t.Node)
			}
			n.Inputs.SetString(t.Input, name)
		}
	}
	return g, fresh, nil
}

func (c *Client) uploadOnce(ctx context.Context, f File) (name string, now bool, err error) {
	u := &c.uploads
	for {
		u.mu.Lock()
		if u.done == nil {
			u.done = map[string]*upload{}
		}
		up, ok := u.done[uploadKey(f)]
		if !ok {
			up = &upload{finished: make(chan struct{})}
			u.done[uploadKey(f)] = up
		}
		u.mu.Unlock()
		if !ok {
			up.name, up.err = c.upload(ctx, f)
			if up.err != nil {
				u.forget(f)
			}
			close(up.finished)
			return up.name, true, up.err
		}
		select {
		case <-up.finished:
		case <-ctx.Done():
			return "", false, ctx.Err()
		}
		if up.err == nil {
			return up.name, false, nil
		}
		// The other caller failed, perhaps because it was cancelled: try ourselves.
	}
}

// upload sends one file, streaming. Its name is its content's hash, so sending
// it again is harmless: the server keeps the file it has.
func (c *Client) upload(ctx context.Context, f File) (string, error) {
	var head, tail bytes.Buffer
	w := multipart.NewWriter(&head)
	for _, kv := range [][2]string{{"subfolder", uploadFolder}, {"type", "input"}} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			return "", err
		}
	}
	if _, err := w.CreateFormFile("image", f.Name); err != nil {
		return "", err
	}
	fmt.Fprintf(&tail, "\r\n--%s--\r\n", w.Boundary())
	k := transport.Call{
		Method: http.MethodPost, Path: "/upload/image", Limit: transport.Small,
		Header:  http.Header{"Content-Type": {w.FormDataContentType()}},
		Size:    int64(head.Len()) + f.Size + int64(tail.Len()),
		Timeout: c.times.Answer + slowest(f.Size),
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
	var reply struct {
		Name      string `json:"name"`
		Subfolder string `json:"subfolder"`
		Type      string `json:"type"`
	}
	err := transport.Again(ctx, func() error { return c.wire.AskJSON(ctx, k, &reply) })
	if err != nil {
		return "", fmt.Errorf("upload %s: %w", f.Name, err)
	}
	if reply.Name == "" {
		return "", fmt.Errorf("upload %s: %w", f.Name, &UnreachableError{Address: c.Address(), Reason: "the answer to POST /upload/image names no file"})
	}
	name := reply.Name
	if reply.Subfolder != "" {
		name = path.Join(reply.Subfolder, reply.Name)
	}
	if reply.Type != "" && reply.Type != "input" {
		name += " [" + reply.Type + "]"
	}
	return name, nil
}

// slowest is how long a file may travel: 64 KiB a second.
func slowest(size int64) time.Duration { return time.Duration(size>>16) * time.Second }
