package comfy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// maxOtherText bounds the text kept of an output that is neither file nor text.
const maxOtherText = 64 << 10

// walkOutputs lists what nodes produced, whatever they call it: every object
// with a file name in any list, and texts. Unknown kinds are kept as
// OutputOther with a warning. At most limit outputs are returned.
func walkOutputs(byNode map[string]json.RawMessage, limit int) (outs []Output, warnings []string) {
	left := 0
	for _, node := range slices.SortedFunc(maps.Keys(byNode), CompareIDs) {
		_ = eachMember(byNode[node], func(key string, list json.RawMessage) error {
			if key == "animated" { // [true] beside images: a mark, not an output
				return nil
			}
			var items []json.RawMessage
			if json.Unmarshal(list, &items) != nil {
				items = []json.RawMessage{list}
			}
			for i, item := range items {
				o, ok := readOutput(key, item)
				if !ok {
					continue
				}
				if len(outs) >= limit {
					left++
					continue
				}
				o.Node, o.Key, o.Index = node, key, i
				if o.Kind == OutputOther && o.Filename == "" {
					warnings = append(warnings, fmt.Sprintf("node %s produced %q, which is neither a file nor a text", node, transport.Excerpt(key, 60)))
				}
				outs = append(outs, o)
			}
			return nil
		})
	}
	if left > 0 {
		warnings = append(warnings, fmt.Sprintf("only the first %d outputs are kept, %d more were left out", limit, left))
	}
	return outs, slices.Compact(warnings)
}

// readOutput reads one item of a list; false means that there is nothing in it.
func readOutput(key string, item json.RawMessage) (Output, bool) {
	item = bytes.TrimSpace(item)
	if len(item) == 0 || string(item) == "null" {
		return Output{}, false
	}
	switch item[0] {
	case '{':
		var f struct {
			Filename  *string     `json:"filename"`
			Subfolder looseString `json:"subfolder"`
			Type      looseString `json:"type"`
			Format    looseString `json:"format"`
		}
		if json.Unmarshal(item, &f) == nil && f.Filename != nil && *f.Filename != "" {
			return Output{
				Kind:      outputKind(*f.Filename, string(f.Format)),
				Filename:  *f.Filename,
				Subfolder: string(f.Subfolder),
				Type:      cmp.Or(string(f.Type), "output"),
			}, true
		}
	case '"':
		var s string
		if json.Unmarshal(item, &s) != nil {
			return Output{}, false
		}
		if key == "result" && outputKind(s, "") == OutputModel { // Preview3D names the file only here
			return Output{Kind: OutputModel, Filename: path.Base(s), Subfolder: strings.TrimPrefix(path.Dir(s), "."), Type: "output"}, true
		}
		return Output{Kind: OutputText, Text: s}, true
	}
	if key == "result" { // the camera beside a model
		return Output{}, false
	}
	return Output{Kind: OutputOther, Text: string(item[:min(len(item), maxOtherText)])}, true
}

// KindOf guesses the kind of an output from its name, or from its media type when
// it has one.
func KindOf(name, mediaType string) OutputKind { return outputKind(name, mediaType) }

// outputKind guesses from the name, or from the format that a video node gives.
func outputKind(name, format string) OutputKind {
	switch kind, _, _ := strings.Cut(format, "/"); kind {
	case "video", "image", "audio":
		return OutputKind(kind)
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".apng", ".jxl", ".exr", ".hdr", ".svg", ".psd":
		return OutputImage
	case ".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v", ".ogv":
		return OutputVideo
	case ".flac", ".mp3", ".wav", ".ogg", ".opus", ".m4a", ".aac", ".aiff":
		return OutputAudio
	case ".glb", ".gltf", ".obj", ".fbx", ".ply", ".stl", ".usdz", ".usd", ".splat", ".ksplat", ".spz":
		return OutputModel
	}
	return OutputOther
}

// CompareIDs orders node ids as people do: 9 before 10, "57:8" before "57:10".
func CompareIDs(a, b string) int {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '.' })
	}
	as, bs := split(a), split(b)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.ParseUint(as[i], 10, 64)
		y, errY := strconv.ParseUint(bs[i], 10, 64)
		var c int
		switch {
		case errX == nil && errY == nil:
			c = cmp.Compare(x, y)
		case errX == nil:
			c = -1
		case errY == nil:
			c = 1
		default:
			c = cmp.Compare(as[i], bs[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(as), len(bs)), cmp.Compare(a, b))
}
