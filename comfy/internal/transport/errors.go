package transport

import (
	"cmp"
	"fmt"
	"time"
)

// UnreachableError means that nobody answered at the address, or who answered is not a
// ComfyUI.
type UnreachableError struct {
	Of      string // who is expected there; "" = ComfyUI
	Address string // without credentials
	Reason  string // "connection refused", "a web page answered GET /queue: ...", ...
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot reach %s at %s: %s", cmp.Or(e.Of, "ComfyUI"), e.Address, e.Reason)
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// AuthError means that the server, or a proxy in front of it, refused our credentials,
// or a secret was withheld from an address that may not have it.
type AuthError struct {
	Address string
	Status  int // 401 or 403, 0 when nothing was sent
	Reason  string
	// Variable is the one of the environment that holds the secret for this place,
	// "" where each backend has its own.
	Variable string
}

func (e *AuthError) Error() string {
	if e.Status == 0 && e.Variable != "" {
		return e.Address + " was not asked: " + e.Reason
	}
	return fmt.Sprintf("%s refused access: %s", e.Address, e.Reason)
}

// ChallengeError means that a guard in front of the server answered with a page
// that only a browser can pass. No password helps.
type ChallengeError struct {
	Guard  string // "Cloudflare"
	Status int
}

func (e *ChallengeError) Error() string {
	return fmt.Sprintf("%s answered %d with a challenge, which only a browser can pass", e.Guard, e.Status)
}

// PageError means that a web page came where an API answers: it is no API's
// address, or a proxy or a login stands before it.
type PageError struct{ What string } // was asked: "GET /queue"

func (e *PageError) Error() string { return "a web page answered " + e.What }

// TimeoutError means that a limit of ours ran out.
type TimeoutError struct {
	What  string
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("%s: no end after %s", e.What, e.After) }

// Timeout reports true, as net.Error does.
func (e *TimeoutError) Timeout() bool { return true }

// StatusError is an HTTP answer that none of the other errors describe.
type StatusError struct {
	Address    string
	Method     string
	Path       string
	Status     int
	Body       string        // bounded, one line
	RetryAfter time.Duration // from the header, 0 when absent
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s %s at %s answered %d", e.Method, e.Path, e.Address, e.Status)
	if e.Body != "" {
		s += ": " + e.Body
	}
	return s
}

// TooLargeError means that the server sent, or was about to be sent, more than a limit allows.
type TooLargeError struct {
	What  string
	Limit int64 // bytes; 0 = whoever refused it did not say
	Sent  bool  // it is a request, which the server or a proxy refused (413)
}

func (e *TooLargeError) Error() string {
	if e.Limit == 0 {
		return e.What + " is larger than the server takes"
	}
	return fmt.Sprintf("%s is larger than the limit of %d bytes", e.What, e.Limit)
}

// RedirectError means that the server wanted to send us, and our credentials, elsewhere.
type RedirectError struct {
	To string // scheme and host
}

func (e *RedirectError) Error() string { return "redirected to another origin, " + e.To }
