package editor

import (
	"encoding/json"

	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
)

// readNode reads a node; nil for a hole in the list.
func readNode(raw json.RawMessage) (*node, error) {
	if raw[0] == 'n' {
		return nil, nil
	}
	n := &node{}
	var id word
	err := scan.Members(raw, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "id":
			err = id.UnmarshalJSON(v)
		case "type":
			n.class = text(v)
		case "title":
			n.title = text(v)
		case "mode":
			var mode slot
			err = mode.UnmarshalJSON(v)
			n.mode = int(mode)
		case "inputs":
			n.inputs, err = sockets(v)
		case "outputs":
			n.outputs, err = sockets(v)
		case "widgets_values":
			n.values = v
		case "widgets_values_named":
			n.named = v
		case "properties":
			n.properties = map[string]json.RawMessage{}
			err = members(v, func(key string, v json.RawMessage) { n.properties[key] = v })
		}
		return err
	})
	if err != nil {
		return nil, &FormatError{Reason: "a node cannot be read", Err: err}
	}
	if n.id = string(id); n.id == "" {
		return nil, &FormatError{Reason: "a node has no id"}
	}
	if n.class == "" {
		return nil, &FormatError{Reason: "node " + n.id + " has no type"}
	}
	return n, nil
}

// sockets reads the inputs or outputs of a node or a subgraph; a hole is one
// without a name.
func sockets(raw json.RawMessage) ([]socket, error) {
	list, err := elements(raw)
	if err != nil {
		return nil, err
	}
	all := make([]socket, len(list))
	for i, item := range list {
		if item[0] == 'n' {
			continue
		}
		if err := all[i].read(item); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *socket) read(raw json.RawMessage) error {
	s.typ = ""
	return scan.Members(raw, func(key string, v json.RawMessage) (err error) {
		switch key {
		case "name":
			s.name = text(v)
		case "label":
			s.label = text(v)
		case "type":
			var t socketType
			err = t.UnmarshalJSON(v)
			s.typ = string(t)
		case "link":
			var l word
			err = l.UnmarshalJSON(v)
			s.link = string(l)
		case "links", "linkIds": // of a node, of a subgraph
			s.links, err = words(v)
		case "widget":
			if v[0] == '{' {
				err = members(v, func(key string, v json.RawMessage) {
					if key == "name" {
						s.widget = text(v)
					}
				})
			}
		}
		return err
	})
}

// readLink reads a link in either layout, a list or an object; nil for a hole.
func readLink(raw json.RawMessage) (*link, error) {
	if raw[0] == 'n' {
		return nil, nil
	}
	bad := &FormatError{Reason: "a link cannot be read"}
	l := &link{}
	if raw[0] == '{' {
		err := scan.Members(raw, func(key string, v json.RawMessage) error {
			var id word
			var at slot
			var typ socketType
			switch key {
			case "id", "origin_id", "target_id":
				if err := id.UnmarshalJSON(v); err != nil {
					return err
				}
			case "origin_slot", "target_slot":
				_ = at.UnmarshalJSON(v) // -1 is no place
			case "type":
				_ = typ.UnmarshalJSON(v) // every shape has a meaning
			}
			switch key {
			case "id":
				l.id = string(id)
			case "origin_id":
				l.from = string(id)
			case "target_id":
				l.to = string(id)
			case "origin_slot":
				l.fromSlot = int(at)
			case "target_slot":
				l.toSlot = int(at)
			case "type":
				l.typ = string(typ)
			}
			return nil
		})
		if err != nil {
			bad.Err = err
			return nil, bad
		}
		return l, nil
	}
	if raw[0] != '[' {
		return nil, bad
	}
	parts, err := elements(raw)
	if err != nil || len(parts) < 5 {
		return nil, bad
	}
	var id, from, to word
	var fromSlot, toSlot slot
	for i, into := range []json.Unmarshaler{&id, &from, &fromSlot, &to, &toSlot} {
		if err := into.UnmarshalJSON(parts[i]); err != nil {
			bad.Err = err
			return nil, bad
		}
	}
	var typ socketType
	if len(parts) > 5 {
		_ = typ.UnmarshalJSON(parts[5]) // every shape has a meaning
	}
	return &link{string(id), string(from), int(fromSlot), string(to), int(toSlot), string(typ)}, nil
}
