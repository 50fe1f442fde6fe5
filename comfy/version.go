package comfy

import "context"

// Version asks for the server's version, once; "" when it does not say.
func (c *Client) Version(ctx context.Context) (string, error) { return c.serverVersion(ctx) }

// AtLeast reports whether a ComfyUI version is want or newer; false when one
// of them is not a version ("" of a server that does not say).
func AtLeast(version, want string) bool { return atLeast(version, want) }
