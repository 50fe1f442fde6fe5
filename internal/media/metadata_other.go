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

// addAll takes values that are JSON text in strings, or objects.
func (c *collector) addAll(keys map[string]json.RawMessage) {
	for key, v := range keys {
		c.add(key, string(v))
	}
}
