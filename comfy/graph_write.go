package comfy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// MarshalJSON writes the graph in its order, values byte for byte.
func (g *Graph) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, id := range g.order {
		if i > 0 {
			b.WriteByte(',')
		}
		n := g.nodes[id]
		b.Write(RawString(id))
		b.WriteString(`:{"class_type":`)
		b.Write(RawString(n.Class))
		b.WriteString(`,"inputs":{`)
		for j, name := range n.Inputs.names {
			if j > 0 {
				b.WriteByte(',')
			}
			b.Write(RawString(name))
			b.WriteByte(':')
			if v := n.Inputs.values[name]; len(v) > 0 {
				b.Write(v)
			} else {
				b.WriteString("null")
			}
		}
		b.WriteByte('}')
		if len(n.meta) > 0 {
			b.WriteString(`,"_meta":`)
			b.Write(n.meta)
		} else if n.Title != "" {
			b.WriteString(`,"_meta":{"title":`)
			b.Write(RawString(n.Title))
			b.WriteByte('}')
		}
		b.WriteByte('}')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an API-format graph; see ParseGraph.
func (g *Graph) UnmarshalJSON(data []byte) error {
	p, err := ParseGraph(data)
	if err != nil {
		return err
	}
	*g = *p
	return nil
}

// Digest is the SHA-256 of what the graph computes, as lowercase hex: classes
// and inputs in id order, without titles, and without filename_prefix, which
// easel chooses itself.
func (g *Graph) Digest() string {
	ids := slices.Sorted(slices.Values(g.order))
	h := sha256.New()
	for _, id := range ids {
		n := g.nodes[id]
		fmt.Fprintf(h, "%q %q\n", id, n.Class)
		names := slices.Sorted(slices.Values(n.Inputs.names))
		for _, name := range names {
			if name == "filename_prefix" {
				continue
			}
			fmt.Fprintf(h, " %q %s\n", name, canonical(n.Inputs.values[name]))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// canonical is JSON text without spaces and needless escapes, so that a graph
// keeps its digest when another program wrote it. Numbers stay as written.
func canonical(v json.RawMessage) []byte {
	var b bytes.Buffer
	if bytes.IndexByte(v, '\\') >= 0 {
		dec := json.NewDecoder(bytes.NewReader(v))
		dec.UseNumber()
		var x any
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if dec.Decode(&x) == nil && enc.Encode(x) == nil {
			return bytes.TrimRight(b.Bytes(), "\n")
		}
		b.Reset()
	}
	if json.Compact(&b, v) != nil {
		return v
	}
	return b.Bytes()
}
