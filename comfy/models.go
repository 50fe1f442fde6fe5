package comfy

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// ModelFolders lists the server's model folders by their keys (checkpoints,
// loras, ...), empty ones too. A server that is too old for the question is a
// StatusError 404.
func (c *Client) ModelFolders(ctx context.Context) ([]string, error) {
	return c.names(ctx, "/models")
}

// Models lists the model files of a folder (checkpoints, loras, ...), as the
// server writes them. A folder it does not have is a StatusError 404.
func (c *Client) Models(ctx context.Context, folder string) ([]string, error) {
	return c.names(ctx, "/models/"+url.PathEscape(folder))
}

// names asks for a list of names.
func (c *Client) names(ctx context.Context, path string) ([]string, error) {
	k := transport.Get(path)
	var names []string
	err := transport.Again(ctx, func() error {
		a, err := c.wire.Ask(ctx, k)
		switch {
		case err != nil:
			return err
		case a.Status == 404:
			return c.wire.PlainStatus(k, a)
		case !a.OK():
			return c.wire.StatusError(k, a)
		}
		var raw json.RawMessage
		if err := c.wire.Decode(k, a, &raw); err != nil {
			return err
		}
		names = looseStrings(raw)
		return nil
	})
	return names, err
}
