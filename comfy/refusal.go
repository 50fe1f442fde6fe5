package comfy

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

// RedirectError means that the server wanted to send us, and our credentials, elsewhere.
type RedirectError struct {
	To string // scheme and host
}

func (e *RedirectError) Error() string { return "redirected to another origin, " + e.To }

// checkRedirect keeps redirects on the origin, and bodies where they were sent.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if req.URL.Scheme != c.base.Scheme || req.URL.Host != c.base.Host || req.URL.User != nil {
		return &RedirectError{To: req.URL.Scheme + "://" + req.URL.Host}
	}
	if len(via) > 3 || first.Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	return nil
}

// transportError turns the failure to get any answer into a typed error.
func (c *Client) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return ctx.Err()
	}
	var auth *AuthError
	if errors.As(err, &auth) {
		return auth
	}
	return &UnreachableError{Address: c.Address(), Reason: TransportReason(err), Err: err}
}

// TransportReason says in a few words why an HTTP request got no answer, without
// the address.
func TransportReason(err error) string {
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

// statusError turns an answer that is not 2xx into a typed error.
func (c *Client) statusError(k call, a answer) error {
	switch a.status {
	case http.StatusUnauthorized:
		return &AuthError{Address: c.Address(), Status: a.status, Reason: "it wants a login (401)"}
	case http.StatusForbidden:
		return &AuthError{Address: c.Address(), Status: a.status, Reason: "access is forbidden (403)"}
	case http.StatusRequestEntityTooLarge:
		return &TooLargeError{What: "the request " + k.verb() + " " + k.path, Limit: bodyLimit(a.body), Sent: true}
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return &UnreachableError{Address: c.Address(), Reason: fmt.Sprintf("it has no %s (%d); is this a ComfyUI?", k.path, a.status), Err: c.plainStatus(k, a)}
	}
	return c.plainStatus(k, a)
}

func (c *Client) plainStatus(k call, a answer) *StatusError {
	e := &StatusError{Address: c.Address(), Method: k.verb(), Path: k.path, Status: a.status, RetryAfter: retryAfter(a.header)}
	if !a.html() {
		e.Body = excerpt(string(a.body), 300)
	} else {
		e.Body = "an HTML page"
	}
	return e
}

// excerpt is the beginning of a text as one line.
func excerpt(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit]
	}
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	return s
}

// retryAfter reads the header in both forms; 0 when absent or senseless.
func retryAfter(h http.Header) time.Duration {
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

// passing reports whether a failure may pass by itself, so that a harmless
// call is worth repeating. A refused connection is not: whoever is patient
// waits outside.
func passing(err error) bool {
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
		return passingStatus(status.Status)
	}
	return false
}

func passingStatus(s int) bool {
	switch s {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 530:
		return true
	}
	return s >= 520 && s <= 524
}
