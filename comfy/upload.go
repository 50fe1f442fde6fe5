package comfy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// uploadFolder is the subfolder of the server's input folder that takes our files.
const uploadFolder = "easel"

// maxUploads is how many uploads a client remembers; of the others a content
// travels again, which the server knows by its name.
const maxUploads = 1000

// uploads remembers what a server was given, so that each content travels once
// per client, also when several runs ask for it at the same time. Beyond
// maxUploads the one that was used longest ago is forgotten.
type uploads struct {
	mu    sync.Mutex
	done  map[string]*upload
	order []string // keys, longest unused first
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
	u.remove(uploadKey(f))
}

// remove drops an entry; u.mu is held.
func (u *uploads) remove(key string) {
	if _, ok := u.done[key]; ok {
		delete(u.done, key)
		u.order = slices.DeleteFunc(u.order, func(k string) bool { return k == key })
	}
}

// claim returns the upload of a file, and whether it is the caller's to make.
func (u *uploads) claim(f File) (up *upload, mine bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := uploadKey(f)
	up, known := u.done[key]
	u.remove(key)
	if !known {
		up = &upload{finished: make(chan struct{})}
	}
	if u.done == nil {
		u.done = map[string]*upload{}
	}
	u.done[key] = up
	u.order = append(u.order, key)
	for len(u.order) > maxUploads {
		u.remove(u.order[0])
	}
	return up, !known
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
		if err := f.Bind(g, RawString(name)); err != nil {
			return nil, false, err
		}
	}
	return g, fresh, nil
}

func (c *Client) uploadOnce(ctx context.Context, f File) (name string, now bool, err error) {
	for {
		up, mine := c.uploads.claim(f)
		if mine {
			up.name, up.err = c.upload(ctx, f)
			if up.err != nil {
				c.uploads.forget(f)
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
	var err error
	for try := 1; try <= uploadTries; try++ {
		k.Fresh = try > 1
		k.Silence = time.Duration(try)*uploadSilence + buffered(f.Size)
		err = transport.Again(ctx, func() error { return c.wire.AskJSON(ctx, k, &reply) })
		if !transport.Silent(err) {
			break
		}
	}
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

// A server that has the whole file and says nothing is sent it again, since the
// name makes that harmless.
const (
	uploadTries   = 3
	uploadSilence = 10 * time.Second // the first time; a multiple of it later
)

// buffered is how long the end of a file may travel after it was written:
// systems keep up to 4 MiB, at 512 KiB a second.
func buffered(size int64) time.Duration { return time.Duration(min(size, 4<<20)>>19) * time.Second }

// slowest is how long a file may travel: 64 KiB a second.
func slowest(size int64) time.Duration { return time.Duration(size>>16) * time.Second }
