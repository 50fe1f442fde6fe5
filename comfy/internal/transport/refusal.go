package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// TransportError turns the failure to get any answer into a typed error.
func (c *Client) TransportError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return ctx.Err()
	}
	var auth *AuthError
	if errors.As(err, &auth) {
		return auth
	}
	return &UnreachableError{Of: c.Of, Address: c.Address(), Reason: Reason(err), Err: err}
}

// Reason says in a few words why an HTTP request got no answer, without
// the address.
func Reason(err error) string {
	var ue *url.Error // its text repeats method and address
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var (
		redirect *RedirectError
		dns      *net.DNSError
		cert     *tls.CertificateVerificationError
		host     x509.HostnameError
		record   tls.RecordHeaderError
		netErr   net.Error
	)
	switch {
	case errors.As(err, &redirect):
		return redirect.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &dns):
		return "the name " + dns.Name + " cannot be resolved"
	case errors.As(err, &host), errors.As(err, &cert):
		return "its certificate is not valid: " + err.Error()
	case errors.As(err, &record):
		return "it does not speak TLS"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it speaks http, not https"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to it"
	case errors.As(err, &netErr) && netErr.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection broke"
	}
	return err.Error()
}

// StatusError turns an answer that is not 2xx into a typed error.
func (c *Client) StatusError(k Call, a Answer) error {
	if guard := challenge(a); guard != "" {
		return c.challenged(guard, a.Status)
	}
	switch a.Status {
	case http.StatusUnauthorized:
		return &AuthError{Address: c.Address(), Variable: c.Variable, Status: a.Status, Reason: "it wants a login (401)"}
	case http.StatusForbidden:
		return &AuthError{Address: c.Address(), Variable: c.Variable, Status: a.Status, Reason: "access is forbidden (403)"}
	case http.StatusRequestEntityTooLarge:
		return &TooLargeError{What: "the request " + k.String(), Limit: bodyLimit(a.Body), Sent: true}
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return &UnreachableError{Of: c.Of, Address: c.Address(), Reason: fmt.Sprintf("it has no %s (%d); is this %s?", k.Path, a.Status, c.what()), Err: c.PlainStatus(k, a)}
	}
	return c.PlainStatus(k, a)
}

func (c *Client) challenged(guard string, status int) error {
	return &UnreachableError{
		Of: c.Of, Address: c.Address(), Reason: fmt.Sprintf("%s in front of it answered %d with a challenge page, which only a browser can pass", guard, status),
		Err: &ChallengeError{Guard: guard, Status: status},
	}
}

// challenge names the guard that wants to see a browser, "" when none answered.
func challenge(a Answer) string {
	switch {
	case a.Header.Get("Cf-Mitigated") == "challenge":
		return "Cloudflare"
	case a.HTML() && (bytes.Contains(a.Body, []byte("/cdn-cgi/challenge-platform/")) || bytes.Contains(a.Body, []byte("<title>Just a moment..."))):
		return "Cloudflare"
	}
	return ""
}

// PlainStatus is the answer as it is.
func (c *Client) PlainStatus(k Call, a Answer) *StatusError {
	e := &StatusError{Address: c.Address(), Method: k.verb(), Path: k.Path, Status: a.Status, RetryAfter: RetryAfter(a.Header)}
	if !a.HTML() {
		e.Body = Excerpt(string(a.Body), 300)
	} else {
		e.Body = "an HTML page"
	}
	return e
}

// Words are what a refusal says, in one line: its text, or its status.
func Words(a Answer) string {
	words := Excerpt(string(a.Body), 300)
	if words == "" || a.HTML() {
		words = http.StatusText(a.Status)
	}
	return fmt.Sprintf("%s (%d)", words, a.Status)
}

// Excerpt is the beginning of a text as one line.
func Excerpt(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit]
	}
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	return s
}

// RetryAfter reads the header in both forms; 0 when absent or senseless.
func RetryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 3600)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(t), 0), time.Hour)
	}
	return 0
}

// bodyLimit reads aiohttp's "Maximum request body size N exceeded"; 0 when it is not that.
func bodyLimit(body []byte) int64 {
	_, rest, ok := bytes.Cut(body, []byte("body size "))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	n, _ := strconv.ParseInt(string(digits), 10, 64)
	return n
}

// Passing reports whether a failure may pass by itself, so that a harmless
// call is worth repeating. A refused connection is not: whoever is patient
// waits outside.
func Passing(err error) bool {
	var (
		status *StatusError
		gone   *UnreachableError
	)
	switch {
	case errors.As(err, &gone):
		if gone.Err == nil || errors.Is(gone.Err, syscall.ECONNREFUSED) {
			return false
		}
		var (
			redirect *RedirectError
			dns      *net.DNSError
			timeout  *TimeoutError
			inner    *StatusError
		)
		return !errors.As(gone.Err, &redirect) && !errors.As(gone.Err, &dns) && !errors.As(gone.Err, &timeout) && !errors.As(gone.Err, &inner) &&
			(errors.Is(gone.Err, io.EOF) || errors.Is(gone.Err, io.ErrUnexpectedEOF) || errors.Is(gone.Err, syscall.ECONNRESET) || errors.Is(gone.Err, syscall.EPIPE))
	case errors.As(err, &status):
		return PassingStatus(status.Status)
	}
	return false
}

// PassingStatus reports whether a status may pass by itself.
func PassingStatus(s int) bool {
	switch s {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 530:
		return true
	}
	return s >= 520 && s <= 524
}

// ErrClosed answers whoever uses a client after its end.
var ErrClosed = errors.New("the client is closed")

// Temporary reports whether a failed question is worth repeating for as long
// as its asker is patient. A refused login is not, and neither is a closed client.
func Temporary(ctx context.Context, err error) bool {
	var auth *AuthError
	var big *TooLargeError
	var guard *ChallengeError
	return ctx.Err() == nil && !errors.As(err, &auth) && !errors.As(err, &big) && !errors.As(err, &guard) && !errors.Is(err, ErrClosed)
}
