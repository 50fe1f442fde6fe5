package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// A JSONPrinter prints values on Out as JSON: one compact line each, indented
// on a terminal. With a query it prints what jq would: each result of the
// query, strings raw.
type JSONPrinter struct {
	SkipNull bool // leave null out of what a query yields

	streams *Streams
	query   string
	code    *gojq.Code // nil prints values as they are
}

// QueryError means that a jq expression cannot be read, or failed on the data.
type QueryError struct {
	Query   string
	Offset  int // bytes of Query before the mistake; -1 when it failed on the data
	Message string
}

func (e *QueryError) Error() string {
	if e.Offset < 0 {
		return "--jq " + e.Query + ": " + e.Message
	}
	return fmt.Sprintf("--jq %s: %s at character %d", e.Query, e.Message, utf8.RuneCountInString(e.Query[:e.Offset])+1)
}

// NewJSONPrinter makes a printer; query is a jq expression or empty. A query
// that cannot be read is a *QueryError with its position. Object members keep
// the order of the Go type without a query, and are sorted with one, since jq
// objects have no order.
func NewJSONPrinter(s *Streams, query string) (*JSONPrinter, error) {
	p := &JSONPrinter{streams: s, query: query}
	if query == "" {
		return p, nil
	}
	parsed, err := gojq.Parse(query)
	if err != nil {
		return nil, parseFailure(query, err)
	}
	if p.code, err = gojq.Compile(parsed); err != nil {
		return nil, &QueryError{Query: query, Offset: 0, Message: err.Error()}
	}
	return p, nil
}

// parseFailure finds where a query went wrong.
func parseFailure(query string, err error) error {
	fail := &QueryError{Query: query, Message: err.Error()}
	var parse *gojq.ParseError
	if errors.As(err, &parse) {
		fail.Offset = max(0, min(parse.Offset-len(parse.Token), len(query)))
		fail.Message = "unexpected end of the expression"
		if parse.Token != "" {
			fail.Message = fmt.Sprintf("unexpected %q", parse.Token)
		}
	}
	return fail
}

// Print prints one value. Integers keep every digit, with a query too.
func (p *JSONPrinter) Print(v any) error {
	data, err := encode(v)
	if err != nil {
		return fmt.Errorf("encode the result as JSON: %w", err)
	}
	if p.code == nil {
		return p.write(data)
	}
	input, err := decode(data)
	if err != nil {
		return fmt.Errorf("decode the result for --jq: %w", err)
	}
	results := p.code.Run(input)
	for {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := result.(error); failed {
			var halt *gojq.HaltError
			if errors.As(err, &halt) && halt.Value() == nil {
				return nil
			}
			return &QueryError{Query: p.query, Offset: -1, Message: err.Error()}
		}
		if err := p.printResult(result); err != nil {
			return err
		}
	}
}

func (p *JSONPrinter) printResult(result any) error {
	if result == nil && p.SkipNull {
		return nil
	}
	if text, ok := result.(string); ok {
		if p.streams.OutTTY {
			text = EscapeMultiline(text)
		}
		_, err := io.WriteString(p.streams.Out, text+"\n")
		return err
	}
	data, err := gojq.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode a result of --jq: %w", err)
	}
	return p.write(data)
}

func (p *JSONPrinter) write(data []byte) error {
	var b bytes.Buffer
	if p.streams.OutTTY {
		if err := json.Indent(&b, bytes.TrimSpace(data), "", "  "); err != nil {
			return fmt.Errorf("indent JSON: %w", err)
		}
		safe := escapeJSON(b.String())
		b.Reset()
		b.WriteString(safe)
	} else {
		b.Write(bytes.TrimSpace(data))
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(p.streams.Out)
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decode reads JSON with numbers as json.Number, which gojq computes with
// exactly.
func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

// escapeJSON writes characters that are unsafe on a terminal as JSON escapes.
// encoding/json has done so below U+0020; what is left stands in strings,
// where an escape means the same.
func escapeJSON(s string) string {
	unsafe := func(r rune) bool { return r >= 0x7f && unsafeRune(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default: // UTF-16 surrogates
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.String()
}
