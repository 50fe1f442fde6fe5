package emulator

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// An outputSummary is what the jobs API says of a job's outputs.
type outputSummary struct {
	count       int // files
	previewable int // those that a browser can show
	preview     any // the one that stands for the job; nil when there is none
}

// summarize counts outputs and picks the face of a job: a saved picture, film
// or sound before a temporary one, both before a text file, and a text that is
// no file last.
func summarize(outputs pyval.Fields) outputSummary {
	var s outputSummary
	var faces [4]any // by rank
	offer := func(rank int, face pyval.Fields) {
		if faces[rank] == nil {
			faces[rank] = face
		}
	}
	for _, node := range outputs {
		ui, _ := node.Value.(map[string][]any)
		for _, key := range slices.Sorted(maps.Keys(ui)) {
			for _, item := range ui[key] {
				file, isFile := item.(map[string]any)
				text, isText := item.(string)
				switch {
				case key == "animated": // a flag
				case isText && key == "text":
					offer(3, textFace(text, node.Key))
				case isFile:
					s.count++
					if !previewable(key, file) {
						continue
					}
					s.previewable++
					rank := 1
					switch {
					case textual(key, file):
						rank = 2
					case file["type"] == "output":
						rank = 0
					}
					offer(rank, fileFace(file, node.Key, key))
				}
			}
		}
	}
	if i := slices.IndexFunc(faces[:], func(f any) bool { return f != nil }); i >= 0 {
		s.preview = faces[i]
	}
	return s
}

func fileFace(file map[string]any, node, kind string) pyval.Fields {
	var f pyval.Fields
	for _, k := range slices.Sorted(maps.Keys(file)) {
		f = append(f, pyval.Member{Key: k, Value: file[k]})
	}
	return append(f, pyval.Member{Key: "nodeId", Value: node}, pyval.Member{Key: "mediaType", Value: kind})
}

// textFace cuts a text to the 1024 characters that the server shows of it.
func textFace(text, node string) pyval.Fields {
	const limit = 1024
	f := pyval.Fields{{Key: "content", Value: text}}
	if utf8.RuneCountInString(text) > limit {
		f = pyval.Fields{{Key: "content", Value: string([]rune(text)[:limit])}, {Key: "truncated", Value: true}}
	}
	return append(f, pyval.Member{Key: "nodeId", Value: node}, pyval.Member{Key: "mediaType", Value: "text"})
}

func extensionOf(file map[string]any) string {
	name, _ := file["filename"].(string)
	return strings.ToLower(path.Ext(name))
}

func textFile(file map[string]any) bool {
	return slices.Contains([]string{".txt", ".md", ".json"}, extensionOf(file))
}

// textual reports whether an output is to be read and not looked at.
func textual(kind string, file map[string]any) bool { return kind == "text" || textFile(file) }

// previewable reports whether a browser can show an output.
func previewable(kind string, file map[string]any) bool {
	if slices.Contains([]string{"images", "video", "audio", "3d", "text"}, kind) || textFile(file) {
		return true
	}
	format, _ := file["format"].(string)
	return strings.HasPrefix(format, "video/") || strings.HasPrefix(format, "audio/") ||
		slices.Contains([]string{".obj", ".fbx", ".gltf", ".glb", ".usdz"}, extensionOf(file))
}
