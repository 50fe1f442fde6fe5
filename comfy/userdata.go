package comfy

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// maxWorkflow bounds a workflow that is saved on a server: 64 MiB.
const maxWorkflow = 64 << 20

// workflowFolder is where the editor saves, below the user's folder.
const workflowFolder = "workflows"

// A SavedWorkflow is a file that the editor saved on a server.
type SavedWorkflow struct {
	Name     string // below the folder of workflows, with slashes: "people/portrait.json"
	Bytes    int64
	Modified time.Time // zero when the server does not say
}

// SavedWorkflows lists the workflows that are saved on the server. One where
// nothing was saved yet has none.
func (c *Client) SavedWorkflows(ctx context.Context) ([]SavedWorkflow, error) {
	k := transport.Get("/userdata")
	k.Query = url.Values{"dir": {workflowFolder}, "recurse": {"true"}, "split": {"false"}, "full_info": {"true"}}
	var saved []SavedWorkflow
	err := transport.Again(ctx, func() error {
		a, err := c.wire.Ask(ctx, k)
		switch {
		case err != nil:
			return err
		case a.Status == http.StatusNotFound:
			return nil // there is no folder yet
		case !a.OK():
			return c.wire.StatusError(k, a)
		}
		var raw []json.RawMessage
		if err := c.wire.Decode(k, a, &raw); err != nil {
			return err
		}
		saved = saved[:0]
		for _, item := range raw {
			if w, ok := savedWorkflow(item); ok {
				saved = append(saved, w)
			}
		}
		return nil
	})
	return saved, err
}

// savedWorkflow reads one item of a list: an object, or a name from servers
// that say no more. Files beside the workflows are none.
func savedWorkflow(raw json.RawMessage) (SavedWorkflow, bool) {
	var item struct {
		Path     looseString `json:"path"`
		Size     looseInt    `json:"size"`
		Modified json.Number `json:"modified"`
	}
	if json.Unmarshal(raw, &item.Path) != nil || item.Path == "" {
		_ = json.Unmarshal(raw, &item) // what does not fit stays empty
	}
	w := SavedWorkflow{Name: strings.ReplaceAll(string(item.Path), `\`, "/"), Bytes: int64(item.Size)}
	if seconds, err := item.Modified.Float64(); err == nil && seconds > 0 {
		if seconds > 1e11 { // newer servers count milliseconds
			seconds /= 1000
		}
		w.Modified = time.UnixMilli(int64(seconds * 1000))
	}
	return w, strings.HasSuffix(strings.ToLower(w.Name), ".json") && !strings.HasPrefix(w.Name, ".")
}

// SavedWorkflow reads a workflow that is saved on the server, by its name in
// SavedWorkflows. One that is not there is a StatusError 404.
func (c *Client) SavedWorkflow(ctx context.Context, name string) ([]byte, error) {
	k := transport.Get("/userdata/" + url.PathEscape(workflowFolder+"/"+name))
	k.Limit = maxWorkflow
	var data []byte
	err := transport.Again(ctx, func() error {
		a, err := c.wire.Ask(ctx, k)
		switch {
		case err != nil:
			return err
		case a.Status == http.StatusNotFound:
			return c.wire.PlainStatus(k, a)
		case !a.OK():
			return c.wire.StatusError(k, a)
		}
		data = a.Body
		return nil
	})
	return data, err
}
