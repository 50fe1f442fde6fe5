package textdoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tailscale/hujson"
)

// parseJSON reads JSON in which comments and trailing commas are allowed.
func parseJSON(data []byte) (Value, *Error) {
	if json.Valid(data) {
		r := plainReader{data: data, line: 1}
		return r.value(), nil
	}
	root, err := hujson.Parse(data)
	if err != nil {
		return Value{}, jsonError(err)
	}
	return fromHuJSON(root, newLineIndex(data)), nil
}

func jsonError(err error) *Error {
	e := &Error{Message: strings.TrimPrefix(err.Error(), "hujson: "), Err: err}
	// The position is only in the text; the cause behind it has none.
	if n, _ := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &e.Line, &e.Column); n == 2 {
		if cause := errors.Unwrap(err); cause != nil {
			e.Message = cause.Error()
		}
	}
	return e
}

func fromHuJSON(h hujson.Value, lines lineIndex) Value {
	var v Value
	v.Line, v.Col = lines.position(h.StartOffset)
	switch t := h.Value.(type) {
	case *hujson.Object:
		v.Kind = Object
		for _, m := range t.Members {
			line, col := lines.position(m.Name.StartOffset)
			v.Members = append(v.Members, Member{
				Name: literalText(m.Name.Value.(hujson.Literal)), Line: line, Col: col,
				Value: fromHuJSON(m.Value, lines),
			})
		}
	case *hujson.Array:
		v.Kind = List
		for _, e := range t.Elements {
			v.Items = append(v.Items, fromHuJSON(e, lines))
		}
	case hujson.Literal:
		v.Scalar = json.RawMessage(t)
	}
	return v
}

func literalText(l hujson.Literal) string {
	s, _ := unquote(json.RawMessage(l)) // the parser has checked it
	return s
}
