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
