package media

import (
	"bytes"
	"encoding/binary"
	"io"
)

// id3Metadata reads the comments (COMM) and user texts (TXXX) of ID3v2.2, 2.3
// and 2.4 tags, unsynchronised or not, compressed or not. Encrypted frames are left.
func id3Metadata(r *io.SectionReader, c *collector) error {
	var h [10]byte
	if _, err := r.ReadAt(h[:], 0); err != nil || string(h[:3]) != "ID3" {
		return nil // a file without tags
	}
	const unsync, extended = 0x80, 0x40
	version, flags := h[3], h[5]
	if version < 2 || version > 4 || version == 2 && flags&extended != 0 {
		return nil // of a version to come, or compressed as a whole
	}
	tag, err := c.take(r, 10, syncsafe(h[6:]))
	if err != nil {
		return err
	}
	if flags&unsync != 0 && version < 4 {
		tag = resynchronised(tag)
	}
	if flags&extended != 0 && len(tag) >= 4 {
		n := int64(binary.BigEndian.Uint32(tag)) + 4
		if version == 4 {
			n = syncsafe(tag)
		}
		tag = tag[min(n, int64(len(tag))):]
	}
	for len(tag) > 0 && tag[0] != 0 {
		var f id3Frame
		f, tag = nextID3Frame(version, flags&unsync != 0, tag)
		if f.packed {
			if f.body, err = c.inflate(f.body); err != nil {
				continue // the others may be whole
			}
		}
		if len(f.body) > 1 {
			userFrame(c, f.id, f.body)
		}
	}
	return nil
}

// An id3Frame is one frame of a tag. Its body is nil when it cannot be used.
type id3Frame struct {
	id     string
	body   []byte
	packed bool // body is compressed by zlib
}

// nextID3Frame cuts a frame off.
func nextID3Frame(version byte, unsync bool, tag []byte) (f id3Frame, rest []byte) {
	if version == 2 {
		if len(tag) < 6 {
			return f, nil
		}
		n := int(tag[3])<<16 | int(tag[4])<<8 | int(tag[5])
		if n > len(tag)-6 {
			return f, nil
		}
		return id3Frame{id: string(tag[:3]), body: tag[6 : 6+n]}, tag[6+n:]
	}
	if len(tag) < 10 {
		return f, nil
	}
	n := int64(binary.BigEndian.Uint32(tag[4:]))
	if safe := syncsafe(tag[4:]); version == 4 && (frameEnds(tag, safe) || !frameEnds(tag, n)) {
		n = safe
	}
	if n > int64(len(tag)-10) {
		return f, nil
	}
	flags, body, rest := tag[9], tag[10:10+n], tag[10+n:]
	f.id = string(tag[:4])
	cut := func(n int) { body = body[min(n, len(body)):] }
	if version == 3 {
		const compressed, encrypted, grouped = 0x80, 0x40, 0x20
		if flags&encrypted != 0 {
			return f, rest
		}
		if f.packed = flags&compressed != 0; f.packed {
			cut(4) // the size that it had
		}
		if flags&grouped != 0 {
			cut(1)
		}
		f.body = body
		return f, rest
	}
	const grouped, compressed, encrypted, unsynced, sized = 0x40, 0x08, 0x04, 0x02, 0x01
	if flags&encrypted != 0 {
		return f, rest
	}
	if flags&grouped != 0 {
		cut(1)
	}
	if flags&sized != 0 { // the size without these two
		cut(4)
	}
	if unsync || flags&unsynced != 0 {
		body = resynchronised(body)
	}
	f.body, f.packed = body, flags&compressed != 0
	return f, rest
}

// frameEnds reports whether a frame or padding follows one of n bytes. Old programs
// write the plain sizes of version 2.3 into 2.4.
func frameEnds(tag []byte, n int64) bool {
	if n >= int64(len(tag)-10) {
		return n == int64(len(tag)-10)
	}
	next := tag[10+n:]
	if next[0] == 0 {
		return true
	}
	for _, ch := range next[:min(4, len(next))] {
		if (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9') {
			return false
		}
	}
	return true
}

// resynchronised takes out the zeros that keep ff from looking like sound.
func resynchronised(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0xff, 0}, []byte{0xff}) }

func syncsafe(b []byte) int64 {
	return int64(b[0]&0x7f)<<21 | int64(b[1]&0x7f)<<14 | int64(b[2]&0x7f)<<7 | int64(b[3]&0x7f)
}

// userFrame reads an encoding, for a comment a language, a name and a value.
func userFrame(c *collector, id string, body []byte) {
	encoding, body := body[0], body[1:]
	comment := id == "COMM" || id == "COM"
	switch {
	case comment:
		body = body[min(3, len(body)):]
	case id != "TXXX" && id != "TXX":
		return
	}
	var name, value string
	switch encoding {
	case 1, 2:
		for i := 0; i+1 < len(body); i += 2 {
			if body[i] == 0 && body[i+1] == 0 {
				name, value = id3UTF16(body[:i]), id3UTF16(body[i+2:])
				break
			}
		}
	default:
		n, v, _ := bytes.Cut(body, []byte{0})
		v, _, _ = bytes.Cut(v, []byte{0}) // more values may follow
		name, value = plainText(n, binary.BigEndian), plainText(v, binary.BigEndian)
	}
	if comment && !isKey(name) {
		name = "comment"
	}
	c.add(name, value)
}

// id3UTF16 decodes text with its mark. Some programs mark only the name before it.
func id3UTF16(b []byte) string {
	if text, ok := marked(b); ok {
		return text
	}
	return fromUTF16(b, likelyOrder(b, binary.BigEndian))
}
