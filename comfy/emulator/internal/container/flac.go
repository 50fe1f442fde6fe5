package container

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
)

// WriteFLAC writes mono 16-bit sound uncompressed (verbatim subframes), with
// the texts as Vorbis comments.
func WriteFLAC(w io.Writer, s *Sound, texts []Text) error {
	const block = 4096
	var out bytes.Buffer
	out.WriteString("fLaC")

	info := halves(block, block)
	info = append(info, 0, 0, 0, 0, 0, 0) // frame sizes: not stated
	// 20 bits rate, 3 bits channels-1, 5 bits depth-1, 36 bits samples.
	packed := uint64(s.Rate)<<44 | uint64(15)<<36 | uint64(len(s.Samples))
	info = binary.BigEndian.AppendUint64(info, packed)
	sum := md5.New()
	pcm := make([]byte, 0, 2*len(s.Samples))
	for _, v := range s.Samples {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(v))
	}
	sum.Write(pcm)
	info = sum.Sum(info)
	out.WriteByte(0)
	out.Write([]byte{0, 0, byte(len(info))})
	out.Write(info)

	comments := vorbisComments(texts)
	out.WriteByte(0x80 | 4) // the last block of metadata
	out.Write([]byte{byte(len(comments) >> 16), byte(len(comments) >> 8), byte(len(comments))})
	out.Write(comments)

	for number := 0; number*block < len(s.Samples); number++ {
		samples := s.Samples[number*block : min((number+1)*block, len(s.Samples))]
		start := out.Len()
		// Sync, fixed block size; size in 16 bits, rate from the header; mono, 16 bits.
		out.Write([]byte{0xff, 0xf8, 0x70, 0x08})
		out.WriteString(string(rune(number))) // FLAC numbers frames in UTF-8
		out.Write(halves(uint16(len(samples) - 1)))
		out.WriteByte(crc8(out.Bytes()[start:]))
		out.WriteByte(1 << 1) // verbatim subframe, no wasted bits
		for _, v := range samples {
			out.Write(halves(uint16(v)))
		}
		out.Write(halves(crc16(out.Bytes()[start:])))
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing FLAC: %w", err)
	}
	return nil
}

func vorbisComments(texts []Text) []byte {
	const vendor = "easel emulator"
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(vendor)))
	out = append(out, vendor...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(texts)))
	for _, t := range texts {
		line := t.Key + "=" + t.Value
		out = binary.LittleEndian.AppendUint32(out, uint32(len(line)))
		out = append(out, line...)
	}
	return out
}

// crc8 is FLAC's header check: polynomial x^8+x^2+x+1.
func crc8(data []byte) byte {
	var c byte
	for _, b := range data {
		c ^= b
		for range 8 {
			if c&0x80 != 0 {
				c = c<<1 ^ 0x07
			} else {
				c <<= 1
			}
		}
	}
	return c
}

// crc16 is FLAC's frame check: polynomial x^16+x^15+x^2+1.
func crc16(data []byte) uint16 {
	var c uint16
	for _, b := range data {
		c ^= uint16(b) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x8005
			} else {
				c <<= 1
			}
		}
	}
	return c
}
