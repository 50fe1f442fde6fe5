package cmd

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/server"
)

// leastSecret is how many bytes a secret has that signs links.
const leastSecret = 32

// secret is what signs links and cookies. Several servers of one database are
// given the same by EASEL_SERVE_SECRET; one alone makes a file.
func (o *serveOptions) secret() ([]byte, error) {
	if text := o.app.getenv("EASEL_SERVE_SECRET"); text != "" {
		if len(text) < leastSecret {
			return nil, &invalidError{"EASEL_SERVE_SECRET is too short", "openssl rand -hex 32 makes one"}
		}
		return []byte(text), nil
	}
	cfg, err := o.app.config()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cfg.DataDir, "serve", "secret")
	data, err := os.ReadFile(file)
	if text := strings.TrimSpace(string(data)); err == nil {
		if len(text) < leastSecret { // cut off by a full disk or a restore, say: anybody could sign with it
			return nil, &invalidError{"the secret in " + file + " is too short", "remove the file: easel serve makes another, and links and sign-ins of before end"}
		}
		return []byte(text), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it does not fail
	text := hex.EncodeToString(secret)
	return []byte(text), atomicfile.Write(file, []byte(text+"\n"), atomicfile.Options{})
}

// webhookMark begins a secret of Standard Webhooks.
const webhookMark = "whsec_"

// webhooks sends messages signed with EASEL_WEBHOOK_SECRET, whsec_ and base64,
// or with what signs links.
func (o *serveOptions) webhooks(db *jobs.DB, s *server.Server) (*server.Webhooks, error) {
	w := &server.Webhooks{DB: db, Body: s.WebhookBody, Private: o.private, Log: o.app.logger()}
	text := o.app.getenv("EASEL_WEBHOOK_SECRET")
	if text == "" {
		var err error
		w.Secret, err = o.secret()
		return w, err
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, webhookMark))
	if err != nil || len(secret) < 24 {
		return nil, &invalidError{"EASEL_WEBHOOK_SECRET cannot be used", "echo whsec_$(openssl rand -base64 32) makes one"}
	}
	w.Secret = secret
	return w, nil
}

// tidyEvery is how often old jobs are looked for.
const tidyEvery = 10 * time.Minute

// tidy deletes what is kept no longer, until ctx ends.
func (o *serveOptions) tidy(ctx context.Context, s *server.Server) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := s.Tidy(ctx, o.keep); err != nil && ctx.Err() == nil {
			o.app.logger().Warn("deleting old jobs", "error", err)
		}
		if o.keepUploads > 0 {
			if err := s.TidyFiles(ctx, o.keepUploads); err != nil && ctx.Err() == nil {
				o.app.logger().Warn("deleting old uploads", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
