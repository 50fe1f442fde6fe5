package sources

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// GraphPath is the workflow_path of an entry whose graph easel wrote.
func GraphPath(id string) string { return "graphs/" + id + ".json" }

// GraphFile is the graph file beside a registry file that easel writes for a
// workflow.
func GraphFile(file, id string) string {
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(GraphPath(id)))
}

// RecordFile is where the record of an import lies, beside its graph.
func RecordFile(graph string) string { return strings.TrimSuffix(graph, ".json") + ".import.json" }

// WriteGraph writes a graph file, and then the entry that names it. A graph that
// no entry came to is taken away again, unless it took the place of another.
func WriteGraph(path string, raw json.RawMessage, entry func() error) error {
	_, before := os.Stat(path)
	if err := Write(path, textdoc.Pretty(raw)); err != nil {
		return err
	}
	err := entry()
	if err != nil && errors.Is(before, fs.ErrNotExist) {
		_ = os.Remove(path)
	}
	return err
}

// SetWorkflow writes a workflow: its graph, the entry that names it, and the
// record of its import, nil for none. With force it takes the place of one of
// the same id. It returns the registry file.
func (s Source) SetWorkflow(id string, entry, graph, record json.RawMessage, force bool) (string, error) {
	file, err := s.Find(Workflows, id)
	if err != nil {
		return "", err
	}
	if file == "" {
		file = s.Registry()
	}
	path := GraphFile(file, id)
	return file, WriteGraph(path, graph, func() error {
		if _, err := s.Set(Workflows, id, entry, force); err != nil || record == nil {
			return err
		}
		return Write(RecordFile(path), append(record, '\n'))
	})
}

// RemoveGraph removes the graph that easel wrote for a workflow that was taken
// out of a registry file, with the record of its import, and returns its path.
// It is "" when there is none, or another workflow of before uses it.
func RemoveGraph(before *registry.Registry, file, id string) string {
	graph := unusedGraph(before, file, id)
	if graph == "" || os.Remove(graph) != nil {
		return ""
	}
	_ = os.Remove(RecordFile(graph))
	return graph
}

// unusedGraph is the graph file that easel wrote for a workflow and that no
// other workflow uses, "" when there is none.
func unusedGraph(reg *registry.Registry, file, id string) string {
	found := false
	for _, wf := range reg.Workflows() {
		if filepath.Dir(wf.Source.Path) != filepath.Dir(file) || wf.Path != GraphPath(id) {
			continue
		}
		if wf.ID != id {
			return ""
		}
		found = true
	}
	if !found {
		return ""
	}
	return GraphFile(file, id)
}

// ReferencePath is the reference_image of a character whose picture easel
// copied; ext is how the file ends, ".png".
func ReferencePath(id, ext string) string { return "references/" + id + ext }

// RemoveReferences removes the copies of a character's reference picture beside
// a characters file, and returns their paths.
func RemoveReferences(file, id string) []string {
	copies, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "references", id+".*")) // ids have no * or [
	var removed []string
	for _, picture := range copies {
		if os.Remove(picture) == nil {
			removed = append(removed, picture)
		}
	}
	return removed
}
