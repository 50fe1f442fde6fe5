package comfy

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// jobsRoute is the first version that has /api/jobs.
const jobsRoute = "0.6.0"

// Can implements Backend.
func (c *Client) Can() Abilities {
	c.versionMu.Lock()
	defer c.versionMu.Unlock()
	since := func(version string) bool { return !c.versionKnown || AtLeast(c.version, version) }
	return Abilities{
		ClientIDs:         since(clientIDs),
		TargetedInterrupt: since(targetedInterrupt),
		Jobs:              since(jobsRoute),
		Progress:          true, Previews: true, Queue: true, ObjectInfo: true,
		Ephemeral: c.ephemeral,
	}
}

// Describe implements Backend. It asks /system_stats, /features and /prompt;
// the queue itself is not listed, because it carries whole graphs.
func (c *Client) Describe(ctx context.Context) (Info, error) {
	var stats struct {
		System *struct {
			OS      looseString     `json:"os"`
			Version looseString     `json:"comfyui_version"`
			Argv    json.RawMessage `json:"argv"`
		} `json:"system"`
		Devices []struct {
			Name      looseString `json:"name"`
			Type      looseString `json:"type"`
			VRAMTotal looseInt    `json:"vram_total"`
			VRAMFree  looseInt    `json:"vram_free"`
		} `json:"devices"`
	}
	if err := transport.Again(ctx, func() error { return c.wire.AskJSON(ctx, transport.Get("/system_stats"), &stats) }); err != nil {
		return Info{}, err
	}
	if stats.System == nil {
		return Info{}, &UnreachableError{Address: c.Address(), Reason: "its system_stats describe no system; is this a ComfyUI?"}
	}
	info := Info{
		Kind: c.kind, Version: string(stats.System.Version), OS: string(stats.System.OS),
		Argv: looseStrings(stats.System.Argv),
	}
	c.learnVersion(info.Version)
	info.Can = c.Can()
	for _, d := range stats.Devices {
		info.Devices = append(info.Devices, Device{string(d.Name), string(d.Type), int64(d.VRAMTotal), int64(d.VRAMFree)})
	}

	var features struct {
		MaxUpload looseInt `json:"max_upload_size"`
	}
	if err := c.optional(ctx, "/features", &features); err != nil {
		return Info{}, err
	}
	info.MaxUpload = int64(features.MaxUpload)
	var prompt struct {
		Exec struct {
			Remaining looseInt `json:"queue_remaining"`
		} `json:"exec_info"`
	}
	if err := c.optional(ctx, "/prompt", &prompt); err != nil {
		return Info{}, err
	}
	// The server has one worker and counts the running entry.
	if n := int(prompt.Exec.Remaining); n > 0 {
		info.QueueRunning, info.QueuePending = 1, n-1
	}
	return info, nil
}

// optional asks for something that old servers and strict proxies lack.
func (c *Client) optional(ctx context.Context, path string, v any) error {
	err := transport.Again(ctx, func() error { return c.wire.AskJSON(ctx, smallGet(path), v) })
	var status *StatusError
	if errors.As(err, &status) {
		return nil
	}
	return err
}
