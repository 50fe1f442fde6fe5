package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// UnreturnedError means that nothing a graph makes can be had from a backend that
// hands over pictures only.
type UnreturnedError struct {
	Backend string
	Nodes   []string // "9 (VHS_VideoCombine, video)"
}

func (e *UnreturnedError) Error() string {
	return fmt.Sprintf("backend %s hands over pictures only, and the graph makes none: %s", e.Backend, strings.Join(e.Nodes, ", "))
}

// notImages are nodes that end a graph and list what they make under another word
// than "images", where a backend of pictures does not look. SaveVideo, SaveWEBM and
// the animated pictures of ComfyUI itself are listed there and come along.
func notImages(class string) (what string, known bool) {
	switch class {
	case "VHS_VideoCombine", "SaveAnimatedVideo", "ADE_AnimateDiffCombine":
		return "video", true
	case "SaveAudio", "SaveAudioMP3", "SaveAudioOpus", "PreviewAudio":
		return "sound", true
	case "SaveGLB", "Preview3D", "Preview3DAnimation":
		return "3D", true
	case "PreviewAny", "ShowText|pysssss", "easy showAnything", "SaveText|pysssss", "Display Any (rgthree)":
		return "text", true
	case "SaveLatent":
		return "latents", true
	case "PreviewImage":
		return "a temporary picture", true
	case "SaveImageWebsocket":
		return "a picture that only the socket carries", true
	}
	return "", false
}

// returnable holds a run against a backend that hands over pictures only, before
// it is sent there and billed: without any it is refused, what else it makes is
// warned of. Of which version a worker is, is asked only when it decides.
func (r *Runner) returnable(ctx context.Context, t *Ticket) error {
	if !r.Backend.Can().ImagesOnly {
		return nil
	}
	var lost []string
	kept := false
	for _, id := range t.Graph.IDs() {
		n := t.Graph.Node(id)
		if len(t.Graph.Consumers(id)) > 0 {
			continue
		}
		if what, known := notImages(n.Class); known {
			lost = append(lost, fmt.Sprintf("%s (%s, %s)", id, n.Class, what))
		} else {
			kept = true
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if v, err := r.Backend.Version(ctx); err == nil && v != "" && !r.Backend.Can().ImagesOnly {
		return nil
	}
	if !kept {
		return &UnreturnedError{Backend: r.BackendName, Nodes: lost}
	}
	text := "the backend hands over pictures only: nothing comes of node " + strings.Join(lost, ", ")
	if !slices.Contains(t.Warnings, text) {
		t.warn(text)
	}
	return nil
}
