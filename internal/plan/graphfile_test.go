package plan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A picture that holds only what the editor shows says so, instead of that it
// holds nothing.
func TestEditorOnlyPicture(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "editor.png")
	if err := os.WriteFile(file, pngWith("workflow", `{"nodes": [], "links": [], "version": 0.4}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := WorkflowFromFile("", file)
	if _, ok := errors.AsType[comfy.UIFormatError](err); !ok {
		t.Errorf("got %v, want a UIFormatError", err)
	}
}

// pngWith is a picture of one pixel with a text.
func pngWith(keyword, text string) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		b.Write(body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	chunk("IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	chunk("tEXt", []byte(keyword+"\x00"+text))
	chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1})
	chunk("IEND", nil)
	return b.Bytes()
}
