package apiv2

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// An envelope is how the API tells errors.
type envelope struct {
	Error struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Details json.RawMessage `json:"details"`
	} `json:"error"`
}

// codeOf is the code of an error, "" when it is not the API's.
func codeOf(a transport.Answer) string {
	var e envelope
	if json.Unmarshal(a.Body, &e) != nil {
		return ""
	}
	return e.Error.Code
}

// A RefusedError is a question that the service refused with a code of its own.
type RefusedError struct {
	What    string // "POST /jobs"
	Status  int
	Code    string
	Message string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the Comfy API refused %s (%s): %s", e.What, e.Code, e.Message)
}

// Permanent reports that the same question is refused again.
func (*RefusedError) Permanent() bool { return true }

// NoCreditError means that the account cannot pay (402).
type NoCreditError struct{ Message string }

func (e *NoCreditError) Error() string { return "the account is out of credits: " + e.Message }

// Permanent reports that the same question has the same answer again.
func (*NoCreditError) Permanent() bool { return true }

// refusal turns an answer that is no success into an error.
func (c *Client) refusal(k transport.Call, a transport.Answer) error {
	var e envelope
	if a.HTML() || json.Unmarshal(a.Body, &e) != nil || e.Error.Code == "" {
		return c.wire.StatusError(k, a)
	}
	message := transport.Excerpt(e.Error.Message, 500)
	switch {
	case a.Status == http.StatusUnauthorized:
		return &comfy.AuthError{Address: c.Address(), Status: a.Status, Reason: "the key is missing or not valid (401)", Variable: c.wire.Variable}
	case a.Status == http.StatusForbidden:
		return &comfy.AuthError{Address: c.Address(), Status: a.Status, Reason: "the key may not do this (403)", Variable: c.wire.Variable}
	case a.Status == http.StatusPaymentRequired:
		return &NoCreditError{Message: message}
	case a.Status == http.StatusRequestEntityTooLarge:
		return &comfy.TooLargeError{What: "the request " + k.String(), Sent: true}
	case transport.PassingStatus(a.Status):
		return c.wire.PlainStatus(k, a)
	}
	return &RefusedError{What: k.String(), Status: a.Status, Code: e.Error.Code, Message: message}
}

// rejection reads why a graph was refused (422), nil when it was something else.
// A service tells problems of nodes as the specification does, by field and
// reason, or passes on what ComfyUI says.
func rejection(a transport.Answer, g *comfy.Graph) error {
	var e envelope
	if json.Unmarshal(a.Body, &e) != nil {
		return nil
	}
	switch e.Error.Code {
	case "invalid_workflow", "workflow_format_ui", "missing_asset":
	default:
		return nil
	}
	var d struct {
		Nodes map[string]json.RawMessage `json:"node_errors"`
	}
	_ = json.Unmarshal(e.Error.Details, &d) // may be absent
	v := &comfy.ValidationError{Type: e.Error.Code, Message: transport.Excerpt(e.Error.Message, 500)}
	if v.Message == "" {
		v.Message = "no reason given"
	}
	for _, id := range slices.SortedFunc(maps.Keys(d.Nodes), comfy.CompareIDs) {
		var fields []struct {
			Field   string `json:"field"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		}
		if json.Unmarshal(d.Nodes[id], &fields) != nil {
			continue
		}
		for _, f := range fields {
			p := comfy.NodeProblem{Node: id, Input: f.Field, Type: f.Reason, Message: transport.Excerpt(f.Reason, 500)}
			if f.Message != "" {
				p.Message = transport.Excerpt(f.Message, 500)
			}
			if n := g.Node(id); n != nil {
				p.Class, p.Title = n.Class, n.Title
			}
			v.Nodes = append(v.Nodes, p)
		}
	}
	if len(v.Nodes) > 0 || len(d.Nodes) == 0 {
		return v
	}
	body, err := json.Marshal(map[string]any{
		"error":       map[string]string{"type": e.Error.Code, "message": v.Message},
		"node_errors": d.Nodes,
	})
	if err != nil {
		return v
	}
	if own, ok := comfy.ReadRejection(body, g); ok {
		return own
	}
	return v
}
