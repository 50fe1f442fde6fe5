package comfy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// Types of text frames that matter; others are ignored.
const (
	frameStatus      = "status"
	frameStart       = "execution_start"
	frameCached      = "execution_cached"
	frameExecuting   = "executing"
	frameProgress    = "progress"
	frameExecuted    = "executed"
	frameSuccess     = "execution_success"
	frameError       = "execution_error"
	frameInterrupted = "execution_interrupted"
	// Binary frames.
	framePreview = "preview"
	frameText    = "text"
)

// exceptionBlocked is the exception of an execution_error that is not the end
// of the run: a node was not executed because an input of it was blocked.
const exceptionBlocked = "ExecutionBlocked"

// A frame is one decoded message of the socket.
type frame struct {
	kind      string
	prompt    string // "" when the message does not say
	node      string // as shown in the editor: an ancestor in the submitted graph for expanded nodes; "" when null
	nodes     []string
	value     int
	max       int
	outputs   json.RawMessage // of executed
	exception string          // exception_type of an error
	message   string          // of an error; the text of a text frame
	image     []byte          // aliases the message, which is valid until the next one
	mediaType string
}

// looseString accepts what servers put where a text should be: numbers become
// their digits, null and everything else "".
type looseString string

func (s *looseString) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) > 0 && data[0] == '"':
		var t string
		if err := json.Unmarshal(data, &t); err != nil {
			return err
		}
		*s = looseString(t)
	case len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9'):
		*s = looseString(data)
	default:
		*s = ""
	}
	return nil
}

// looseInt accepts any JSON number, also 12.0 and 1e300, cut to 2^53 either
// way, and reads the rest as 0.
type looseInt int64

func (n *looseInt) UnmarshalJSON(data []byte) error {
	const limit = 1 << 53
	*n = 0
	if i, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		*n = looseInt(min(max(i, -limit), limit))
	} else if f, err := strconv.ParseFloat(string(data), 64); !math.IsNaN(f) && (err == nil || math.IsInf(f, 0)) {
		*n = looseInt(min(max(f, -limit), limit))
	}
	return nil
}

// decodeText reads a text frame. Fields of an unexpected shape read as zero;
// only what is no JSON object at all is an error.
func decodeText(data []byte) (frame, error) {
	var m struct {
		Type looseString     `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	data = ReplaceNonFinite(data)
	if err := json.Unmarshal(data, &m); err != nil {
		return frame{}, err
	}
	f := frame{kind: string(m.Type)}
	if len(m.Data) == 0 || m.Data[0] != '{' {
		return f, nil
	}
	var d struct {
		PromptID  looseString     `json:"prompt_id"`
		Node      looseString     `json:"node"`
		Display   looseString     `json:"display_node"`
		NodeID    looseString     `json:"node_id"`
		Nodes     json.RawMessage `json:"nodes"`
		Value     looseInt        `json:"value"`
		Max       looseInt        `json:"max"`
		Output    json.RawMessage `json:"output"`
		Exception looseString     `json:"exception_type"`
		Message   looseString     `json:"exception_message"`
	}
	if err := json.Unmarshal(m.Data, &d); err != nil {
		return frame{}, err
	}
	f.prompt = string(d.PromptID)
	f.node = topNode(string(firstOf(d.Display, d.Node, d.NodeID)))
	f.value, f.max = int(d.Value), int(d.Max)
	f.outputs = d.Output
	f.exception, f.message = string(d.Exception), string(d.Message)
	if f.kind == frameCached {
		f.nodes = looseStrings(d.Nodes)
	}
	return f, nil
}

func firstOf(ss ...looseString) looseString {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// topNode maps the id of a node that was made at run time, parent.call.graph.local,
// to its ancestor in the submitted graph.
func topNode(id string) string {
	top, _, _ := strings.Cut(id, ".")
	return top
}

// looseStrings reads an array, skipping what is no text or number.
func looseStrings(data json.RawMessage) []string {
	var items []looseString
	if json.Unmarshal(data, &items) != nil {
		return nil
	}
	out := make([]string, 0, len(items))
	for _, s := range items {
		if s != "" {
			out = append(out, string(s))
		}
	}
	return out
}

var (
	errShortFrame   = errors.New("binary message is too short")
	errUnknownFrame = errors.New("binary message of an unknown type")
)

// decodeBinary reads a binary frame: previews of both kinds, and progress text.
func decodeBinary(data []byte) (frame, error) {
	if len(data) < 8 {
		return frame{}, errShortFrame
	}
	kind, n, rest := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:]), data[8:]
	switch kind {
	case 1: // n is the format of the picture
		f := frame{kind: framePreview, image: rest, mediaType: "image/jpeg"}
		if n == 2 || bytes.HasPrefix(rest, []byte("\x89PNG")) {
			f.mediaType = "image/png"
		}
		return f, nil
	case 3: // n is the length of the node id
		if uint64(n) > uint64(len(rest)) {
			return frame{}, errShortFrame
		}
		return frame{kind: frameText, node: topNode(string(rest[:n])), message: strings.ToValidUTF8(string(rest[n:]), "\ufffd")}, nil
	case 4: // n is the length of the description
		if uint64(n) > uint64(len(rest)) {
			return frame{}, errShortFrame
		}
		var m struct {
			PromptID  looseString `json:"prompt_id"`
			NodeID    looseString `json:"node_id"`
			Display   looseString `json:"display_node_id"`
			ImageType looseString `json:"image_type"`
		}
		if err := json.Unmarshal(ReplaceNonFinite(rest[:n]), &m); err != nil {
			return frame{}, err
		}
		f := frame{kind: framePreview, prompt: string(m.PromptID), node: topNode(string(firstOf(m.Display, m.NodeID))), image: rest[n:]}
		switch m.ImageType {
		case "image/png", "image/jpeg", "image/webp":
			f.mediaType = string(m.ImageType)
		default:
			f.mediaType = "image/jpeg"
		}
		return f, nil
	}
	return frame{}, errUnknownFrame
}
