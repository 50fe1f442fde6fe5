package mcp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// argumentsName is what messages call the arguments of a call.
const argumentsName = "the arguments"

// decode reads the arguments of a call; absent ones and null are none.
func decode(raw json.RawMessage) ([]registry.NamedValue, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	members, err := registry.DecodeObject(argumentsName, raw)
	return slices.DeleteFunc(members, func(m registry.NamedValue) bool { return string(m.JSON) == "null" }), err
}

// find is the argument of a tool that has a name, or nil.
func find(args []argument, name string) *argument {
	i := slices.IndexFunc(args, func(a argument) bool { return a.name == name })
	if i < 0 {
		i = slices.IndexFunc(args, func(a argument) bool { return plan.SameName(a.name, name) })
	}
	if i < 0 {
		return nil
	}
	return &args[i]
}

// request makes of a call's arguments the request that the HTTP API would get.
// Names that nothing has stay parameters, so that the registry says what is
// nearest. The files are found by the engine.
func (s *Server) request(ctx context.Context, t *tool, given []registry.NamedValue, roots []string) (Request, error) {
	body := object{}.with("workflow_id", t.workflow.ID)
	var params, inputs object
	var files []File
	for _, m := range given {
		a := find(t.arguments, m.Name)
		switch {
		case a == nil && strings.Contains(m.Name, "."):
			return Request{}, unknownArgument(t.workflow.ID, m.Name) // "12.steps" would reach any input of the graph
		case a == nil:
			params = append(params, run.NamedValue(m))
		case a.key != "":
			body = append(body, run.NamedValue{Name: a.key, JSON: m.JSON})
		case !a.file():
			params = append(params, run.NamedValue{Name: a.param.Name, JSON: m.JSON})
		default:
			found, raw, err := s.files(ctx, a.param, m.JSON, roots)
			if err != nil {
				return Request{}, err
			}
			files = append(files, found...)
			inputs = append(inputs, run.NamedValue{Name: a.param.Name, JSON: raw})
		}
	}
	if len(params) > 0 {
		body = body.with("params", params)
	}
	if len(inputs) > 0 {
		body = body.with("inputs", inputs)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Request{}, err
	}
	req, err := plan.DecodeRequest(argumentsName, raw)
	return Request{req, raw, files}, err
}

func unknownArgument(workflow, name string) error {
	return &registry.ValuesError{Workflow: workflow, Problems: []registry.Problem{{Parameter: name, Message: fmt.Sprintf("Parameter '%s' not supported", name)}}}
}

// files finds the files that one argument names, and says how the order calls
// them. What is no text is left for the registry to refuse.
func (s *Server) files(ctx context.Context, p *registry.Parameter, raw json.RawMessage, roots []string) ([]File, json.RawMessage, error) {
	var one string
	var several []string
	if json.Unmarshal(raw, &one) == nil {
		f, err := s.file(ctx, p, one, roots)
		return []File{f}, comfy.RawString(f.Name), err
	}
	if json.Unmarshal(raw, &several) != nil {
		return nil, raw, nil
	}
	files, names := make([]File, len(several)), make([]string, len(several))
	for i, name := range several {
		var err error
		if files[i], err = s.file(ctx, p, name, roots); err != nil {
			return nil, nil, err
		}
		names[i] = files[i].Name
	}
	list, err := json.Marshal(names)
	return files, list, err
}

func (s *Server) file(ctx context.Context, p *registry.Parameter, name string, roots []string) (File, error) {
	in := Input{Parameter: p.Name, Name: name, Roots: roots}
	switch {
	case name == "" || name == "-":
		return File{}, &run.InputError{Parameter: p.Name, Reason: "is empty", Hint: "give " + fileDoc}
	case strings.HasPrefix(name, "data:"):
		content, err := dataURI(name)
		if err != nil {
			return File{}, &run.InputError{Parameter: p.Name, File: "data:", Reason: "cannot be read: " + err.Error(), Hint: "write data:image/png;base64,..."}
		}
		in.Name, in.Data = "", content
	case strings.HasPrefix(name, outputsURI):
		out, ok := parseOutput(name)
		if !ok {
			return File{}, &run.InputError{Parameter: p.Name, File: name, Reason: "is no id of a result", Hint: "write " + outputsURI + "RUN/N"}
		}
		in.Name, in.Output = "", &out
	case strings.HasPrefix(name, "file:"):
		path, err := filePath(name)
		if err != nil {
			return File{}, &run.InputError{Parameter: p.Name, File: name, Reason: "is no path of this machine", Hint: "write file:///PATH"}
		}
		in.Name = path
	}
	return s.o.Engine.Input(ctx, in)
}

// dataURI is the content of a data: URI with base64 (RFC 2397).
func dataURI(uri string) ([]byte, error) {
	head, body, ok := strings.Cut(strings.TrimPrefix(uri, "data:"), ",")
	kind, base := strings.CutSuffix(head, ";base64")
	if !ok || !base {
		return nil, errors.New("it is no data: URI with base64")
	}
	if _, _, err := mime.ParseMediaType(kind); kind != "" && err != nil {
		return nil, err
	}
	body = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '=' {
			return -1
		}
		return r
	}, body)
	content, err := base64.RawStdEncoding.DecodeString(body)
	if err == nil && len(content) == 0 {
		err = errors.New("it is empty")
	}
	return content, err
}

// The addresses of what easel has.
const (
	outputsURI = "easel://outputs/" // RUN/N
	recordsURI = "easel://records/" // RUN
)

func (o Output) uri() string { return outputsURI + o.Run + "/" + strconv.Itoa(o.N) }

// parseOutput reads easel://outputs/RUN/N; without N it is the first.
func parseOutput(uri string) (Output, bool) {
	id, number, several := strings.Cut(strings.TrimPrefix(uri, outputsURI), "/")
	n := 1
	if several {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 1 {
			return Output{}, false
		}
	}
	return Output{Run: id, N: n}, id != "" && !strings.Contains(id, "/")
}

// filePath is the path in a file: URI of this machine.
func filePath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return "", fmt.Errorf("%q is no file of this machine", uri)
	}
	path := u.Path
	if len(path) > 3 && path[2] == ':' { // /C:/pictures
		path = path[1:]
	}
	return path, nil
}
