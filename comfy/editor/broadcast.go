package editor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// broadcasts reports whether a class of an extension links others without a
// link that the file has.
func broadcasts(class string) bool {
	switch class {
	case "Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere", "Seed Everywhere":
		return true
	}
	return false
}

// A broadcast is a link that such an extension adds when the editor submits, as it
// keeps it in extra.ue_links of a drawing.
type broadcast struct {
	To         word   `json:"downstream"`
	ToSlot     slot   `json:"downstream_slot"` // of the inputs that the node has in the editor
	From       word   `json:"upstream"`
	FromSlot   slot   `json:"upstream_slot"`
	Controller word   `json:"controller"`
	Type       phrase `json:"type"`
}

// broadcastsOf are the links that the extension kept in a drawing's extra part. They
// are what it added the last time; of another shape there are none.
func broadcastsOf(extra json.RawMessage) []broadcast {
	if !bytes.Contains(extra, []byte(`"ue_links"`)) {
		return nil
	}
	var kept struct {
		Links []broadcast `json:"ue_links"`
	}
	if json.Unmarshal(extra, &kept) != nil {
		return nil
	}
	return kept.Links
}

// applyBroadcasts links the inputs that nothing else feeds as the extension did. One
// whose type does not fit is of another version of the node and is left. where is
// the drawing, in messages.
func (c *converter) applyBroadcasts(s *sheet, where string) {
	linked := 0
	for i, b := range s.broadcasts {
		n, from := s.byID[string(b.To)], s.byID[string(b.From)]
		if n == nil || from == nil && string(b.From) != subgraphInput {
			continue
		}
		at := c.openInput(s, n, int(b.ToSlot), string(b.Type))
		if at < 0 {
			continue
		}
		l := &link{
			id: "broadcast " + strconv.Itoa(i), from: string(b.From), fromSlot: int(b.FromSlot), to: n.id, toSlot: at, typ: string(b.Type),
		}
		n.inputs[at].link = l.id
		s.add(l)
		linked++
	}
	if linked > 0 {
		text := fmt.Sprintf("%s%d inputs are linked as nodes such as Anything Everywhere did when the file was saved", where, linked)
		if linked == 1 {
			text = where + "1 input is linked as a node such as Anything Everywhere did when the file was saved"
		}
		c.result.Notes = append(c.result.Notes, Note{Text: text})
	}
}

// openInput is the place in a node's list of the input that it has at a slot in the
// editor, if it takes the type and nothing feeds it; else -1. An input that the file
// leaves out is added.
func (c *converter) openInput(s *sheet, n *node, at int, typ string) int {
	list := c.socketsOf(n)
	if at < 0 || at >= len(list) || !compatible(list[at].typ, typ) {
		return -1
	}
	saved := list[at].saved
	if saved < 0 {
		n.inputs = append(n.inputs, socket{name: list[at].name, typ: list[at].typ})
		delete(c.sockets, n)
		return len(n.inputs) - 1
	}
	if s.linkInto(n, saved) != nil {
		return -1
	}
	return saved
}
