package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// Free space of the output folder below which the doctor warns, in bytes.
const (
	littleSpace = 5 << 30
	noSpace     = 512 << 20
)

func (a *app) checkVersion(context.Context) []finding {
	return []finding{{"easel", stateOK, fmt.Sprintf("%s on %s/%s", a.version(), runtime.GOOS, runtime.GOARCH), ""}}
}

func (a *app) checkConfig(context.Context) []finding {
	cfg, err := a.config()
	if err != nil {
		f := explain(err)
		return []finding{{"config", stateProblem, f.Message, f.Hint}}
	}
	var found []finding
	for _, file := range []struct{ what, path string }{{"user", cfg.UserFile}, {"project", cfg.ProjectFile}} {
		_, err := os.Stat(file.path)
		switch {
		case err == nil:
			found = append(found, finding{"config", stateOK, file.what + " settings in " + file.path, ""})
		case errors.Is(err, fs.ErrNotExist) && file.what == "user":
			found = append(found, finding{"config", stateOK, "no settings yet; they would be in " + file.path, ""})
		case !errors.Is(err, fs.ErrNotExist):
			found = append(found, finding{"config", stateProblem, fmt.Sprintf("%s cannot be read: %s", file.path, reasonOf(err)), ""})
		}
	}
	for _, e := range cfg.Exposed {
		found = append(found, finding{"secrets", stateProblem, e.Error(), e.Hint()})
	}
	return found
}

func (a *app) checkWorkflows(context.Context) []finding {
	if _, err := a.config(); err != nil {
		return nil // checkConfig reports it
	}
	reg, err := a.registry()
	if err != nil {
		f := explain(err)
		return []finding{{"workflows", stateProblem, f.Message, f.Hint}}
	}
	all := reg.Workflows()
	var found []finding
	for _, wf := range all {
		if c := checkWorkflow(a, wf); !c.OK {
			found = append(found, finding{
				"workflows", stateProblem, wf.ID + ": " + c.Problems[0].Message,
				"easel workflows validate " + wf.ID + " says more",
			})
		}
	}
	if len(found) == 0 {
		found = append(found, finding{"workflows", stateOK, fmt.Sprintf("%d, each with a graph that fits it", len(all)), ""})
	}
	return found
}

// checkNames looks at the settings that name a workflow: a misspelt one shows
// only when it is used, perhaps weeks later.
func (a *app) checkNames(context.Context) []finding {
	cfg, err := a.config()
	if err != nil {
		return nil // checkConfig reports it
	}
	if _, err := a.registry(); err != nil {
		return nil // checkWorkflows reports it
	}
	var found []finding
	for _, k := range config.Keys() {
		value, _, err := cfg.Get(k.Name)
		if err != nil || value == "" || !namesWorkflow(k.Name) {
			continue
		}
		if _, err := a.resolveTarget(value); err != nil {
			found = append(found, problemOf("config", k.Name+": ", err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Presets)) {
		if err := a.checkPreset(cfg.Presets[name]); err != nil {
			found = append(found, problemOf("presets", "@"+name+": ", err))
		}
	}
	if n := len(cfg.Presets); n > 0 && len(found) == 0 {
		found = append(found, finding{"presets", stateOK, fmt.Sprintf("%d, with names and values that there are", n), ""})
	}
	return found
}

// namesWorkflow reports whether a setting is the name of a workflow.
func namesWorkflow(key string) bool { return key == "workflow" || strings.HasSuffix(key, ".workflow") }

func problemOf(check, subject string, err error) finding {
	f := explain(err)
	return finding{check, stateProblem, subject + f.Message, f.Hint}
}

// checkBackends asks the backends that the user named, else all that there are.
func (a *app) checkBackends(ctx context.Context, named string) []finding {
	cfg, err := a.config()
	if err != nil {
		return nil // checkConfig reports it
	}
	specs := splitBackends(named)
	if named == "" {
		specs = backendSpecs(ctx, cfg)
	}
	if len(specs) == 0 {
		return []finding{{"backend", stateWarning, (&backends.NoneError{}).Error(), explain(&backends.NoneError{}).Hint}}
	}
	var found []finding
	for _, p := range a.probeAll(ctx, cfg, specs, named != "") {
		if p.Reachable {
			message := fmt.Sprintf("%s %s answers in %.1f ms", p.Kind, p.Version, p.LatencyMS)
			if p.ClockMS != nil && len(p.Warnings) == 0 {
				message += ", clocks agree"
			}
			found = append(found, finding{"backend " + p.Name, stateOK, message, ""})
		}
		found = append(found, p.Warnings...)
	}
	return found
}

func (a *app) checkDisk(context.Context) []finding {
	cfg, err := a.config()
	if err != nil {
		return nil
	}
	if stores.IsRemote(cfg.Out) {
		return nil
	}
	out := a.path(cfg.Out)
	free, ok := stores.Free(existing(out))
	f := finding{"disk", stateOK, fmt.Sprintf("%s free for %s", term.Bytes(int64(min(free, 1<<62))), out), ""}
	switch {
	case !ok:
		f.Message = "the system does not say how much space is left for " + out
	case free < noSpace:
		f.State, f.Hint = stateProblem, "free some space, or choose another folder: easel config set out DIR"
	case free < littleSpace:
		f.State, f.Hint = stateWarning, "videos are large: free some space, or choose another folder with --out"
	}
	return []finding{f}
}

// existing is the folder itself, or the one above it that exists.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

func (a *app) checkTerminal(context.Context) []finding {
	s := a.streams
	message := "none: output goes to files or pipes"
	if s.OutTTY || s.ErrTTY {
		colour := "no colours"
		if s.ErrStyle() != (term.Style{}) {
			colour = "colours"
		}
		message = fmt.Sprintf("%d columns, %s, pictures by %s", s.Width, colour, s.Graphics())
		if s.Graphics() == term.NoGraphics {
			message = fmt.Sprintf("%d columns, %s, no pictures", s.Width, colour)
		}
	}
	found := []finding{{"terminal", stateOK, message, ""}}
	if words := opener(runtime.GOOS); words[0] == "xdg-open" {
		if _, err := exec.LookPath(words[0]); err != nil {
			found = append(found, finding{"viewer", stateWarning, "--open cannot work: there is no xdg-open", "install xdg-utils"})
		}
	}
	return found
}

func (a *app) checkRuns(context.Context) []finding {
	if _, err := a.config(); err != nil {
		return nil
	}
	h, err := a.history()
	if err != nil {
		return []finding{{"runs", stateProblem, err.Error(), ""}}
	}
	var found []finding
	for _, err := range h.List() {
		if err != nil {
			found = append(found, finding{"runs", stateWarning, err.Error(), "what it says is lost for history and rerun: move it away"})
		}
	}
	pending, err := h.Pending()
	if err != nil {
		return append(found, finding{"runs", stateProblem, err.Error(), ""})
	}
	n := 0
	for _, rec := range pending {
		if !rec.Alive() {
			n++
		}
	}
	if n == 0 {
		return append(found, finding{"runs", stateOK, "none is left to collect", ""})
	}
	return append(found, finding{"runs", stateWarning, fmt.Sprintf("%d %s never collected here", n, wasOrWere(n)), "easel resume fetches what the backends still have"})
}

func wasOrWere(n int) string {
	if n == 1 {
		return "run was"
	}
	return "runs were"
}
