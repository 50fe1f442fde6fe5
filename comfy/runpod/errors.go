package runpod

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// UnknownEndpointError means that RunPod has no endpoint of an id, for this key.
type UnknownEndpointError struct {
	ID      string
	Nearest []string // ids and names there are
}

func (e *UnknownEndpointError) Error() string {
	return fmt.Sprintf("RunPod knows no endpoint %s for this key", e.ID)
}

// Permanent reports that the same question has the same answer again.
func (*UnknownEndpointError) Permanent() bool { return true }

// PayloadError means that a run is larger than RunPod takes in one request.
type PayloadError struct {
	Size  int64 // bytes of the request
	Files int64 // of those, bytes of input files as they travel
	Limit int64 // bytes; 0 = RunPod did not say
}

func (e *PayloadError) Error() string {
	if e.Limit == 0 {
		return fmt.Sprintf("RunPod refused the request as too large (413): it has %d bytes", e.Size)
	}
	return fmt.Sprintf("the request has %s and RunPod takes %s: input files are %s of it, which grow by a third on the way",
		megabytes(e.Size), megabytes(e.Limit), megabytes(e.Files))
}

// Unwrap makes it what a refusal for size is elsewhere.
func (e *PayloadError) Unwrap() error {
	return &comfy.TooLargeError{What: "the request", Limit: e.Limit, Sent: true}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// A RefusedError is a question that RunPod answered with 400, or another status
// that says nothing else.
type RefusedError struct {
	What    string // "POST /run"
	Status  int
	Message string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("RunPod refused %s (%d): %s", e.What, e.Status, e.Message)
}

// Permanent reports that the same question is refused again.
func (*RefusedError) Permanent() bool { return true }

// NoCreditError means that the account cannot pay (402).
type NoCreditError struct{ Message string }

// Permanent reports that the same question is refused again.
func (*NoCreditError) Permanent() bool { return true }

func (e *NoCreditError) Error() string { return "the RunPod account is out of credit: " + e.Message }

// refusal turns a status of RunPod into an error, for what the caller does not
// know better.
func refusal(w *transport.Client, k transport.Call, a transport.Answer) error {
	switch {
	case a.Status == http.StatusPaymentRequired:
		return &NoCreditError{Message: words(a)}
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		what := "the key is not valid, or was revoked (401)"
		if a.Status == http.StatusForbidden {
			what = "the key may not do this (403)"
		}
		return &comfy.AuthError{Address: w.Address(), Status: a.Status, Reason: what, Variable: KeyVariable}
	case transport.PassingStatus(a.Status), a.HTML():
		return w.PlainStatus(k, a)
	}
	return &RefusedError{What: k.String(), Status: a.Status, Message: words(a)}
}

// words are what an answer says, in one line.
func words(a transport.Answer) string {
	if text := messageIn(a.Body); text != "" {
		return transport.Excerpt(text, 500)
	}
	return strings.TrimSpace(transport.Words(a))
}
