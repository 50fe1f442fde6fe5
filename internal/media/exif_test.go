package media

import (
	"encoding/binary"
	"strings"
	"testing"
)

// A block whose entries all point at one long text, and at the directory they
// are in, must not grow to many times its size.
func TestEXIFBomb(t *testing.T) {
	t.Parallel()
	const pairs, long = 200, 10_000
	block := binary.BigEndian.AppendUint16([]byte("MM\x00*\x00\x00\x00\x08"), 2*pairs)
	entry := func(tag, kind uint16, count, value uint32) {
		block = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(block, tag), kind)
		block = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(block, count), value)
	}
	for range pairs {
		entry(tagEXIF, 4, 1, 8)
		entry(tagUserComment, 7, long, 0)
	}
	block = append(block, strings.Repeat("x", long)...)
	total := 0
	for _, text := range readEXIF(block).texts {
		total += len(text)
	}
	if total == 0 || total > len(block) {
		t.Errorf("a block of %d bytes has %d bytes of text", len(block), total)
	}
}
