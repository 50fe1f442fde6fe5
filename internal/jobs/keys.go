package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// A Scope is something that a key may do.
type Scope string

// Scopes of a key.
const (
	ScopeGenerate Scope = "generate" // make jobs, and see and change its own
	ScopeManage   Scope = "manage"   // see and change those of others; workflows, characters, backends, the queue
	ScopeGraphs   Scope = "graphs"   // run graphs of its own, which reach any node of a server
)

// Valid reports whether there is such a scope.
func (s Scope) Valid() bool { return s == ScopeGenerate || s == ScopeManage || s == ScopeGraphs }

// A Key lets somebody use the API. The database holds its hash only.
type Key struct {
	ID       string
	Name     string
	Scopes   []Scope
	Created  time.Time
	LastUsed time.Time // zero: never
}

// Allows reports whether a key may do something.
func (k Key) Allows(s Scope) bool { return slices.Contains(k.Scopes, s) }

// keyMark begins every key, so that programs that look for secrets in texts
// know one.
const keyMark = "easel_"

// AddKey makes a key and returns it with its secret, which is nowhere else. A
// name that is taken is ErrState.
func (db *DB) AddKey(ctx context.Context, name string, allowed []Scope) (Key, string, error) {
	k := Key{ID: newID(), Name: name, Scopes: slices.Clone(allowed), Created: db.now()}
	secret := keyMark + newID() + newID()
	words := make([]string, len(allowed))
	for i, s := range allowed {
		words[i] = string(s)
	}
	rows, err := db.q.InsertKey(ctx, dbq.InsertKeyParams{
		ID: k.ID, Name: name, Hash: hashOf(secret), Scopes: strings.Join(words, " "), CreatedAt: millis(k.Created),
	})
	if err != nil {
		return Key{}, "", db.failure(err)
	}
	if rows == 0 {
		return Key{}, "", ErrState
	}
	return k, secret, nil
}

// KeyOf finds the key that a secret belongs to. An unknown one is ErrNotFound.
// The comparison is one of hashes of a random secret, so the time it takes says
// nothing.
func (db *DB) KeyOf(ctx context.Context, secret string) (Key, error) {
	row, err := db.r.KeyByHash(ctx, hashOf(secret))
	if err != nil {
		return Key{}, db.failure(err)
	}
	return keyOf(row), nil
}

// Keys are those that are valid, by name.
func (db *DB) Keys(ctx context.Context) ([]Key, error) {
	rows, err := db.r.ListKeys(ctx)
	if err != nil {
		return nil, db.failure(err)
	}
	keys := make([]Key, len(rows))
	for i, r := range rows {
		keys[i] = keyOf(r)
	}
	return keys, nil
}

// RemoveKey makes a key invalid. A missing one is ErrNotFound.
func (db *DB) RemoveKey(ctx context.Context, name string) error {
	return db.one(db.q.RemoveKey(ctx, dbq.RemoveKeyParams{Name: name, Now: at(db.now())}))
}

// UsedKey notes that a key was used.
func (db *DB) UsedKey(ctx context.Context, id string) error {
	return db.failure(db.q.UseKey(ctx, dbq.UseKeyParams{ID: id, Now: at(db.now())}))
}

func keyOf(r dbq.Key) Key {
	k := Key{ID: r.ID, Name: r.Name, Created: timeOf(&r.CreatedAt), LastUsed: timeOf(r.LastUsedAt)}
	for _, s := range strings.Fields(r.Scopes) {
		k.Scopes = append(k.Scopes, Scope(s))
	}
	return k
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
