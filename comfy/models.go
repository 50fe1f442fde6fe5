package comfy

import (
	"context"
	"encoding/json"
	"net/url"
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
	k := call{path: path}
	var names []string
	err := c.again(ctx, func() error {
		a, err := c.ask(ctx, k)
		switch {
		case err != nil:
			return err
		case a.status == 404:
			return c.plainStatus(k, a)
		case !a.ok():
			return c.statusError(k, a)
		}
		var raw json.RawMessage
		if err := c.decode(k, a, &raw); err != nil {
			return err
		}
		names = looseStrings(raw)
		return nil
	})
	return names, err
}
