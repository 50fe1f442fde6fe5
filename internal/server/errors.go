package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run/repaint"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A statusError is an answer that is a problem, in the form of RFC 9457.
type statusError struct {
	Type       string       `json:"type" doc:"always about:blank: code tells kinds apart"`
	Title      string       `json:"title"`
	Status     int          `json:"status"`
	Detail     string       `json:"detail"`
	Code       string       `json:"code" doc:"as in easel help exit-codes"`
	Hint       string       `json:"hint,omitempty"`
	Errors     []fieldError `json:"errors,omitempty"`
	RetryAfter int          `json:"-"` // seconds; 0 = nothing is said
}

// A fieldError is what is wrong with one field of a request.
type fieldError struct {
	Field   string   `json:"field"`
	Message string   `json:"message"`
	Allowed string   `json:"allowed,omitempty"`
	Nearest []string `json:"nearest,omitempty"`
}

func (e *statusError) Error() string             { return e.Detail }
func (e *statusError) GetStatus() int            { return e.Status }
func (e *statusError) ContentType(string) string { return "application/problem+json" }

// GetHeaders are what a client needs to know beside the body.
func (e *statusError) GetHeaders() http.Header {
	h := http.Header{}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	if e.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="easel"`)
	}
	return h
}

// describedHint helps against what has no better advice.
const describedHint = "GET " + apiPath + "/openapi.json describes what this takes"

func (e *statusError) complete() *statusError {
	e.Type, e.Title = "about:blank", http.StatusText(e.Status)
	if e.Status == http.StatusBadRequest && e.Hint == "" {
		e.Hint = describedHint
	}
	return e
}

// newHumaError makes our problems of those that huma finds: malformed query
// parameters, bodies that are too large, and the like.
func newHumaError(status int, message string, errs ...error) huma.StatusError {
	e := &statusError{Status: status, Detail: message, Code: "invalid_request"}
	switch {
	case status == http.StatusUnprocessableEntity:
		e.Status = http.StatusBadRequest
	case status == http.StatusInternalServerError && message == "cannot read request body": // cut off, or no chunks
		e.Status, e.Detail, errs = http.StatusBadRequest, "The body of the request ended early", nil
	case status == http.StatusRequestEntityTooLarge:
		e.Code, e.Detail, errs = "too_large", "The body of the request is too large", nil
	case status == http.StatusRequestTimeout:
		e.Code, e.Detail = "too_slow", "The body of the request came too slowly"
	}
	for _, err := range errs {
		if err == nil {
			continue
		}
		if d, ok := err.(huma.ErrorDetailer); ok { // huma hands over the value itself
			detail := d.ErrorDetail()
			message := detail.Message
			if strings.HasPrefix(message, "invalid date/time") {
				message = "a time is written 2026-01-31T15:04:05Z"
			}
			e.Errors = append(e.Errors, fieldError{Field: fieldOf(detail.Location), Message: message})
			continue
		}
		e.Errors = append(e.Errors, fieldError{Message: err.Error()})
	}
	if len(e.Errors) > 0 && message == "validation failed" { // what is wrong helps more
		first := e.Errors[0]
		e.Detail = strings.TrimPrefix(first.Field+": "+first.Message, ": ")
	}
	switch status {
	case http.StatusRequestEntityTooLarge:
		e.Hint = "pictures go to POST " + apiPath + "/files, and of what is many, several requests are made"
	case http.StatusUnsupportedMediaType:
		e.Hint = "the body is JSON: send Content-Type: application/json"
	default:
		e.Hint = describedHint
	}
	return e.complete()
}

// fieldOf is a place in a request by the name that a client knows it by:
// body.graph is graph, query.limit is limit.
func fieldOf(location string) string {
	for _, part := range []string{"body", "query", "path", "header"} {
		if rest, ok := strings.CutPrefix(location, part+"."); ok {
			return rest
		}
	}
	return location
}

// failure makes an answer of any error.
func failure(err error) *statusError {
	var e *statusError
	switch {
	case errors.As(err, &e):
		return e.complete()
	case errors.Is(err, jobs.ErrNotFound):
		e = &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "Not found", Hint: "there is none of this id, or another key has it"}
	case errors.Is(err, jobs.ErrState):
		e = &statusError{Status: http.StatusConflict, Code: "conflict", Detail: "The job is in another state", Hint: "what waits or runs is cancelled and moved; what ended is retried or deleted"}
	case errors.Is(err, jobs.ErrKeyReused):
		e = &statusError{
			Status: http.StatusUnprocessableEntity, Code: "idempotency_key_reused", Detail: "The Idempotency-Key was used with another body",
			Hint: "use a new key for a new request",
		}
	case errors.Is(err, jobs.ErrText):
		e = &statusError{Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: "A text has characters that cannot be kept", Hint: "leave U+0000 out, and write UTF-8"}
	case errors.Is(err, jobs.ErrUnavailable):
		e = &statusError{Status: http.StatusServiceUnavailable, Code: "database_unavailable", Detail: "The database does not answer", RetryAfter: 2}
	default:
		e = ofProblem(err)
	}
	return e.complete()
}

// ofProblem words an error of the registry or the plan.
func ofProblem(err error) *statusError {
	p := problem.Of(err)
	e := &statusError{Status: http.StatusBadRequest, Code: p.Code, Detail: p.Message, Hint: p.Hint}
	var unknown *registry.UnknownWorkflowError
	var character *registry.UnknownCharacterError
	switch {
	case errors.As(err, &unknown):
		e.Status, e.Detail = http.StatusNotFound, "Workflow not found"
		e.Errors = []fieldError{{Field: "workflow_id", Message: unknown.Error(), Nearest: unknown.Nearest}}
		e.Hint = "GET " + apiPath + "/workflows lists them"
	case errors.As(err, &character):
		e.Detail = "Character not found"
		e.Errors = []fieldError{{Field: "character_id", Message: character.Error(), Nearest: character.Nearest}}
		e.Hint = "GET " + apiPath + "/characters lists them"
	case errors.Is(err, storage.ErrNotExist):
		e.Status, e.Code, e.Detail, e.Hint = http.StatusNotFound, "not_found", "The file is not in its store any more", ""
	case ofRequest(err, e), ofOwnFiles(err, e):
	case len(p.Problems) > 0:
		e.Detail, e.Hint = p.Problems[0].Message, adviceOn(err, p.Problems)
		for _, f := range p.Problems {
			e.Errors = append(e.Errors, fieldError{Field: f.Parameter, Message: f.Message, Allowed: f.Allowed, Nearest: f.Nearest})
		}
	case p.Exit == problem.ExitFailure:
		// Nothing that a client wrote: what it was stays in the log.
		e.Status, e.Code, e.Detail, e.Hint = http.StatusInternalServerError, "internal", "easel could not answer", "the server's log says why"
	}
	return e
}

// ofOwnFiles words what is wrong with files of the server. Who asks cannot mend them,
// and is not told where they are.
func ofOwnFiles(err error, e *statusError) bool {
	file, ok := errors.AsType[*registry.FileError](err)
	_, stored := errors.AsType[*storage.Error](err)
	if !ok && !stored {
		return false
	}
	if errors.Is(err, storage.ErrFull) {
		e.Status, e.Detail = http.StatusInsufficientStorage, "There is no space left on the server"
		return true
	}
	e.Status, e.Detail = http.StatusInternalServerError, "The server cannot read or write a file of its own"
	if ok {
		e.Detail = "A file of the server's workflows cannot be used: " + file.Message
	}
	e.Hint = "who runs the server mends that; its log says which file it is"
	return true
}

// ofEntry is the answer about an entry or a graph that a client sent. Its place is
// none of a file.
func ofEntry(err error, hint string) error {
	file, ok := errors.AsType[*registry.FileError](err)
	if !ok {
		return err
	}
	return &statusError{Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: file.Message, Hint: cmp.Or(file.Hint, hint)}
}

// adviceOn helps against what is wrong with parameters, in terms of the API.
func adviceOn(err error, problems []registry.Problem) string {
	const command = "easel " // hints with one are for who types it
	if advice := problem.Advice(problems[0]); len(problems) == 1 && advice != "" && !strings.Contains(advice, command) {
		return advice
	}
	if values, ok := errors.AsType[*registry.ValuesError](err); ok {
		return "GET " + apiPath + "/workflows/" + values.Workflow + " lists the parameters"
	}
	return ""
}

// ofRequest words what is wrong with the form of a body.
func ofRequest(err error, e *statusError) bool {
	var form *plan.FormError
	var key *plan.UnknownKeyError
	var mask *repaint.SpecError
	var file *registry.FileError
	switch {
	case errors.As(err, &form):
		e.Code, e.Detail, e.Hint = "invalid_parameter", form.Key+" must be "+form.Want, ""
		e.Errors = []fieldError{{Field: form.Key, Message: e.Detail}}
	case errors.As(err, &key):
		e.Code, e.Detail = "invalid_parameter", fmt.Sprintf("unknown key %q", key.Key)
		e.Errors = []fieldError{{Field: key.Key, Message: e.Detail, Nearest: key.Nearest}}
		if key.Nearest == nil {
			e.Errors[0].Nearest = nearest.To(key.Key, slices.Sorted(maps.Keys(oursForm)), 1)
		}
		e.Hint = strings.Replace(e.Hint, "; parameters", ", "+strings.Join(slices.Sorted(maps.Keys(oursForm)), ", ")+", items of a batch; parameters", 1)
	case errors.As(err, &mask):
		field := "mask_" + string(mask.Part)
		if mask.Part == repaint.PartExpand {
			field = string(mask.Part)
		}
		e.Code, e.Detail = "invalid_parameter", field+": "+mask.Reason
		e.Errors = []fieldError{{Field: field, Message: mask.Reason}}
	case errors.As(err, &file) && slices.ContainsFunc(bodies(), func(name string) bool { return file.Path == name || strings.HasPrefix(file.Path, name+",") }):
		e.Code, e.Detail = "invalid_request", file.Error()
		e.Hint = "a body is one JSON object in UTF-8, each key once: " + apiPath + "/openapi.json describes it"
	default:
		return false
	}
	return true
}

// bodies are what bodies are called when they are read.
func bodies() []string { return []string{requestBody, itemBody, presetBody, characterBody} }

const (
	requestBody   = "the request"
	itemBody      = "the item"
	presetBody    = "the preset"
	characterBody = "the character"
)

// jsonObject is a body as it may be kept: one JSON object, without a byte order mark.
func jsonObject(name string, body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if _, err := registry.DecodeObject(name, body); err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, jobs.ErrText
	}
	if !json.Valid(body) { // with comments, say, which files may have
		return nil, &registry.FileError{Path: name, Message: "is not JSON as RFC 8259 has it"}
	}
	return body, nil
}

// fail writes a problem outside of huma.
func (s *Server) fail(w http.ResponseWriter, err error) {
	e := failure(err)
	for name, values := range e.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", e.ContentType(""))
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(e) // the client is gone
}

// refused is the error of a huma handler.
func (s *Server) refused(err error) error {
	if err == nil {
		return nil
	}
	e := failure(err)
	if e.Status >= http.StatusInternalServerError {
		s.o.Log.Error("a request failed", "error", err)
	}
	return e
}
