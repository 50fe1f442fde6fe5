package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// A Pause says that this machine sends no further runs to a place by itself.
type Pause struct {
	Place string    `json:"place"` // address, without credentials
	Since time.Time `json:"since"`
}

// Pauses are the places that the batches and servers of this machine leave alone
// for now, a file each. A place is known by its address.
type Pauses struct{ dir string }

// OpenPauses uses a folder, making it on the first Pause.
func OpenPauses(dir string) *Pauses { return &Pauses{dir} }

// Pause writes a pause down. One that there is already stays as it is.
func (p *Pauses) Pause(place string) error {
	if _, paused := p.Of(place); paused {
		return nil
	}
	data, err := json.Marshal(Pause{Place: place, Since: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("record a pause: %w", err)
	}
	if err := makeFolder(p.dir); err != nil {
		return err
	}
	return atomicfile.Write(p.path(place), append(data, '\n'), atomicfile.Options{})
}

// Resume ends a pause; ended is false when there was none.
func (p *Pauses) Resume(place string) (ended bool, err error) {
	err = os.Remove(p.path(place))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Of is the pause of a place. A file that cannot be read is one: somebody wanted it.
func (p *Pauses) Of(place string) (Pause, bool) {
	data, err := atomicfile.Read(p.path(place))
	if err == nil && data == nil {
		return Pause{}, false
	}
	pause := Pause{Place: place}
	if err == nil {
		_ = json.Unmarshal(data, &pause) // only to be shown
	}
	return pause, true
}

func (p *Pauses) path(place string) string {
	sum := sha256.Sum256([]byte(place))
	return filepath.Join(p.dir, hex.EncodeToString(sum[:16])+suffix)
}
