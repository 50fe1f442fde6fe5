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
		Refused: func(a transport.Answer) error { return refusedOutput(o, a) },
	})
}

// refusedOutput tells what a status says about an output: nil, when it may be
// about more than this one. A proxy that wants a login answers 403 too, so it is
// believed only of names that a server hands out to nobody.
func refusedOutput(o Output, a transport.Answer) error {
	switch {
	case a.Status == http.StatusNotFound:
		return &NotFoundError{Output: o}
	case o.outside() && (a.Status == http.StatusForbidden || a.Status == http.StatusBadRequest):
		return &WithheldError{Output: o, Status: a.Status, Reason: transport.Words(a)}
	}
	return nil
}

// outside reports whether an output is named outside of the folders that a
// server hands files out from.
func (o Output) outside() bool {
	if o.Type != "output" && o.Type != "temp" && o.Type != "input" {
		return true
	}
	for _, name := range []string{o.Filename, o.Subfolder} {
		absolute := strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) || len(name) > 1 && name[1] == ':'
		if absolute || strings.Contains(name, "..") {
			return true
		}
	}
	return false
}

// smallGet is a question whose answer is a few fields.
func smallGet(path string) transport.Call {
	k := transport.Get(path)
	k.Limit = transport.Small
	return k
}
