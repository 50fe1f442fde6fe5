package nodes

import (
	"context"
	"fmt"
	"io"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
)

func filmClasses() []*Class {
	return []*Class{
		{
			Name: "CreateVideo", Display: "Create Video", Category: "image/video", Module: "comfy_extras.nodes_video",
			Required: []Input{
				link("images", "IMAGE"),
				number("fps", 30, 1, 120, 1),
			},
			Optional: []Input{
				link("audio", "AUDIO"),
			},
			Outputs: []string{"VIDEO"},
			Run:     runCreateVideo,
		},
		{
			Name: "SaveVideo", Display: "Save Video", Category: "image/video", Module: "comfy_extras.nodes_video",
			Required: []Input{
				link("video", "VIDEO"),
				text("filename_prefix", "video/ComfyUI"),
				combo("format", "auto", "mp4").with("default", "auto"),
				combo("codec", "auto", "h264").with("default", "auto"),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        runSaveVideo,
		},
		{
			Name: "SaveAudio", Display: "Save Audio (FLAC)", Category: "audio", Module: "comfy_extras.nodes_audio",
			Required: []Input{
				link("audio", "AUDIO"),
				text("filename_prefix", "audio/ComfyUI"),
			},
			Hidden:     []string{"PROMPT", "EXTRA_PNGINFO"},
			OutputNode: true,
			Run:        runSaveAudio,
		},
	}
}

func runCreateVideo(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	f := &container.Film{Frames: a.frames("images"), FPS: a.float("fps"), Sound: maybe[*container.Sound](a, "audio")}
	return []any{f}, a.err
}

// runSaveVideo writes an MP4 with one JPEG a frame: no encoder of video exists
// in plain Go, and every common player knows this form. History lists videos
// under "images", as the server does.
func runSaveVideo(ctx context.Context, c *Call) ([]any, error) {
	a := c.args()
	f, prefix := given[*container.Film](a, "video"), a.text("filename_prefix")
	if a.err != nil {
		return nil, a.err
	}
	name, subfolder, err := c.Files.Save("output", prefix, "mp4", func(w io.Writer) error {
		return container.WriteMP4(ctx, w, f, c.metadata())
	})
	if err != nil {
		return nil, fmt.Errorf("saving video: %w", err)
	}
	c.show("images", saved(name, subfolder, "output"))
	c.show("animated", true)
	return nil, nil
}

func runSaveAudio(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	s, prefix := given[*container.Sound](a, "audio"), a.text("filename_prefix")
	if a.err != nil {
		return nil, a.err
	}
	name, subfolder, err := c.Files.Save("output", prefix, "flac", func(w io.Writer) error {
		return container.WriteFLAC(w, s, c.metadata())
	})
	if err != nil {
		return nil, fmt.Errorf("saving audio: %w", err)
	}
	c.show("audio", saved(name, subfolder, "output"))
	return nil, nil
}
