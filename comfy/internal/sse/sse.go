// Package sse reads streams of Server-Sent Events.
package sse

import (
	"bufio"
	"bytes"
	"io"
)

// maxFrame bounds one event: a preview is a small JPEG.
const maxFrame = 16 << 20

// NewReader reads events from a stream.
func NewReader(r io.Reader) *Reader { return &Reader{lines: bufio.NewReader(r)} }

// A Reader reads Server-Sent Events.
type Reader struct {
	ID    string
	lines *bufio.Reader
}

// Next gives one event with its name and data; comments and empty ones are left
// out. ID is that of the last event that has one.
func (r *Reader) Next() (name string, data []byte, err error) {
	var b bytes.Buffer
	for {
		line, err := r.line(maxFrame - b.Len())
		if err != nil {
			return "", nil, err
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(line) == 0 && b.Len() > 0:
			return name, bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
		case len(line) == 0:
			name = ""
		case string(field) == "id":
			r.ID = string(value)
		case string(field) == "event":
			name = string(value)
		case string(field) == "data":
			b.Write(value)
			b.WriteByte('\n')
		}
	}
}

// line reads up to the end of a line, which may be CR LF.
func (r *Reader) line(limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return nil, io.ErrShortBuffer
		case err == bufio.ErrBufferFull: //nolint:errorlint // it is never wrapped
			continue
		case err != nil:
			return nil, err
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}
