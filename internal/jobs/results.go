package jobs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// Output reads an output. A missing one is ErrNotFound.
func (db *DB) Output(ctx context.Context, id string) (Output, error) {
	found, err := db.selectOutputs(ctx, "o.id = $1", []any{id})
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Output{}, err
	}
	return found[0], nil
}

// OutputsOf are the outputs of a job, in their order.
func (db *DB) OutputsOf(ctx context.Context, job string) ([]Output, error) {
	return db.selectOutputs(ctx, "o.job_id = $1 ORDER BY o.n", []any{job})
}

// OutputsOfJobs are the outputs of several jobs, each one's in their order.
func (db *DB) OutputsOfJobs(ctx context.Context, ids []string) ([]Output, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, args := among("o.job_id", ids, nil)
	return db.selectOutputs(ctx, where+" ORDER BY o.job_id, o.n", args)
}

// OutputsByID are the outputs of some ids that there are, newest first.
func (db *DB) OutputsByID(ctx context.Context, ids []string) ([]Output, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, args := among("o.id", ids, nil)
	return db.selectOutputs(ctx, where+" ORDER BY o.seq DESC", args)
}

// SetFavourite marks an output, or takes the mark away.
func (db *DB) SetFavourite(ctx context.Context, id string, favourite bool) error {
	value := int64(0)
	if favourite {
		value = 1
	}
	return db.one(db.q.SetFavourite(ctx, dbq.SetFavouriteParams{ID: id, Favourite: value}))
}

// DeleteOutput removes the row of an output; its object is the caller's.
func (db *DB) DeleteOutput(ctx context.Context, id string) error {
	return db.one(db.q.DeleteOutput(ctx, id))
}

// A File is an uploaded input. Its content is kept by its hash.
type File struct {
	ID        string
	Key       string
	Name      string // as it was uploaded
	SHA256    string
	Bytes     int64
	MediaType string
	Width     *int64 // pixels; nil for what is no picture
	Height    *int64
	Created   time.Time
}

// AddFile writes an uploaded file down and returns it with its id.
func (db *DB) AddFile(ctx context.Context, f File) (File, error) {
	f.ID, f.Created = newID(), db.now()
	err := db.q.InsertFile(ctx, dbq.InsertFileParams{
		ID: f.ID, KeyID: f.Key, Name: f.Name, Sha256: f.SHA256, Bytes: f.Bytes, MediaType: f.MediaType,
		Width: f.Width, Height: f.Height, CreatedAt: millis(f.Created),
	})
	return f, db.failure(err)
}

// File reads an uploaded file's row. A missing one is ErrNotFound.
func (db *DB) File(ctx context.Context, id string) (File, error) {
	row, err := db.r.GetFile(ctx, id)
	if err != nil {
		return File{}, db.failure(err)
	}
	return fileOf(row), nil
}

// LatestFile is the newest upload of a key under a name.
func (db *DB) LatestFile(ctx context.Context, key, name string) (File, error) {
	row, err := db.r.LatestFile(ctx, dbq.LatestFileParams{KeyID: key, Name: name})
	if err != nil {
		return File{}, db.failure(err)
	}
	return fileOf(row), nil
}

// Stored is how many bytes the uploads of a key have.
func (db *DB) Stored(ctx context.Context, key string) (int64, error) {
	n, err := db.r.StoredBytes(ctx, key)
	return n, db.failure(err)
}

// DeleteFile removes an upload's row; its content is the caller's.
func (db *DB) DeleteFile(ctx context.Context, id string) error {
	return db.one(db.q.DeleteFile(ctx, id))
}

// FilesBefore are uploads of before a time with an id behind another, by id, at
// most 200: the next page begins behind the last one's.
func (db *DB) FilesBefore(ctx context.Context, before time.Time, after string) ([]File, error) {
	rows, err := db.r.FilesBefore(ctx, dbq.FilesBeforeParams{Before: millis(before), After: after})
	if err != nil {
		return nil, db.failure(err)
	}
	files := make([]File, len(rows))
	for i, r := range rows {
		files[i] = fileOf(r)
	}
	return files, nil
}

// Waits reports whether a job that has not ended has a word in its order. The
// word has no %, _ or characters that JSON writes in another way.
func (db *DB) Waits(ctx context.Context, word string) (bool, error) {
	n, err := db.q.JobsThatWaitFor(ctx, "%"+word+"%")
	return n > 0, db.failure(err)
}

// NeedsContent reports whether another upload has a content, or a job that has not
// ended names it by a word in its order.
func (db *DB) NeedsContent(ctx context.Context, sha256, word string) (bool, error) {
	n, err := db.q.FilesOfContent(ctx, sha256)
	if err != nil || n > 0 {
		return n > 0, db.failure(err)
	}
	return db.Waits(ctx, word)
}

func fileOf(r dbq.File) File {
	return File{
		ID: r.ID, Key: r.KeyID, Name: r.Name, SHA256: r.Sha256, Bytes: r.Bytes, MediaType: r.MediaType,
		Width: r.Width, Height: r.Height, Created: timeOf(&r.CreatedAt),
	}
}

// A Preset is a named order of a key.
type Preset struct {
	Name    string
	Order   json.RawMessage
	Created time.Time
	Updated time.Time
}

// PutPreset keeps an order under a name, replacing what had it.
func (db *DB) PutPreset(ctx context.Context, key, name string, order json.RawMessage) error {
	return db.failure(db.q.PutPreset(ctx, dbq.PutPresetParams{KeyID: key, Name: name, RunOrder: string(order), Now: millis(db.now())}))
}

// Preset reads a preset. A missing one is ErrNotFound.
func (db *DB) Preset(ctx context.Context, key, name string) (Preset, error) {
	row, err := db.r.GetPreset(ctx, dbq.GetPresetParams{KeyID: key, Name: name})
	if err != nil {
		return Preset{}, db.failure(err)
	}
	return presetOf(row), nil
}

// Presets are those of a key, by name.
func (db *DB) Presets(ctx context.Context, key string) ([]Preset, error) {
	rows, err := db.r.ListPresets(ctx, key)
	if err != nil {
		return nil, db.failure(err)
	}
	presets := make([]Preset, len(rows))
	for i, r := range rows {
		presets[i] = presetOf(r)
	}
	return presets, nil
}

// DeletePreset removes a preset. A missing one is ErrNotFound.
func (db *DB) DeletePreset(ctx context.Context, key, name string) error {
	return db.one(db.q.DeletePreset(ctx, dbq.DeletePresetParams{KeyID: key, Name: name}))
}

func presetOf(r dbq.Preset) Preset {
	return Preset{Name: r.Name, Order: json.RawMessage(r.RunOrder), Created: timeOf(&r.CreatedAt), Updated: timeOf(&r.UpdatedAt)}
}

// one is the error of a change of one row: it is ErrNotFound when there is none.
func (db *DB) one(rows int64, err error) error {
	if err != nil {
		return db.failure(err)
	}
	if rows == 0 {
		return ErrNotFound
	}
	return nil
}
