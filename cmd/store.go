package cmd

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// getenv is a variable of the environment of the command.
func (a *app) getenv(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if key, value, ok := strings.Cut(a.environ[i], "="); ok && key == name {
			return value
		}
	}
	return ""
}

// stores opens stores with what the process was given.
func (a *app) stores() *stores.Opener { return &stores.Opener{Getenv: a.getenv} }

// openStore opens a store by an address that is ready to use.
func (a *app) openStore(address string) (storage.Store, error) { return a.stores().Open(address) }

// place is where a user's word for a store leads from any folder: a path made
// absolute, or the address of a bucket as it is.
func (a *app) place(out string) string {
	if stores.IsRemote(out) {
		return out
	}
	return a.path(out)
}
