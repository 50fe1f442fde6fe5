package cmd

import (
	"fmt"

	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
)

// source is the user's source of workflows and characters, or the project's.
func (a *app) source(project bool) (sources.Source, error) {
	if project {
		return sources.Project(a.dir), nil
	}
	cfg, err := a.config()
	if err != nil {
		return sources.Source{}, err
	}
	return sources.User(cfg.ConfigDir), nil
}

// removeEntry takes an entry out of the user's files, or the project's, and
// returns the file that held it. One that is in another source, or nowhere, is
// an error that says so.
func (a *app) removeEntry(section sources.Section, id string, project bool) (string, error) {
	src, err := a.source(project)
	if err != nil {
		return "", err
	}
	file, err := src.Remove(section, id)
	if err != nil || file != "" {
		return file, err
	}
	reg, err := a.registry()
	if err != nil {
		return "", err
	}
	from, err := layerOf(reg, section, id)
	if err != nil {
		return "", err
	}
	what := "workflow"
	if section == sources.Characters {
		what = "character"
	}
	hint := "it is from " + from
	switch from {
	case "project":
		hint = "it is the project's: add --project"
	case "user":
		hint = "it is the user's: leave --project out"
	case "built-in":
		hint = "it is built in; an entry of your own with this id takes its place"
	}
	return "", &invalidError{fmt.Sprintf("the %s's registry has no %s %q", src.Name, what, id), hint}
}

// layerOf names the source that an entry comes from.
func layerOf(reg *registry.Registry, section sources.Section, id string) (string, error) {
	if section == sources.Characters {
		c, err := reg.Character(id)
		if err != nil {
			return "", err
		}
		return c.Source.Layer, nil
	}
	wf, err := reg.Workflow(id)
	if err != nil {
		return "", err
	}
	return wf.Source.Layer, nil
}

// printRemoved says what is gone, and from where.
func (a *app) printRemoved(id, file string) error {
	a.note("removed %s from %s", id, file)
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"id": id, "file": file})
}

// checkID refuses ids that cannot be typed, or would be read as a file.
func checkID(what, id string) error {
	if !sources.ValidID(id) {
		return usagef(sources.IDForm, "%s %q cannot be an id", what, id)
	}
	return nil
}
