package media

import (
	"errors"
	"io"
)

// gifMetadata reads the comments of a GIF, and its XMP. It passes over pictures
// block by block.
func gifMetadata(r *io.SectionReader, c *collector) error {
	var b [13]byte
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return errDamaged
	}
	pos := 13 + colourTable(b[10])
	for range maxPieces {
		if n, _ := r.ReadAt(b[:2], pos); n == 0 || n == 1 && b[0] != 0x3b {
			return errDamaged
		}
		switch b[0] {
		case 0x3b:
			return nil
		case 0x2c: // a picture
			if _, err := r.ReadAt(b[:10], pos); err != nil {
				return errDamaged
			}
			end, err := eachBlock(r, pos+10+colourTable(b[9])+1, nil)
			if err != nil {
				return err
			}
			pos = end
		case 0x21:
			end, err := gifExtension(r, c, b[1], pos+2)
			if err != nil {
				return err
			}
			pos = end
		default:
			return errDamaged
		}
	}
	return errDamaged
}

// colourTable is the length of the table that flags announce.
func colourTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifExtension reads one extension and returns where it ends.
func gifExtension(r *io.SectionReader, c *collector, label byte, pos int64) (int64, error) {
	const comment, application = 0xfe, 0xff
	if label != comment && label != application {
		return eachBlock(r, pos, nil)
	}
	var name [12]byte
	isXMP := false
	if label == application {
		if _, err := r.ReadAt(name[:], pos); err != nil {
			return 0, errDamaged
		}
		if isXMP = name[0] == 11 && string(name[1:]) == "XMP DataXMP"; !isXMP {
			return eachBlock(r, pos, nil)
		}
		pos += 12
	}
	var text []byte
	start := pos
	end, err := eachBlock(r, pos, func(at, size int64) error {
		if isXMP {
			return nil
		}
		part, err := c.take(r, at, size)
		text = append(text, part...)
		return err
	})
	if err != nil {
		return end, err
	}
	if isXMP { // its bytes are blocks to others; a ramp of 257 bytes leads readers out of it
		const ramp = 257
		packet, err := c.take(r, start, max(end-start-ramp-1, 0))
		if err != nil {
			return end, err
		}
		c.xmp(packet)
		return end, nil
	}
	c.free(string(text))
	return end, nil
}

// eachBlock visits the blocks of data up to the empty one and returns where that
// ends.
func eachBlock(r io.ReaderAt, pos int64, visit func(at, size int64) error) (int64, error) {
	var b [1]byte
	for range maxPieces {
		if _, err := r.ReadAt(b[:], pos); err != nil {
			if errors.Is(err, io.EOF) {
				return pos, errDamaged
			}
			return pos, err
		}
		size := int64(b[0])
		if size == 0 {
			return pos + 1, nil
		}
		if visit != nil {
			if err := visit(pos+1, size); err != nil {
				return pos, err
			}
		}
		pos += 1 + size
	}
	return pos, errDamaged
}
