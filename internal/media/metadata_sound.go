package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// vorbisComments reads the comment block that FLAC, Vorbis and Opus share.
func vorbisComments(c *collector, b []byte) {
	field := func() ([]byte, bool) {
		if len(b) < 4 {
			return nil, false
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if n > int64(len(b)-4) {
			return nil, false
		}
		f := b[4 : 4+n]
		b = b[4+n:]
		return f, true
	}
	if _, ok := field(); !ok || len(b) < 4 { // the vendor, then the count
		return
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[4:]
	for range count {
		f, ok := field()
		if !ok {
			return
		}
		key, value, _ := strings.Cut(string(f), "=")
		if strings.EqualFold(key, "comment") || strings.EqualFold(key, "description") {
			c.free(value)
			continue
		}
		c.add(key, value)
	}
}

// flacMetadata reads the VORBIS_COMMENT block.
func flacMetadata(r *io.SectionReader, c *collector) error {
	const comment = 4
	var b [4]byte
	pos := int64(4)
	for range maxPieces {
		if _, err := r.ReadAt(b[:], pos); err != nil {
			return errDamaged
		}
		size := int64(binary.BigEndian.Uint32(b[:]) & 0xffffff)
		if b[0]&0x7f == comment {
			body, err := c.take(r, pos+4, size)
			if err != nil {
				return err
			}
			vorbisComments(c, body)
		}
		if b[0]&0x80 != 0 {
			return nil
		}
		pos += 4 + size
	}
	return errDamaged
}

// oggMetadata reads the second packet of the first stream, which may span pages.
func oggMetadata(r *io.SectionReader, c *collector) error {
	var header [27]byte
	var packet []byte
	var serial uint32
	packets, pos := 0, int64(0)
	for page := range maxPieces {
		if _, err := r.ReadAt(header[:], pos); err != nil || string(header[:4]) != "OggS" {
			return errDamaged
		}
		table := make([]byte, header[26])
		if _, err := r.ReadAt(table, pos+27); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		pos += 27 + int64(len(table))
		stream := binary.LittleEndian.Uint32(header[14:])
		if page == 0 {
			serial = stream
		}
		for _, n := range table {
			if stream == serial && packets == 1 {
				piece, err := c.take(r, pos, int64(n))
				if err != nil {
					return err
				}
				packet = append(packet, piece...)
			}
			pos += int64(n)
			if stream != serial || n == 255 {
				continue
			}
			if packets++; packets == 2 {
				oggComments(c, packet)
				return nil
			}
		}
	}
	return errDamaged
}

func oggComments(c *collector, packet []byte) {
	for _, magic := range []string{"OpusTags", "\x03vorbis", "\x81theora"} {
		if body, ok := bytes.CutPrefix(packet, []byte(magic)); ok {
			vorbisComments(c, body)
		}
	}
}

// id3Metadata reads the user text frames (TXXX) of ID3v2.3 and 2.4.
func id3Metadata(r *io.SectionReader, c *collector) error {
	var h [10]byte
	if _, err := r.ReadAt(h[:], 0); err != nil || string(h[:3]) != "ID3" {
		return nil // a file without tags
	}
	version, size := h[3], syncsafe(h[6:])
	if version != 3 && version != 4 || h[5]&0x80 != 0 {
		return nil // old or unsynchronised tags, which no tool of this trade writes
	}
	tag, err := c.take(r, 10, size)
	if err != nil {
		return err
	}
	if h[5]&0x40 != 0 && len(tag) >= 4 { // extended header
		n := int64(binary.BigEndian.Uint32(tag)) + 4
		if version == 4 {
			n = syncsafe(tag)
		}
		tag = tag[min(n, int64(len(tag))):]
	}
	for len(tag) > 10 && tag[0] != 0 {
		n := int64(binary.BigEndian.Uint32(tag[4:]))
		if version == 4 {
			n = syncsafe(tag[4:])
		}
		if n > int64(len(tag)-10) {
			return nil
		}
		id, body := string(tag[:4]), tag[10:10+n]
		tag = tag[10+n:]
		if (id == "TXXX" || id == "COMM") && len(body) > 1 {
			userFrame(c, id, body)
		}
	}
	return nil
}

func syncsafe(b []byte) int64 {
	return int64(b[0]&0x7f)<<21 | int64(b[1]&0x7f)<<14 | int64(b[2]&0x7f)<<7 | int64(b[3]&0x7f)
}

// userFrame reads an encoding, for COMM a language, a name and a value.
func userFrame(c *collector, id string, body []byte) {
	encoding, body := body[0], body[1:]
	if id == "COMM" {
		body = body[min(3, len(body)):]
	}
	var name, value string
	if encoding == 1 || encoding == 2 {
		units := body
		for i := 0; i+1 < len(units); i += 2 {
			if units[i] == 0 && units[i+1] == 0 {
				name, value = id3UTF16(units[:i]), id3UTF16(units[i+2:])
				break
			}
		}
	} else {
		n, v, _ := bytes.Cut(body, []byte{0})
		name, value = string(n), string(v)
	}
	if id == "COMM" {
		c.free(value)
		return
	}
	c.add(name, value)
}

func id3UTF16(b []byte) string {
	if text, ok := bytes.CutPrefix(b, []byte{0xff, 0xfe}); ok {
		return fromUTF16(text, binary.LittleEndian)
	}
	return fromUTF16(bytes.TrimPrefix(b, []byte{0xfe, 0xff}), binary.BigEndian)
}
