package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// scanPNG walks the chunks and compares each checksum.
func scanPNG(s *scanner) {
	s.ends("IEND chunk")
	var kind string
	crc := uint32(0)
	s.over = func(p []byte) { crc = crc32.Update(crc, crc32.IEEETable, p) }
	var header, checksum func([]byte)
	header = func(b []byte) {
		size := binary.BigEndian.Uint32(b)
		kind = string(b[4:8])
		crc = crc32.ChecksumIEEE(b[4:8])
		switch {
		case size > 1<<31-1:
			s.broken("chunk %q has an impossible length", kind)
		case kind == "IHDR" && size == 13:
			s.next(13, func(b []byte) {
				s.width, s.height = dimension(b), dimension(b[4:])
				crc = crc32.Update(crc, crc32.IEEETable, b)
				s.next(4, checksum)
			})
		default:
			s.skip = int64(size)
			s.next(4, checksum)
		}
	}
	checksum = func(b []byte) {
		if binary.BigEndian.Uint32(b) != crc {
			s.broken("the checksum of chunk %q is wrong", kind)
			return
		}
		s.done = kind == "IEND"
		s.next(8, header)
	}
	s.next(8, func([]byte) { s.next(8, header) })
}

// dimension reads a size in pixels; one that no int of 32 bits holds is 0.
func dimension(b []byte) int {
	if v := binary.BigEndian.Uint32(b); v <= 1<<31-1 {
		return int(v)
	}
	return 0
}

// A jpegScan walks the segments, and the entropy-coded data after each SOS byte
// by byte up to the next marker.
type jpegScan struct {
	*scanner
	sos     bool // entropy-coded data follows the segment
	afterFF bool // the last byte of that data was ff
}

func scanJPEG(s *scanner) {
	s.ends("EOI marker")
	s.next(2, (&jpegScan{scanner: s}).marker)
}

func (j *jpegScan) marker(b []byte) {
	if b[0] == 0xff && b[1] == 0xff { // fill byte before a marker
		j.next(1, func(rest []byte) { j.marker([]byte{0xff, rest[0]}) })
		return
	}
	m := b[1]
	j.sos = m == 0xda
	switch {
	case b[0] != 0xff:
		j.broken("there is no marker where one belongs")
	case m == 0xd9:
		j.done = true
	case m == 0xd8, m == 0x01, m >= 0xd0 && m <= 0xd7:
		j.next(2, j.marker)
	case m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc:
		j.next(7, j.frame)
	default:
		j.next(2, j.length)
	}
}

// frame reads the dimensions in a SOF segment.
func (j *jpegScan) frame(b []byte) {
	j.height, j.width = int(binary.BigEndian.Uint16(b[3:])), int(binary.BigEndian.Uint16(b[5:]))
	j.skip = max(0, int64(binary.BigEndian.Uint16(b))-7)
	j.next(2, j.marker)
}

// length passes over any other segment.
func (j *jpegScan) length(b []byte) {
	n := int64(binary.BigEndian.Uint16(b))
	if n < 2 {
		j.broken("a segment has an impossible length")
		return
	}
	j.skip = n - 2
	j.next(2, j.marker)
	if j.sos {
		j.raw = j.entropy // what is skipped comes first
	}
}

func (j *jpegScan) entropy(p []byte) int {
	for i := 0; i < len(p); {
		if !j.afterFF {
			at := bytes.IndexByte(p[i:], 0xff)
			if at < 0 {
				return len(p)
			}
			i += at + 1
			j.afterFF = true
			continue
		}
		m := p[i]
		i++
		switch {
		case m == 0xff: // fill byte
		case m == 0 || m >= 0xd0 && m <= 0xd7: // stuffed byte, restart
			j.afterFF = false
		default:
			j.afterFF, j.raw = false, nil
			j.marker([]byte{0xff, m})
			return i
		}
	}
	return len(p)
}

// scanGIF walks the blocks.
func scanGIF(s *scanner) {
	s.ends("trailer")
	colours := func(flags byte) int64 {
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	var block, sub func([]byte)
	sub = func(b []byte) {
		if b[0] == 0 {
			s.next(1, block)
			return
		}
		s.skip = int64(b[0])
		s.next(1, sub)
	}
	block = func(b []byte) {
		switch b[0] {
		case 0x3b:
			s.done = true
		case 0x21:
			s.skip = 1 // label
			s.next(1, sub)
		case 0x2c:
			s.frames++
			s.next(9, func(b []byte) {
				s.skip = colours(b[8]) + 1 // and the code size
				s.next(1, sub)
			})
		case 0: // some encoders leave one between blocks
		default:
			s.broken("there is a block of the unknown kind %#02x", b[0])
		}
	}
	s.next(13, func(b []byte) {
		s.width, s.height = int(binary.LittleEndian.Uint16(b[6:])), int(binary.LittleEndian.Uint16(b[8:]))
		s.skip = colours(b[10])
		s.next(1, block)
	})
}

const webpAnimated = 0x02

// scanRIFF compares the length and reads the dimensions of a WebP. A length of
// 0 or all ones comes from programs that streamed a WAV.
func scanRIFF(s *scanner) {
	var size int64
	s.end = func(got int64) string {
		if size == 0 {
			return "it is cut off: there is no length"
		}
		if size != 1<<32-1 && got < size+8 {
			return "it is cut off: " + ofBytes(got, size+8)
		}
		return ""
	}
	s.next(12, func(b []byte) {
		size = int64(binary.LittleEndian.Uint32(b[4:]))
		if string(b[8:]) == "WAVE" {
			if size == 0 {
				size = 1<<32 - 1
			}
			s.step, s.raw = nil, nil
			return
		}
		s.next(18, func(b []byte) {
			s.width, s.height = webpSize(b)
			s.step = nil
		})
	})
}

// webpSize reads the dimensions from the beginning of the first chunk.
func webpSize(b []byte) (width, height int) {
	switch string(b[:4]) {
	case "VP8X":
		return int(b[12]) | int(b[13])<<8 | int(b[14])<<16 + 1, int(b[15]) | int(b[16])<<8 | int(b[17])<<16 + 1
	case "VP8L":
		bits := binary.LittleEndian.Uint32(b[9:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(b[14:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[16:]) & 0x3fff)
	}
	return 0, 0
}

func scanBMP(s *scanner) {
	var size int64
	s.end = func(got int64) string {
		if size == 0 || got < size {
			return "it is cut off: " + ofBytes(got, size)
		}
		return ""
	}
	s.next(26, func(b []byte) {
		size = max(26, int64(binary.LittleEndian.Uint32(b[2:])))
		s.step = nil
		if binary.LittleEndian.Uint32(b[14:]) < 40 {
			return // a header of OS/2, with other fields
		}
		width, height := int32(binary.LittleEndian.Uint32(b[18:])), int32(binary.LittleEndian.Uint32(b[22:]))
		s.width, s.height = int(max(0, width)), int(max(height, -height, 0)) // negative: from the top down
	})
}
