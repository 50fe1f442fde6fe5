package supabase

import (
	"encoding/json"
	"os"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// A progress is what is written down of a resumable upload when it has begun, so
// that another process goes on with it. It lets nobody in: whoever uses it needs
// the key.
type progress struct {
	Service string `json:"service"` // the address of the storage service
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`    // what the upload becomes
	Mark    string `json:"mark"`   // of the upload
	Upload  string `json:"upload"` // the last part of its address
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
}

// of reports whether there is an upload of a content.
func (p progress) of(sum string, size int64) bool {
	return p.Upload != "" && p.Mark != "" && p.SHA256 == sum && p.Size == size
}

// upload is the last part of the address of an upload under a key; "" when there
// is none.
func (p progress) upload(key string) string {
	if p.Key != key {
		return ""
	}
	return p.Upload
}

// readProgress reads what is written down of an upload into this bucket. What
// cannot be read counts as none: the upload begins anew then.
func (s *Store) readProgress(file string) (p progress) {
	data, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(data, &p) != nil || p.Service != s.api.base.String() || p.Bucket != s.bucket {
		return progress{}
	}
	return p
}

// writeProgress writes an upload down that has begun. An upload of which that fails
// goes on all the same.
func (s *Store) writeProgress(key, id string, u *upload) {
	u.begun = progress{
		Service: s.api.base.String(), Bucket: s.bucket, Key: key, Mark: u.mark, Upload: id,
		SHA256: u.metadata[hashMark], Size: u.body.Size(),
	}
	if u.about.Progress == "" {
		u.begun = progress{}
		return
	}
	if data, err := json.Marshal(u.begun); err != nil || atomicfile.Write(u.about.Progress, append(data, '\n'), atomicfile.Options{Mode: 0o600}) != nil {
		u.begun = progress{}
	}
}
