package emulator

import (
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// getObjectInfo is GET /object_info: every class.
func (in *instance) getObjectInfo(w http.ResponseWriter, _ *http.Request, _ string) {
	all := pyval.Fields{}
	for _, c := range in.server.listing() {
		all = append(all, pyval.Member{Key: c.Name, Value: in.server.liveClass(c).Info()})
	}
	writeJSON(w, http.StatusOK, all)
}

// getObjectInfoClass is GET /object_info/{class}: an empty object for an
// unknown one.
func (in *instance) getObjectInfoClass(w http.ResponseWriter, _ *http.Request, name string) {
	found := pyval.Fields{}
	if c := in.server.classes(name); c != nil {
		found = pyval.Fields{{Key: name, Value: in.server.liveClass(c).Info()}}
	}
	writeJSON(w, http.StatusOK, found)
}

// liveClass fills in what changes: the pictures that were uploaded, and that
// lists of model files are no limit unless the server is strict.
func (s *Server) liveClass(c *nodes.Class) *nodes.Class {
	uploads := func(in nodes.Input) bool { return in.Options["image_upload"] == true }
	loose := func(in nodes.Input) bool { return in.Folder != "" && !s.opts.StrictModels }
	if !slices.ContainsFunc(c.Required, func(in nodes.Input) bool { return uploads(in) || loose(in) }) {
		return c
	}
	names, _ := s.files.input.list(".")
	slices.Sort(names)
	live := *c
	live.Required = slices.Clone(c.Required)
	for i := range live.Required {
		in := &live.Required[i]
		switch {
		case loose(*in):
			in.Options = maps.Clone(in.Options)
			if in.Options == nil {
				in.Options = map[string]any{}
			}
			in.Options["accepts_any"] = true // see comfy.InputInfo.AcceptsAny
		case uploads(*in):
			in.Choices = slices.Clone(in.Choices)
			for _, n := range names {
				if !slices.Contains(in.Choices, n) && strings.HasPrefix(guessType(n), "image/") {
					in.Choices = append(in.Choices, n)
				}
			}
		}
	}
	return &live
}

// getModels is GET /models.
func (in *instance) getModels(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, http.StatusOK, in.server.modelFolders())
}

// getModelFolder is GET /models/{folder}.
func (in *instance) getModelFolder(w http.ResponseWriter, _ *http.Request, folder string) {
	if !slices.Contains(in.server.modelFolders(), folder) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, in.server.models(folder))
}

// getEmbeddings is GET /embeddings: names without extension.
func (in *instance) getEmbeddings(w http.ResponseWriter, _ *http.Request, _ string) {
	names := in.server.models("embeddings")
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, path.Ext(n))
	}
	writeJSON(w, http.StatusOK, names)
}

// models lists the file names of a folder: what the classes offer.
func (s *Server) models(folder string) []string {
	names := []string{}
	for _, c := range s.listing() {
		for in := range c.EachInput() {
			if in.Folder != folder {
				continue
			}
			for _, n := range in.Choices {
				if !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// Invented sizes of the machine, in bytes.
const (
	ramTotal = 16 << 30
	ramFree  = 12 << 30
)

// getSystemStats is GET /system_stats. Nobody shall take the device for a GPU,
// nor the server for a real one.
func (in *instance) getSystemStats(w http.ResponseWriter, _ *http.Request, _ string) {
	system := "posix"
	if in.server.since(platformVersion) {
		system = runtime.GOOS
	}
	argv := []string{"main.py", "--cpu"}
	if in.server.opts.Previews {
		argv = append(argv, "--preview-method", "latent2rgb")
	}
	writeJSON(w, http.StatusOK, pyval.Fields{
		{Key: "system", Value: pyval.Fields{
			{Key: "os", Value: system},
			{Key: "ram_total", Value: ramTotal},
			{Key: "ram_free", Value: ramFree},
			{Key: "comfyui_version", Value: in.server.opts.Version},
			{Key: "required_frontend_version", Value: nil},
			{Key: "installed_templates_version", Value: nil},
			{Key: "required_templates_version", Value: nil},
			{Key: "python_version", Value: "none (easel emulator, " + runtime.Version() + ")"},
			{Key: "pytorch_version", Value: "none"},
			{Key: "embedded_python", Value: false},
			{Key: "argv", Value: argv},
			{Key: "easel_emulator", Value: true},
		}},
		{Key: "devices", Value: []pyval.Fields{{
			{Key: "name", Value: "easel emulator (no GPU)"},
			{Key: "type", Value: "cpu"},
			{Key: "index", Value: nil},
			{Key: "vram_total", Value: ramTotal},
			{Key: "vram_free", Value: ramFree},
			{Key: "torch_vram_total", Value: ramTotal},
			{Key: "torch_vram_free", Value: ramFree},
		}}},
	})
}

// getFeatures is GET /features.
func (in *instance) getFeatures(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, http.StatusOK, in.server.features())
}

// getExtensions is GET /extensions: there is no frontend.
func (in *instance) getExtensions(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, http.StatusOK, []any{})
}

// getRoot is GET /: the frontend of a real server.
func (in *instance) getRoot(w http.ResponseWriter, _ *http.Request, _ string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!DOCTYPE html>\n<title>easel emulator</title>\n<p>This is the ComfyUI emulator of easel. It has no editor.</p>\n"))
}
