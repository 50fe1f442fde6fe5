package media

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
)

// glbMetadata reads asset.extras of the JSON chunk.
func glbMetadata(r *io.SectionReader, c *collector) error {
	var b [8]byte
	if _, err := r.ReadAt(b[:], 12); err != nil || string(b[4:]) != "JSON" {
		return errDamaged
	}
	body, err := c.take(r, 20, int64(binary.LittleEndian.Uint32(b[:])))
	if err != nil {
		return err
	}
	var scene struct {
		Asset struct {
			Extras map[string]json.RawMessage `json:"extras"`
		} `json:"asset"`
	}
	if json.Unmarshal(body, &scene) != nil {
		return errDamaged
	}
	c.addAll(scene.Asset.Extras)
	return nil
}

// tensorMetadata reads __metadata__ of the header of safetensors.
func tensorMetadata(r *io.SectionReader, c *collector) error {
	var b [8]byte
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return errDamaged
	}
	size := int64(min(binary.LittleEndian.Uint64(b[:]), maxTensorHeader))
	body, err := c.take(r, 8, size)
	if err != nil {
		return err
	}
	var header struct {
		Metadata map[string]json.RawMessage `json:"__metadata__"`
	}
	if json.Unmarshal(body, &header) != nil {
		return errDamaged
	}
	c.addAll(header.Metadata)
	return nil
}

// svgMetadata reads the CDATA in the metadata element: one object of all keys.
func svgMetadata(r *io.SectionReader, c *collector) error {
	body, err := c.take(r, 0, min(r.Size(), maxMetadata))
	if err != nil {
		return err
	}
	_, rest, ok := bytes.Cut(body, []byte("<metadata"))
	if !ok {
		return nil
	}
	inside, _, _ := bytes.Cut(rest, []byte("</metadata>"))
	_, data, ok := bytes.Cut(inside, []byte("<![CDATA["))
	if !ok {
		return nil
	}
	data, _, _ = bytes.Cut(data, []byte("]]>"))
	var keys map[string]json.RawMessage
	if json.Unmarshal(repair(bytes.TrimSpace(data)), &keys) != nil {
		return errDamaged
	}
	c.addAll(keys)
	return nil
}

// tiffMetadata reads the tags of a TIFF, which are those of EXIF, as far as they
// stand at its beginning.
func tiffMetadata(r *io.SectionReader, c *collector) error {
	body, err := c.take(r, 0, min(r.Size(), maxMetadata))
	if err != nil {
		return err
	}
	e := readEXIF(body)
	c.add("software", e.software)
	for _, text := range e.texts {
		c.free(text)
	}
	return nil
}

// exrMetadata reads the attributes of an OpenEXR header whose type is string: name,
// type, size, value, until an empty name.
func exrMetadata(r *io.SectionReader, c *collector) error {
	const begin, longestName = 8, 256
	name := func(pos int64) (string, int64, error) {
		b := make([]byte, min(longestName, r.Size()-pos))
		if len(b) == 0 {
			return "", pos, errDamaged
		}
		if _, err := r.ReadAt(b, pos); err != nil {
			return "", pos, err
		}
		word, _, ok := bytes.Cut(b, []byte{0})
		if !ok {
			return "", pos, errDamaged
		}
		return string(word), pos + int64(len(word)) + 1, nil
	}
	pos := int64(begin)
	for range maxPieces {
		key, at, err := name(pos)
		if err != nil || key == "" {
			return err
		}
		kind, at, err := name(at)
		if err != nil {
			return err
		}
		var size [4]byte
		if _, err := r.ReadAt(size[:], at); err != nil {
			return errDamaged
		}
		n := int64(binary.LittleEndian.Uint32(size[:]))
		if kind == "string" {
			value, err := c.take(r, at+4, n)
			if err != nil {
				return err
			}
			c.add(key, string(value))
		}
		pos = at + 4 + n
		if pos >= r.Size() {
			return errDamaged
		}
	}
	return errDamaged
}

// addAll takes values that are JSON text in strings, or objects.
func (c *collector) addAll(keys map[string]json.RawMessage) {
	for key, v := range keys {
		c.add(key, string(v))
	}
}
