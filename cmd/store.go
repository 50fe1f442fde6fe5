package cmd

import (
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
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

// openStore opens a store by an address that is ready to use. Before one that is
// elsewhere stands the spool.
func (a *app) openStore(address string) (storage.Store, error) {
	if !stores.IsRemote(address) {
		return a.stores().Open(address)
	}
	o, err := a.remoteStores()
	if err != nil {
		return nil, err
	}
	return o.Open(address)
}

// openDirect is openStore without the spool: for what is to be there when the
// command ends, or not at all.
func (a *app) openDirect(address string) (storage.Store, error) {
	if !stores.IsRemote(address) {
		return a.stores().Open(address)
	}
	o, err := a.remoteStores()
	if err != nil {
		return nil, err
	}
	o.Spool = spool.Options{}
	return o.Open(address)
}

// remoteStores opens stores that are elsewhere, with the settings of the user.
func (a *app) remoteStores() (*stores.Opener, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	o := a.stores()
	o.S3 = s3store.Settings(cfg.S3)
	o.Journal = filepath.Join(cfg.DataDir, "uploads")
	o.Note = func(text string) { a.note("%s", text) }
	o.Rows = cfg.Supabase.Rows
	o.Spool = spool.Options{
		Dir: filepath.Join(cfg.DataDir, "spool"), Limit: cfg.Spool.Limit, Note: func(text string) { a.note("%s", text) },
	}
	return o, nil
}

// place is where a user's word for a store leads from any folder: a path made
// absolute, or the address of a bucket as it is.
func (a *app) place(out string) string {
	if stores.IsRemote(out) {
		return out
	}
	return a.path(out)
}

// usualOut is where outputs go when no flag says it. A project may name a bucket,
// and no server of its own to which the user's credentials would go.
func usualOut(cfg *config.Config) (string, error) {
	return cfg.Out, mayStore(cfg, cfg.Out, cfg.Origin("out"))
}

// mayStore refuses an address of a bucket that brings a server of its own, or
// chooses among the user's credentials, and that no user has given.
func mayStore(cfg *config.Config, address string, from config.Origin) error {
	endpoint, profile := stores.Endpoint(address)
	if endpoint == "" && profile != "" {
		endpoint = "https://s3.amazonaws.com"
	}
	return cfg.MayStore(endpoint, from)
}
