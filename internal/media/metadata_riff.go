package media

import (
	"encoding/binary"
	"io"
)

// walkRIFF visits the chunks of a RIFF file, or of a list in one, from pos on. They
// are padded to an even length.
func walkRIFF(r *io.SectionReader, pos int64, visit func(kind string, pos, size int64) error) error {
	return walkChunks(r, pos, binary.LittleEndian, visit)
}

// walkChunks visits the chunks of RIFF and of its elder, IFF, whose sizes are in the
// other byte order.
func walkChunks(r *io.SectionReader, pos int64, order binary.ByteOrder, visit func(kind string, pos, size int64) error) error {
	var b [8]byte
	for n := 0; pos+8 <= r.Size() && n < maxPieces; n++ {
		if _, err := r.ReadAt(b[:], pos); err != nil {
			return err
		}
		size := int64(order.Uint32(b[4:]))
		if err := visit(string(b[:4]), pos+8, size); err != nil {
			return err
		}
		pos += 8 + size + size&1
	}
	return nil
}

// waveMetadata reads WAV and AVI: the comment and program of the INFO list, and a
// chunk that holds an ID3 tag.
func waveMetadata(r *io.SectionReader, c *collector) error {
	return walkRIFF(r, 12, func(kind string, pos, size int64) error {
		within := io.NewSectionReader(r, pos, min(size, r.Size()-pos))
		switch kind {
		case "LIST":
			return riffInfo(within, c)
		case "id3 ", "ID3 ":
			return id3Metadata(within, c)
		}
		return nil
	})
}

// riffInfo reads a list if it is INFO. ffmpeg and Python write UTF-8 there.
func riffInfo(r *io.SectionReader, c *collector) error {
	var kind [4]byte
	if _, err := r.ReadAt(kind[:], 0); err != nil || string(kind[:]) != "INFO" {
		return nil // a list of streams or frames, or one that is cut off
	}
	keys := map[string]string{"ICMT": "comment", "ISFT": "software"}
	return walkRIFF(r, 4, func(kind string, pos, size int64) error {
		key := keys[kind]
		if key == "" {
			return nil
		}
		value, err := c.take(r, pos, size)
		c.add(key, string(value))
		return err
	})
}

// aiffMetadata reads an ID3 tag and the annotations of AIFF, as ffmpeg writes them.
func aiffMetadata(r *io.SectionReader, c *collector) error {
	return walkChunks(r, 12, binary.BigEndian, func(kind string, pos, size int64) error {
		switch kind {
		case "ID3 ", "id3 ":
			return id3Metadata(io.NewSectionReader(r, pos, min(size, r.Size()-pos)), c)
		case "ANNO", "NAME":
			value, err := c.take(r, pos, size)
			c.free(plainText(value, binary.BigEndian))
			return err
		}
		return nil
	})
}
