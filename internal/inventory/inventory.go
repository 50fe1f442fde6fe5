// Package inventory tells what a backend has to choose from: model files by
// folder, samplers and schedulers, and the list of any input of its nodes.
package inventory

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Server is what is asked: a *comfy.Client is one.
type Server interface {
	Definitions(ctx context.Context, classes ...string) (map[string]*comfy.ClassInfo, error)
	Version(ctx context.Context) (string, error)
	ModelFolders(ctx context.Context) ([]string, error)
	Models(ctx context.Context, folder string) ([]string, error)
}

// A Memory keeps node definitions between two commands. fresh says that a kept
// one is recent enough to be believed.
type Memory interface {
	Kept(class string) (info *comfy.ClassInfo, fresh bool)
	Keep(class string, info *comfy.ClassInfo, version string)
}

// An Inventory is that of one backend. Without a server it knows what is kept;
// without a memory it keeps nothing.
type Inventory struct {
	Server Server
	Memory Memory
}

// An Item is one thing to choose.
type Item struct {
	Folder string `json:"folder"` // of models: the server's name for it; else what it is: samplers
	Name   string `json:"name"`   // as a parameter takes it
}

// The lists that are no folders.
const (
	Samplers   = "samplers"
	Schedulers = "schedulers"
)

// An UnknownError means that a backend has no list of this name.
type UnknownError struct {
	Name    string
	Nearest []string
}

func (e *UnknownError) Error() string {
	if strings.Contains(e.Name, ".") {
		return "the backend has no list for the input " + e.Name
	}
	return "the backend has no folder " + e.Name
}

// List lists what there is: of a model folder, Samplers, Schedulers, or the
// input of a node ("KSampler.sampler_name"); of all model folders for "".
func (v *Inventory) List(ctx context.Context, what string) ([]Item, error) {
	if input, ok := inputOf(what); ok {
		names, err := v.ofInput(ctx, input)
		if err == nil && names == nil {
			err = &UnknownError{Name: what}
		}
		return items(what, names), err
	}
	folders, err := v.Server.ModelFolders(ctx)
	if notFound(err) { // a server of before it was asked
		return v.fromLoaders(ctx, what)
	}
	if err != nil {
		return nil, err
	}
	folders = slices.DeleteFunc(folders, func(f string) bool { return f == "custom_nodes" || f == "configs" })
	slices.Sort(folders)
	if what != "" {
		folder := folderOf(what, folders)
		if folder == "" {
			return nil, unknownFolder(what, folders)
		}
		folders = []string{folder}
	}
	return v.inFolders(ctx, folders)
}

func unknownFolder(name string, folders []string) error {
	return &UnknownError{Name: name, Nearest: nearest.To(name, append(slices.Clone(folders), Samplers, Schedulers), 3)}
}

// askers is how many folders are asked for at a time.
const askers = 4

func (v *Inventory) inFolders(ctx context.Context, folders []string) ([]Item, error) {
	found, errs := make([][]Item, len(folders)), make([]error, len(folders))
	slots := make(chan struct{}, askers)
	var wg sync.WaitGroup
	for i, folder := range folders {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			names, err := v.Server.Models(ctx, folder)
			if notFound(err) {
				err = nil // it has gone since
			}
			found[i], errs[i] = items(folder, names), err
		})
	}
	wg.Wait()
	return slices.Concat(found...), errors.Join(errs...)
}

// fromLoaders lists the files that the loaders of models offer.
func (v *Inventory) fromLoaders(ctx context.Context, what string) ([]Item, error) {
	folders := Folders()
	if what != "" {
		folder := folderOf(what, folders)
		if folder == "" {
			return nil, unknownFolder(what, folders)
		}
		folders = []string{folder}
	}
	var found []Item
	for _, folder := range folders {
		names, err := v.ofInput(ctx, loaderOf(folder))
		if err != nil {
			return nil, err
		}
		found = append(found, items(folder, names)...)
	}
	return found, nil
}

// Choices are what the backend offers for a parameter of a workflow, nil when
// it is not known or is no choice of the backend's.
func (v *Inventory) Choices(ctx context.Context, wf *registry.Workflow, p *registry.Parameter) ([]string, error) {
	input, ok := InputOf(wf, p)
	if !ok {
		return nil, nil
	}
	return v.ofInput(ctx, input)
}

func (v *Inventory) ofInput(ctx context.Context, at Input) ([]string, error) {
	class, err := v.class(ctx, at.Class)
	if err != nil || class == nil {
		return nil, err
	}
	if in := class.Input(at.Name); in != nil {
		return slices.Clone(in.Choices), nil
	}
	return nil, nil
}

// class is a node's definition: a kept one that is fresh, else what the server
// says, else an old one, which is better than nothing.
func (v *Inventory) class(ctx context.Context, name string) (*comfy.ClassInfo, error) {
	var kept *comfy.ClassInfo
	if v.Memory != nil {
		var fresh bool
		if kept, fresh = v.Memory.Kept(name); fresh {
			return kept, nil
		}
	}
	if v.Server == nil {
		return kept, nil
	}
	defs, err := v.Server.Definitions(ctx, name)
	if err != nil {
		if kept != nil {
			return kept, nil
		}
		return nil, err
	}
	info := defs[name]
	if v.Memory != nil && info != nil {
		if version, err := v.Server.Version(ctx); err == nil {
			v.Memory.Keep(name, info, version)
		}
	}
	return info, nil
}

func items(folder string, names []string) []Item {
	var found []Item
	for _, name := range names {
		found = append(found, Item{folder, name})
	}
	return found
}

func notFound(err error) bool {
	status, ok := errors.AsType[*comfy.StatusError](err)
	return ok && status.Status == http.StatusNotFound
}
