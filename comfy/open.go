package comfy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Open implements Backend. A download that is cut, stalls or drips goes on
// where it stopped, as long as the server says by ETag that the file is the same.
func (c *Client) Open(ctx context.Context, o Output) (io.ReadCloser, int64, error) {
	switch {
	case o.Inline != nil:
		return o.Inline.Open(), o.Inline.Size(), nil
	case o.Filename == "":
		return io.NopCloser(strings.NewReader(o.Text)), int64(len(o.Text)), nil
	}
	k := transport.Get("/view")
	k.Query = url.Values{"filename": {o.Filename}, "subfolder": {o.Subfolder}, "type": {o.Type}}
	return c.wire.Download(ctx, transport.File{
		Call: k, Name: fmt.Sprintf("output %d of node %s", o.Index+1, o.Node),
		Refused: func(ctx context.Context, a transport.Answer) error { return c.refusedOutput(ctx, o, a) },
	})
}

// refusedOutput tells what a status says about an output: nil, when it is about
// more than this one.
func (c *Client) refusedOutput(ctx context.Context, o Output, a transport.Answer) error {
	switch a.Status {
	case http.StatusNotFound:
		return &NotFoundError{Output: o}
	case http.StatusBadRequest:
		return &WithheldError{Output: o, Status: a.Status, Reason: transport.Words(a)}
	case http.StatusForbidden:
		// A proxy that wants a login says the same about everything.
		if other, err := c.wire.Ask(ctx, smallGet("/prompt")); err == nil && other.OK() && !other.HTML() {
			return &WithheldError{Output: o, Status: a.Status, Reason: transport.Words(a)}
		}
	}
	return nil
}

// smallGet is a question whose answer is a few fields.
func smallGet(path string) transport.Call {
	k := transport.Get(path)
	k.Limit = transport.Small
	return k
}
