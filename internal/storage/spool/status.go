package spool

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A Status is what waits for one place.
type Status struct {
	Place   Place
	Outputs []Waiting // the oldest first
	Bytes   int64
}

// Waiting is one output that waits.
type Waiting struct {
	Name   string
	File   string // on this machine, absolute when the spool's folder is
	Size   int64
	Since  time.Time
	Reason string
}

// List says what waits, by place. Places for which nothing waits are left out.
// Errors say what cannot be read, beside what can.
func List(dir string) ([]Status, error) {
	rooms, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Status
	errs := []error{err}
	for _, f := range rooms {
		if !f.IsDir() {
			continue
		}
		r := room{filepath.Join(dir, f.Name())}
		waits, err := r.list()
		errs = append(errs, err)
		if len(waits) == 0 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.dir, placeFile))
		s := Status{}
		if err == nil {
			err = json.Unmarshal(data, &s.Place)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, e := range waits {
			s.Outputs = append(s.Outputs, Waiting{e.Name, filepath.Join(r.dir, e.Data), e.Size, e.Since, e.Reason})
			s.Bytes += e.Size
		}
		all = append(all, s)
	}
	return all, errors.Join(errs...)
}

// Size is how many bytes wait, for all places together.
func Size(dir string) (int64, error) {
	var n int64
	rooms, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, r := range rooms {
		files, err := os.ReadDir(filepath.Join(dir, r.Name()))
		if err != nil {
			continue // no folder, or gone meanwhile
		}
		for _, f := range files {
			if !isData(f.Name()) {
				continue
			}
			if info, err := f.Info(); err == nil {
				n += info.Size()
			}
		}
	}
	return n, nil
}
