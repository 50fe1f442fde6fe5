package registry

import (
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// isModel reports whether a place names a model file.
func (d *draft) isModel(t comfy.Target) bool { return d.folderOf(t) != "" }

// folderOf is the model folder that a place chooses from: that of the loader,
// else what the author says about the file.
func (d *draft) folderOf(t comfy.Target) string {
	n := d.w.g.Node(t.Node)
	file, ok := n.Inputs.Text(t.Input)
	if !ok {
		return ""
	}
	if folder := ModelFolder(n.Class, t.Input); folder != "" {
		return folder
	}
	for _, m := range d.Author.Models {
		if sameFile(m.File, file) {
			return m.Folder
		}
	}
	return ""
}

// sameFile compares names of model files as servers of either system write them.
func sameFile(a, b string) bool {
	return a != "" && (slashed(a) == slashed(b) || path.Base(slashed(a)) == path.Base(slashed(b)))
}

func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// models lists the files that the graph names, with where the author says they
// are offered.
func (d *draft) models() []Model {
	var models []Model
	for _, id := range d.w.g.IDs() {
		n := d.w.g.Node(id)
		for _, input := range n.Inputs.Names() {
			file, ok := n.Inputs.Text(input)
			folder := d.folderOf(comfy.Target{Node: id, Input: input})
			if !ok || folder == "" || !strings.Contains(file, ".") {
				continue
			}
			m := Model{Folder: folder, File: slashed(file)}
			for _, said := range d.Author.Models {
				if sameFile(said.File, file) && isWebAddress(said.URL) {
					m.URL, m.Page = said.URL, pageOf(said.URL)
					break
				}
			}
			if !slices.Contains(models, m) && isBelow(m.Folder) && isBelow(m.File) {
				models = append(models, m)
			}
		}
	}
	return models
}

// isBelow reports whether a name stays inside of the folder that it is put into.
func isBelow(name string) bool {
	return name == path.Clean(name) && !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\\:\n\r")
}

// isWebAddress reports whether a download may be offered to somebody who runs
// it without reading.
func isWebAddress(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(address, "http://")
	}
	return ok && rest != "" && rest[0] != '/' && !strings.ContainsAny(address, " \t\n\r\"'`$\\<>") && len(address) < 2048
}

// pageOf is the page that offers a file on Hugging Face, "" elsewhere.
func pageOf(address string) string {
	if before, _, ok := strings.Cut(address, "/resolve/"); ok && strings.HasPrefix(address, "https://huggingface.co/") {
		return before
	}
	return ""
}
