package comfy

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Version asks for the server's version, once; "" when it does not say.
func (c *Client) Version(ctx context.Context) (string, error) {
	c.versionMu.Lock()
	v := c.version
	c.versionMu.Unlock()
	if v != "" {
		return v, nil
	}
	var stats struct {
		System struct {
			Version looseString `json:"comfyui_version"`
		} `json:"system"`
	}
	if err := transport.Again(ctx, func() error { return c.wire.AskJSON(ctx, transport.Get("/system_stats"), &stats) }); err != nil {
		return "", err
	}
	c.learnVersion(string(stats.System.Version))
	return string(stats.System.Version), nil
}

func (c *Client) learnVersion(version string) {
	c.versionMu.Lock()
	defer c.versionMu.Unlock()
	c.version, c.versionKnown = version, true
}

// AtLeast reports whether a ComfyUI version is want or newer; false when one
// of them is not a version ("" of a server that does not say).
func AtLeast(version, want string) bool {
	var have, need [3]int
	parse := func(s string, v *[3]int) bool {
		s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "-")
		s, _, _ = strings.Cut(s, "+")
		n, err := fmt.Sscanf(s, "%d.%d.%d", &v[0], &v[1], &v[2])
		return n >= 2 && (err == nil || n == 2)
	}
	if !parse(version, &have) || !parse(want, &need) {
		return false
	}
	for i := range have {
		if have[i] != need[i] {
			return have[i] > need[i]
		}
	}
	return true
}
