package cmd

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
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
	dir     string          // working directory
	ctx     context.Context // of the command: flags that read files are not given it
	environ []string
	args    []string // of the command line
	retried string   // the ledger of the batch whose command is repeated; "" = it is not
	global  globalOptions

	config   func() (*config.Config, error)
	registry func() (*registry.Registry, error)
	history  func() (*ledger.History, error)
	printer  func() (*term.JSONPrinter, error) // for --json and --jq
	inputs   *inputs.Opener
	catalog  *plan.Catalog // what orders are resolved against
	wanted   wanted        // what is known of the command line before its flags
	target   *target       // the workflow that the command line names, nil without one
	helpErr  error         // of --help, for which cobra has no return value
}

// wanted is what a command line says before its flags are known.
type wanted struct {
	backend    string // of --backend
	completion bool   // a shell asks for words
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

func newApp(ctx context.Context, streams *term.Streams, build Build, dir string, environ []string) *app {
	a := &app{ctx: ctx, streams: streams, build: build, dir: dir, environ: environ}
	a.config = sync.OnceValues(a.loadConfig)
	a.registry = sync.OnceValues(a.loadRegistry)
	a.history = sync.OnceValues(a.openHistory)
	a.printer = sync.OnceValues(func() (*term.JSONPrinter, error) { return term.NewJSONPrinter(a.streams, a.global.jq) })
	a.inputs = a.newInputs()
	a.catalog = a.newCatalog()
	return a
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
	if stores.IsRemote(p) {
		return p
	}
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

// loadRegistry merges the sources: built-in, user, project, --registry.
func (a *app) loadRegistry() (*registry.Registry, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	layers := []registry.Layer{{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in registry.json"}}
	layers = append(layers, sources.User(cfg.ConfigDir).Layers()...)
	layers = append(layers, sources.Project(a.dir).Layers()...)
	named, err := sources.Named(a.dir, append(cfg.Registry, a.global.registries...)...)
	if err != nil {
		return nil, err
	}
	return registry.Load(append(layers, named...)...)
}
