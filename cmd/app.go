package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// Build says which easel this is.
type Build struct {
	Version, Commit, Date string
}

// An app holds what commands share: the surroundings of the process as values,
// and the costly things as functions that do their work once, when asked.
type app struct {
	streams *term.Streams
	build   Build
	dir     string // working directory
	environ []string
	global  globalOptions

	config   func() (*config.Config, error)
	registry func() (*registry.Registry, error)
	history  func() (*ledger.History, error)
	printer  func() (*term.JSONPrinter, error) // for --json and --jq
	stdin    *stdinOnce
	target   *target // the workflow that the command line names, nil without one
	helpErr  error   // of --help, for which cobra has no return value
}

// globalOptions are the flags that every command takes.
type globalOptions struct {
	json       bool
	jq         string
	quiet      bool
	noColor    bool
	configFile string
	registries []string
	logLevel   string
	levelGiven bool // by a flag, which wins over the settings
}

func newApp(streams *term.Streams, build Build, dir string, environ []string) *app {
	a := &app{streams: streams, build: build, dir: dir, environ: environ}
	a.config = sync.OnceValues(a.loadConfig)
	a.registry = sync.OnceValues(a.loadRegistry)
	a.history = sync.OnceValues(a.openHistory)
	a.printer = sync.OnceValues(func() (*term.JSONPrinter, error) { return term.NewJSONPrinter(a.streams, a.global.jq) })
	a.stdin = &stdinOnce{in: streams.In}
	return a
}

// getenv looks a variable up in the environment the app was given.
func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(a.environ[i], "="); ok && k == name {
			return v
		}
	}
	return ""
}

// path makes a user's path absolute against the working directory.
func (a *app) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(a.dir, p)
}

// shown is a user's path as results show it: as it was typed, unless it means
// another place to the system than to the app, whose folder tests choose.
func (a *app) shown(p string) string {
	if dir, err := os.Getwd(); err == nil && dir == a.dir {
		return p
	}
	return a.path(p)
}

func (a *app) loadConfig() (*config.Config, error) {
	cfg, err := config.Load(config.Options{
		ConfigFile: a.global.configFile,
		WorkDir:    a.dir,
		Environ:    a.environ,
		Getenv:     a.getenv,
	})
	if err != nil {
		return nil, err
	}
	if !a.global.levelGiven {
		a.global.logLevel = cfg.LogLevel
	}
	for _, e := range cfg.Exposed {
		a.note("warning: %s: %s", e, e.Hint())
	}
	return cfg, nil
}

func (a *app) openHistory() (*ledger.History, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return ledger.Open(filepath.Join(cfg.DataDir, "history"))
}

// projectRegistries are the places of INTERFACE section 7 where a project
// keeps its workflows.
func projectRegistries() []string {
	return []string{"workflows/registry.json", "workflows/registry.yaml", "registry.yaml", "config/workflows.yaml"}
}

// loadRegistry merges the sources: built-in, user, project, --registry.
func (a *app) loadRegistry() (*registry.Registry, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	layers := []registry.Layer{{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in registry.json"}}
	for _, project := range []bool{false, true} {
		src, err := a.source(project)
		if err != nil {
			return nil, err
		}
		layers = append(layers, src.layers()...)
	}
	for _, given := range append(cfg.Registry, a.global.registries...) {
		file := a.path(given)
		if info, err := os.Stat(file); err != nil {
			return nil, &registry.FileError{Path: given, Message: "there is no such registry file or folder", Err: err}
		} else if info.IsDir() {
			file = firstFile(file, "registry.json", "registry.yaml")
		}
		layers = append(layers, fileLayer("flag", file))
	}
	return registry.Load(layers...)
}

func firstFile(dir string, names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name)
		}
	}
	return filepath.Join(dir, names[0])
}

// fileLayer opens a registry file with a file system that begins at its
// folder's parent, since a workflow_path may be relative to either.
func fileLayer(name, file string) registry.Layer {
	root := filepath.Dir(filepath.Dir(file))
	rel, err := filepath.Rel(root, file)
	if err != nil {
		root, rel = filepath.Dir(file), filepath.Base(file)
	}
	return registry.Layer{Name: name, FS: os.DirFS(root), File: filepath.ToSlash(rel), Display: file}
}
