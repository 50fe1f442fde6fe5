package media

import (
	"bytes"
	"encoding/binary"
	"io"
)

// id3Metadata reads the comments (COMM) and user texts (TXXX) of ID3v2.2, 2.3
// and 2.4 tags, unsynchronised or not. Compressed and encrypted frames are left.
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
		var id string
		var body []byte
		if id, body, tag = id3Frame(version, flags&unsync != 0, tag); len(body) > 1 {
			userFrame(c, id, body)
		}
	}
	return nil
}

// id3Frame cuts a frame off. Its body is nil when it cannot be used.
func id3Frame(version byte, unsync bool, tag []byte) (id string, body, rest []byte) {
	if version == 2 {
		if len(tag) < 6 {
			return "", nil, nil
		}
		n := int(tag[3])<<16 | int(tag[4])<<8 | int(tag[5])
		if n > len(tag)-6 {
			return "", nil, nil
		}
		return string(tag[:3]), tag[6 : 6+n], tag[6+n:]
	}
	if len(tag) < 10 {
		return "", nil, nil
	}
	n := int64(binary.BigEndian.Uint32(tag[4:]))
	if safe := syncsafe(tag[4:]); version == 4 && (frameEnds(tag, safe) || !frameEnds(tag, n)) {
		n = safe
	}
	if n > int64(len(tag)-10) {
		return "", nil, nil
	}
	id, flags, body, rest := string(tag[:4]), tag[9], tag[10:10+n], tag[10+n:]
	if version == 3 {
		if flags&0xc0 != 0 { // compressed, encrypted
			return id, nil, rest
		}
		if flags&0x20 != 0 { // a group
			body = body[min(1, len(body)):]
		}
		return id, body, rest
	}
	if flags&0x0c != 0 {
		return id, nil, rest
	}
	if flags&0x40 != 0 {
		body = body[min(1, len(body)):]
	}
	if flags&0x01 != 0 { // the length before unsynchronisation
		body = body[min(4, len(body)):]
	}
	if unsync || flags&0x02 != 0 {
		body = resynchronised(body)
	}
	return id, body, rest
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
