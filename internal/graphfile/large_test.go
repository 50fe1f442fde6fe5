package graphfile_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/graphfile"
)

// A sparse file has a beginning and an end, and zeros in between that take no
// memory. It counts what is read of it.
type sparse struct {
	head, tail []byte
	size       int64
	read       int64
}

func (s *sparse) ReadAt(p []byte, at int64) (int, error) {
	n := int(min(int64(len(p)), s.size-at))
	if n <= 0 {
		return 0, io.EOF
	}
	s.read += int64(n)
	clear(p[:n])
	if at < int64(len(s.head)) {
		copy(p[:n], s.head[at:])
	}
	if from := s.size - int64(len(s.tail)); at+int64(n) > from {
		copy(p[max(from-at, 0):n], s.tail[max(at-from, 0):])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// largePicture is a PNG of 50 MB whose workflow stands at its end.
func largePicture() *sparse {
	whole := pngWith("workflow", editorFile)
	at := bytes.Index(whole, []byte("tEXt")) - 4
	const pixels = 50_000_000
	head := append(bytes.Clone(whole[:at]), binary.BigEndian.AppendUint32(nil, pixels)...)
	head = append(head, "IDAT"...)
	tail := append(make([]byte, 4), whole[at:]...) // the checksum of the pixels is not looked at
	return &sparse{head: head, tail: tail, size: int64(len(head)) + pixels + int64(len(tail))}
}

func TestOfALargePictureOnlyTheChunksAreRead(t *testing.T) {
	t.Parallel()
	p := largePicture()
	found, err := graphfile.Find(p, p.size, "large.png")
	if err != nil || found.Editor == nil {
		t.Fatalf("%+v, %v", found, err)
	}
	if p.read > 20_000 {
		t.Errorf("%d bytes were read of %d", p.read, p.size)
	}
}

// What is too large is refused before it is read, also where its beginning looks
// like a graph.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := &sparse{head: []byte(`{"nodes": [`), size: 200 << 20}
	_, err := graphfile.Find(s, s.size, "large.json")
	if err == nil || !strings.Contains(err.Error(), "large.json is too large for a graph: 200 MiB") || s.read > 10_000 {
		t.Errorf("%v, after %d bytes", err, s.read)
	}
}

// Ten thousand nodes are a graph like any other.
func TestManyNodes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"nodes": [{"id": 0, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]}`)
	for i := 1; i < 10_000; i++ {
		fmt.Fprintf(&b, `,{"id": %d, "type": "EmptyImage", "widgets_values": [%d]}`, i, i)
	}
	b.WriteString(`], "links": [[1, 9999, 0, 0, 0, "IMAGE"]]}`)
	f, err := read(t, "many.json", b.String(), graphfile.Options{Define: define(true)})
	if err != nil || f.Graph.Len() != 10_000 {
		t.Fatal(err)
	}
}

// A picture of 50 MB, of which only the chunks are read.
func BenchmarkFindInLargePicture(b *testing.B) {
	p := largePicture()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := graphfile.Find(p, p.size, "large.png"); err != nil {
			b.Fatal(err)
		}
	}
}
