package comfy

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
)

// inlineInMemory is how much content is kept in memory; more goes to a
// temporary file.
const inlineInMemory = 32 << 20

// Inline is the content of an output that came with the event stream or the
// reply. It may be read several times, and by several readers at once.
type Inline struct {
	data []byte
	file *os.File // instead of data
	size int64
}

// NewInline keeps all of r, beyond 32 MiB in a temporary file that goes with the
// value, or with the process.
func NewInline(r io.Reader) (*Inline, error) { return newInline(r, inlineInMemory) }

// newInline keeps so many bytes in memory.
func newInline(r io.Reader, inMemory int64) (*Inline, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, inMemory+1))
	if err != nil {
		return nil, err
	}
	if n <= inMemory {
		return &Inline{data: b.Bytes(), size: n}, nil
	}
	f, err := os.CreateTemp("", "easel-output-*")
	if err != nil {
		return nil, fmt.Errorf("keep a large output: %w", err)
	}
	gone := os.Remove(f.Name()) == nil // where open files may be removed, nothing is left behind
	size, err := io.Copy(f, io.MultiReader(&b, r))
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, fmt.Errorf("keep a large output: %w", err)
	}
	i := &Inline{file: f, size: size}
	runtime.AddCleanup(i, func(f *os.File) {
		_ = f.Close()
		if !gone {
			_ = os.Remove(f.Name())
		}
	}, f)
	return i, nil
}

// Size is the number of bytes.
func (i *Inline) Size() int64 { return i.size }

// Open gives a reader of the content from its beginning.
func (i *Inline) Open() io.ReadCloser {
	if i.file == nil {
		return io.NopCloser(bytes.NewReader(i.data))
	}
	return &inlineReader{io.NewSectionReader(i.file, 0, i.size), i}
}

// An inlineReader keeps the temporary file for as long as it is read.
type inlineReader struct {
	io.Reader
	of *Inline
}

func (*inlineReader) Close() error { return nil }

// Equal reports whether both are the same content, kept once.
func (i *Inline) Equal(other *Inline) bool { return i == other }
