package run

import (
	"io"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A File is an input that is sent with a run, by its content.
type File struct {
	Name    string         `json:"name"` // what the graph calls it
	SHA256  string         `json:"sha256"`
	Size    int64          `json:"size"`
	Targets []comfy.Target `json:"targets"`

	open func() (io.ReadCloser, error) // in the process that prepared it
}

// A ContentError means that the content of an input file is not at hand in this
// process.
type ContentError struct {
	SHA256 string
	Err    error // nil: nobody keeps contents here
}

func (e *ContentError) Error() string {
	s := "the content " + e.SHA256[:min(len(e.SHA256), 12)] + " of an input file is not here"
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}
func (e *ContentError) Unwrap() error { return e.Err }

// upload adds a file to what is sent.
func (t *Ticket) upload(f comfy.File) {
	t.Files = append(t.Files, File{f.Name, f.SHA256, f.Size, f.Targets, f.Open})
}

// Content opens a file that the ticket sends, in the process that prepared it: to
// keep it for another one, which finds it by Runner.Contents.
func (t *Ticket) Content(sha256 string) (io.ReadCloser, error) {
	for _, f := range t.Files {
		if f.SHA256 == sha256 && f.open != nil {
			return f.open()
		}
	}
	return nil, &ContentError{SHA256: sha256}
}

// contents are the files of a ticket, to be sent. One that nobody can open is a
// *ContentError, before anything is submitted.
func (r *Runner) contents(t *Ticket) ([]comfy.File, error) {
	var files []comfy.File
	for _, f := range t.Files {
		open := f.open
		if open == nil {
			if r.Contents == nil {
				return nil, &ContentError{SHA256: f.SHA256}
			}
			open = func() (io.ReadCloser, error) { return r.Contents(f.SHA256) }
			body, err := open()
			if err != nil {
				return nil, &ContentError{f.SHA256, err}
			}
			body.Close()
		}
		files = append(files, comfy.File{Name: f.Name, SHA256: f.SHA256, Size: f.Size, Targets: f.Targets, Open: open})
	}
	return files, nil
}
