package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// call makes one run of a workflow.
func (s *Server) call(t *tool) sdk.ToolHandler {
	return func(ctx context.Context, req *sdk.CallToolRequest) (out *sdk.CallToolResult, err error) {
		if !s.begin() {
			return nil, context.Canceled
		}
		defer s.running.Done()
		defer func() {
			if p := recover(); p != nil { // other calls go on
				s.o.Log.Error("a call panicked", "tool", t.name, "panic", p, "stack", string(debug.Stack()))
				out, err = nil, errBug
			}
		}()
		ctx, end := s.within(ctx)
		defer end()
		given, err := decode(req.Params.Arguments)
		if err != nil {
			return s.failed(nil, err), nil
		}
		roots, ask := s.roots(req, t.namesFiles(given))
		if ask {
			return &sdk.CallToolResult{InputRequests: sdk.InputRequestMap{rootsRequest: &sdk.ListRootsParams{}}}, nil //nolint:staticcheck // deprecated with revision 2026-07-28, and what clients of today have
		}
		request, err := s.request(ctx, t, given, roots)
		if err != nil {
			return s.failed(nil, err), nil
		}
		res, err := s.run(ctx, req, request)
		if ctx.Err() != nil && err != nil {
			return nil, err // nobody reads it
		}
		if err != nil {
			return s.failed(res, err), nil
		}
		return s.answer(ctx, req, res), nil
	}
}

var errBug = errors.New("easel failed while it ran the call: that is a bug")

func (s *Server) run(ctx context.Context, req *sdk.CallToolRequest, request Request) (*run.Result, error) {
	prepared, err := s.o.Engine.Prepare(ctx, request)
	if err != nil {
		return nil, err
	}
	report := newReporter(ctx, req)
	defer report.close()
	leave, err := s.gate.enter(ctx, func() { report.tell(Progress{State: waits}) })
	if err != nil {
		return nil, err
	}
	defer leave()
	return prepared.Execute(ctx, report.tell)
}

// namesFiles reports whether a call names files by anything but their content or
// an earlier result.
func (t *tool) namesFiles(given []registry.NamedValue) bool {
	for _, m := range given {
		a := find(t.arguments, m.Name)
		if a == nil || !a.file() {
			continue
		}
		text := strings.TrimLeft(string(m.JSON), "[ \"")
		if !strings.HasPrefix(text, "data:") && !strings.HasPrefix(text, outputsURI) {
			return true
		}
	}
	return false
}

// rootsRequest is what the question for the client's folders is called.
const rootsRequest = "roots"

// roots are the folders that the client opened for reading; ask says that it has
// to be asked for them first.
func (s *Server) roots(req *sdk.CallToolRequest, wanted bool) (roots []string, ask bool) {
	if !s.o.Roots || !wanted {
		return nil, false
	}
	if answer, ok := req.Params.InputResponses[rootsRequest].(*sdk.ListRootsResult); ok { //nolint:staticcheck // deprecated with revision 2026-07-28, and what clients of today have
		for _, r := range answer.Roots {
			if dir, err := filePath(r.URI); err == nil {
				roots = append(roots, dir)
			}
		}
		return roots, false
	}
	can := req.ClientCapabilities()
	return nil, can != nil && can.RootsV2 != nil //nolint:staticcheck // deprecated with revision 2026-07-28, and what clients of today have
}

// answer is what an agent sees of a run that succeeded.
func (s *Server) answer(ctx context.Context, req *sdk.CallToolRequest, res *run.Result) *sdk.CallToolResult {
	structured, err := json.Marshal(res)
	if err != nil {
		return s.failed(nil, err)
	}
	out := &sdk.CallToolResult{StructuredContent: json.RawMessage(structured)}
	if res.Seed != nil {
		out.Meta = sdk.Meta{"easel/seed": res.Seed.String()} // numbers of this size do not survive in JavaScript
	}
	var notes []string
	for i, o := range res.Outputs {
		if s.o.Picture == 0 || o.Kind != "image" || i >= mostPictures {
			continue
		}
		content, err := s.picture(ctx, res, i)
		if err != nil {
			notes = append(notes, fmt.Sprintf("file %d cannot be shown: %s", i+1, data(err.Error())))
			continue
		}
		out.Content = append(out.Content, content)
	}
	out.Content = append(out.Content, &sdk.TextContent{Text: strings.Join(append(summary(res), notes...), "\n")})
	if req.ProtocolVersion() < structuredSince {
		out.Content = append(out.Content, &sdk.TextContent{Text: string(structured)})
	}
	for i, o := range res.Outputs {
		size := o.Bytes
		out.Content = append(out.Content, &sdk.ResourceLink{URI: Output{res.ID, i + 1}.uri(), Name: path.Base(o.Path), MIMEType: o.MediaType, Size: &size})
	}
	return out
}

const (
	mostPictures    = 4            // that one answer shows
	structuredSince = "2025-06-18" // revision of the protocol with structured results
)

// summary says in words what the structured result says, for models that see
// only the text.
func summary(res *run.Result) []string {
	files := fmt.Sprintf("%d files", len(res.Outputs))
	if len(res.Outputs) == 1 {
		files = "1 file"
	}
	head := fmt.Sprintf("%s made %s on %s", res.Workflow, files, res.Backend)
	if res.Status != run.Succeeded {
		head += " and ended as " + string(res.Status)
	}
	if res.Seed != nil {
		head += ", seed " + res.Seed.String()
	}
	lines := []string{head + "."}
	for i, o := range res.Outputs {
		line := fmt.Sprintf("%d: %s (%s", i+1, where(o), o.MediaType)
		if o.Width != nil && o.Height != nil {
			line += fmt.Sprintf(", %dx%d", *o.Width, *o.Height)
		}
		line += ", " + Output{res.ID, i + 1}.uri() + ")"
		if o.Text != nil {
			line += " " + data(*o.Text)
		}
		lines = append(lines, line)
	}
	for _, w := range res.Warnings {
		lines = append(lines, "warning: "+data(w))
	}
	return lines
}

// failed is an error as an agent reads it: what is wrong with which argument, in
// the words that everybody reads. res is what the run left, nil for nothing.
func (s *Server) failed(res *run.Result, err error) *sdk.CallToolResult {
	p := s.o.Problem(err)
	structured := struct {
		Error  problem.Problem `json:"error"`
		Result *run.Result     `json:"result,omitempty"`
	}{p, res}
	out := &sdk.CallToolResult{IsError: true, Content: []sdk.Content{&sdk.TextContent{Text: failure(p)}}}
	if raw, err := json.Marshal(structured); err == nil {
		out.StructuredContent = json.RawMessage(raw)
	}
	return out
}

// failure words a problem. What a server said of it is marked.
func failure(p problem.Problem) string {
	message := p.Message
	if foreign(p.Code) {
		message = data(message)
	}
	lines := []string{p.Code + ": " + message}
	for _, f := range p.Problems {
		line := "- "
		if f.Parameter != "" {
			line += f.Parameter + ": "
		}
		text := f.Message
		if foreign(p.Code) {
			text = data(text)
		}
		line += text
		if f.Allowed != "" {
			line += " (allowed: " + f.Allowed + ")"
		}
		if help := problem.Advice(f); help != "" {
			line += "; " + help
		}
		lines = append(lines, line)
	}
	if p.Hint != "" {
		lines = append(lines, "hint: "+p.Hint)
	}
	if p.Retryable {
		lines = append(lines, "the same call may work later")
	}
	return strings.Join(lines, "\n")
}

// foreign reports whether the words of a problem come from a server.
func foreign(code string) bool {
	switch code {
	case problem.CodeRejected, problem.CodeNodeError, problem.CodeOutOfMemory, problem.CodeWorkerError, problem.CodeBackendStatus,
		problem.CodeNoCredit, problem.CodeUnknownEndpoint, problem.CodeUnreachable, problem.CodeLost, problem.CodeIncomplete, problem.CodeAmbiguous,
		problem.CodeCancelled, problem.CodeStorage, problem.CodeFailed, problem.CodeTimeout:
		return true
	}
	return false
}

// resultSchema describes what generate --json prints, or what went wrong. It is
// short, since clients get it with each tool; docs/json-output.md has all fields.
func resultSchema() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"id":{"type":"string"},"status":{"type":"string"},"seed":{"type":["integer","null"]},` +
		`"outputs":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"},"url":{"type":["string","null"]},"media_type":{"type":"string"}}}},` +
		`"warnings":{"type":"array","items":{"type":"string"}},"error":{"type":"object","description":"instead, when the call failed"}}}`)
}
