package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/registry"
)

// defaultModels gives the model of the settings for a folder, "" when there is
// none; nil without any. The folder's own name goes before another word for it.
func defaultModels(cfg *config.Config) func(folder string) string {
	if len(cfg.Models) == 0 {
		return nil
	}
	return func(folder string) string {
		file, _ := defaultModel(cfg, folder)
		return file
	}
}

// defaultModel is the model of the settings for a folder, and the word for the
// folder there.
func defaultModel(cfg *config.Config, folder string) (file, word string) {
	if file, ok := cfg.Models[folder]; ok {
		return file, folder
	}
	for _, word := range slices.Sorted(maps.Keys(cfg.Models)) {
		if inventory.IsFolder(word, folder) {
			return cfg.Models[word], word
		}
	}
	return "", ""
}

// describeDefaults says which models of the settings stand in for those that a
// workflow names, a line each.
func (a *app) describeDefaults(wf *registry.Workflow) string {
	cfg, err := a.config()
	if err != nil || len(cfg.Models) == 0 {
		return ""
	}
	var b strings.Builder
	seen := map[string]int{}
	for _, m := range wf.Models {
		seen[m.Folder]++
	}
	for _, m := range wf.Models {
		file, word := defaultModel(cfg, m.Folder)
		if file == "" || file == m.File || seen[m.Folder] > 1 {
			continue
		}
		fmt.Fprintf(&b, "Where a backend lacks %s, %s is used instead (setting models.%s).\n", m.File, file, word)
	}
	return b.String()
}

// checkModels looks at the models of the settings: a misspelt folder or file
// shows only when a workflow's own model is missing.
func (a *app) checkModels(ctx context.Context, backend string) []finding {
	cfg, err := a.config()
	if err != nil || len(cfg.Models) == 0 {
		return nil // checkConfig reports it
	}
	var found []finding
	for _, word := range slices.Sorted(maps.Keys(cfg.Models)) {
		if !slices.ContainsFunc(inventory.Folders(), func(folder string) bool { return inventory.IsFolder(word, folder) }) {
			text := fmt.Sprintf("models.%s: a stock ComfyUI has no folder %s", word, word)
			found = append(found, finding{"models", stateWarning, text, "easel models lists what a backend has, by folder"})
		}
	}
	found = append(found, a.checkModelFiles(ctx, cfg, backend)...)
	if len(found) == 0 {
		found = append(found, finding{"models", stateOK, fmt.Sprintf("%d, taken where a backend lacks a workflow's own", len(cfg.Models)), ""})
	}
	return found
}

// checkModelFiles looks for the models of the settings on the named backend, else the
// chosen one. One that does not answer is the matter of checkBackends.
func (a *app) checkModelFiles(ctx context.Context, cfg *config.Config, backend string) (found []finding) {
	if cfg.Backend == "" && backend == "" {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, probePatience)
	defer stop()
	be, err := a.openBackend(ctx, backend, 0)
	if err != nil {
		return nil
	}
	defer be.Close()
	inv := &inventory.Inventory{Server: be}
	for _, word := range slices.Sorted(maps.Keys(cfg.Models)) {
		items, err := inv.List(ctx, word)
		if err != nil || slices.ContainsFunc(items, func(i inventory.Item) bool { return i.Name == cfg.Models[word] }) {
			continue
		}
		text := fmt.Sprintf("models.%s: %s does not have %s", word, be.Name, cfg.Models[word])
		found = append(found, finding{"models", stateWarning, text, "easel models " + word + " lists what it has"})
	}
	return found
}
