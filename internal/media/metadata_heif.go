package media

import (
	"bytes"
	"encoding/binary"
	"io"
)

// maxItems bounds the items of an AVIF or HEIC file that are looked at.
const maxItems = 1000

// heifMetadata reads EXIF and XMP of AVIF and HEIC: items whose kind the box iinf
// says, and their place iloc (ISO 23008-12). Where that leads nowhere the
// beginning of the file is searched.
func heifMetadata(r *io.SectionReader, c *collector) error {
	_, err := eachBox(r, 0, r.Size(), func(kind string, pos, end int64) error {
		if kind != "meta" {
			return nil
		}
		return itemsOf(r, c, pos+4, end) // behind version and flags
	})
	if err != nil {
		return err
	}
	if c.meta.Empty() {
		return searchMetadata(r, c)
	}
	return nil
}

// itemsOf reads the items that describe the picture, of one meta box.
func itemsOf(r *io.SectionReader, c *collector, pos, end int64) error {
	kinds := map[uint32]string{}
	var places, data []byte
	_, err := eachBox(r, pos, end, func(kind string, pos, end int64) error {
		var err error
		switch kind {
		case "iinf":
			var head [8]byte
			if _, err := r.ReadAt(head[:], pos); err != nil {
				return nil
			}
			skip := int64(6)
			if head[0] != 0 {
				skip = 8
			}
			_, err = eachBox(r, pos+skip, end, func(kind string, pos, end int64) error {
				if kind == "infe" && len(kinds) < maxItems {
					return itemKind(r, c, kinds, pos, end)
				}
				return nil
			})
		case "iloc":
			places, err = c.take(r, pos, end-pos)
		case "idat":
			data, err = c.take(r, pos, end-pos)
		}
		return err
	})
	if err != nil {
		return err
	}
	return eachItem(places, func(id uint32, inside bool, at, size int64) error {
		kind := kinds[id]
		if kind == "" {
			return nil
		}
		from := r
		if inside {
			from = io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
		}
		body, err := c.take(from, at, size)
		if err != nil {
			return err
		}
		if kind == "mime" {
			c.xmp(body)
			return nil
		}
		if len(body) > 4 { // how far the EXIF block is behind this number
			if skip := int64(binary.BigEndian.Uint32(body)); skip < int64(len(body)-4) {
				body = body[4+skip:]
			}
		}
		readEXIF(body).describe(c, body)
		return nil
	})
}

// itemKind reads what one item is, if it may say how the file was made.
func itemKind(r *io.SectionReader, c *collector, kinds map[uint32]string, pos, end int64) error {
	body, err := c.take(r, pos, min(end-pos, 64))
	if err != nil || len(body) < 12 {
		return err
	}
	version, id, rest := body[0], uint32(binary.BigEndian.Uint16(body[4:])), body[8:]
	switch {
	case version < 2:
		return nil
	case version > 2 && len(body) >= 14:
		id, rest = binary.BigEndian.Uint32(body[4:]), body[10:]
	}
	if kind := string(rest[:4]); kind == "Exif" || kind == "mime" {
		kinds[id] = kind
	}
	return nil
}

// eachItem visits the items of an iloc box that lie in one piece: in the file, or
// inside of the meta box.
func eachItem(b []byte, visit func(id uint32, inside bool, at, size int64) error) error {
	if len(b) < 8 {
		return nil
	}
	version := b[0]
	offsets, lengths, bases, indexes := int(b[4]>>4), int(b[4]&15), int(b[5]>>4), int(b[5]&15)
	if version == 0 || version > 2 {
		indexes = 0
	}
	b = b[6:]
	failed := false
	number := func(n int) int64 {
		if n > 8 || n > len(b) {
			failed = true
			return 0
		}
		var v uint64
		for _, x := range b[:n] {
			v = v<<8 | uint64(x)
		}
		b = b[n:]
		return int64(v & (1<<61 - 1)) // of which three can be added
	}
	wide := 2
	if version == 2 {
		wide = 4
	}
	for range min(number(wide), maxItems) {
		id := uint32(number(wide))
		method := int64(0)
		if version == 1 || version == 2 {
			method = number(2) & 15
		}
		number(2) // which file: this one
		base, extents := number(bases), number(2)
		for i := range min(extents, maxItems) {
			number(indexes)
			at, size := number(offsets), number(lengths)
			if failed {
				return nil
			}
			if i > 0 || extents > 1 || method > 1 {
				continue
			}
			if err := visit(id, method == 1, base+at, size); err != nil {
				return err
			}
		}
		if failed {
			return nil
		}
	}
	return nil
}
