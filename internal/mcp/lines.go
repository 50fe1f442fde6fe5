package mcp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// A messages reader passes on the lines of a client that are messages. The SDK
// ends the session at the first that is none; here it is answered with an error,
// as JSON-RPC has it, and the session goes on.
type messages struct {
	in      *bufio.Reader
	out     io.Writer   // for the answers; one write is one line
	batches func() bool // the client's revision of the protocol has batches
	most    int         // bytes of a line

	line    []byte
	pending []byte // of line, not read yet
}

// Read implements io.Reader.
func (m *messages) Read(p []byte) (int, error) {
	for len(m.pending) == 0 {
		long, err := m.next()
		if err != nil && (!errors.Is(err, io.EOF) || len(m.line) == 0) {
			return 0, err
		}
		text := bytes.TrimSpace(m.line)
		if len(text) == 0 {
			continue
		}
		refused := m.check(text)
		if long {
			refused = &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: fmt.Sprintf("a message has at most %d bytes", m.most)}
		}
		if refused == nil {
			m.line = append(bytes.TrimRight(m.line, "\r\n"), '\n')
			m.pending = m.line
			break
		}
		if _, err := m.out.Write(append(refusal(idOf(text), refused), '\n')); err != nil {
			return 0, err
		}
	}
	n := copy(p, m.pending)
	m.pending = m.pending[n:]
	return n, nil
}

// next reads a line. Of one that is too long the beginning is kept.
func (m *messages) next() (long bool, err error) {
	m.line = m.line[:0]
	for {
		part, err := m.in.ReadSlice('\n')
		if room := m.most - len(m.line); len(part) > room {
			part, long = part[:room], true
		}
		m.line = append(m.line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return long, err
		}
	}
}

// check says why a line is not what the SDK takes, nil when it is.
func (m *messages) check(text []byte) *jsonrpc.Error {
	if !json.Valid(text) {
		return &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "the line is not JSON: each message is one line"}
	}
	invalid := func(why string) *jsonrpc.Error {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "the line is no JSON-RPC message: " + why}
	}
	var all []json.RawMessage
	switch {
	case text[0] != '[':
		all = append(all, text)
	case !m.batches():
		return invalid("this revision of the protocol has no batches")
	case json.Unmarshal(text, &all) != nil || len(all) == 0:
		return invalid("the batch is empty")
	}
	asked := map[jsonrpc.ID]bool{}
	for _, one := range all {
		message, err := jsonrpc.DecodeMessage(one)
		if err != nil {
			return invalid(err.Error())
		}
		request, ok := message.(*jsonrpc.Request)
		if ok && request.ID.IsValid() && asked[request.ID] {
			return invalid(fmt.Sprintf("two requests of the batch have the id %v", request.ID.Raw()))
		}
		if ok {
			asked[request.ID] = true
		}
	}
	return nil
}

// idOf is the id of what may be a request, null when it has none.
func idOf(text []byte) json.RawMessage {
	var m struct {
		ID any `json:"id"`
	}
	_ = json.Unmarshal(text, &m) // then it has none
	switch m.ID.(type) {
	case string, float64:
		var raw struct {
			ID json.RawMessage `json:"id"` // as it was written: a large number too
		}
		if json.Unmarshal(text, &raw) == nil {
			return raw.ID
		}
	}
	return json.RawMessage("null")
}

// refusal is an answer that says why there is no other.
func refusal(id json.RawMessage, e *jsonrpc.Error) []byte {
	text, _ := json.Marshal(struct { // of plain values
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   *jsonrpc.Error  `json:"error"`
	}{"2.0", id, e})
	return text
}

// A lineWriter is written to by several, a whole line at a time. Its user does not
// close it.
type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

func (w *lineWriter) Close() error { return nil }
