package supabase

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Limits of one request. A service that says nothing for stall, while it should
// read or write, is given up for this time.
const (
	connectTimeout = 5 * time.Second
	stall          = 60 * time.Second
	answerTimeout  = 2 * time.Minute // for the headers: a large object is copied before they come
	maxAnswer      = 16 << 20        // bytes of JSON; a page of a list is under one
	maxRefusal     = 64 << 10
)

// tries is how often a request is sent that is refused for the moment or gets no
// answer, and the pauses between them grow from pauseFirst to pauseMost.
const (
	tries      = 4
	pauseFirst = 200 * time.Millisecond
	pauseMost  = 5 * time.Second
)

// An api sends requests to the services of one project. The key goes to its
// origin and nowhere else: redirects are not followed, and addresses in answers
// are not called.
type api struct {
	base  *url.URL // …/storage/v1 or …/rest/v1
	key   string
	http  *http.Client
	pause func(ctx context.Context, d time.Duration) error
}

// A request can be sent several times.
type request struct {
	method string
	path   string // below the base, escaped, with its query
	header map[string]string
	body   func() io.Reader // nil = none
	size   int64            // of the body
	err    error            // the body could not be made
}

// withJSON gives a request a JSON body.
func (r request) withJSON(v any) request {
	data, err := json.Marshal(v)
	r.body, r.size, r.err = func() io.Reader { return bytes.NewReader(data) }, int64(len(data)), err
	header := map[string]string{"Content-Type": "application/json"}
	for name, value := range r.header {
		header[name] = value
	}
	r.header = header
	return r
}

// A refusal is an answer that is no success, in the words of the service: its
// status is often 400 whatever happened, and the code in the body says more.
type refusal struct {
	status     int           // of HTTP
	Status     text          `json:"statusCode"`
	Code       string        `json:"code"`
	Reason     string        `json:"error"`
	Message    string        `json:"message"`
	retryAfter time.Duration // 0 = it does not say
}

func (r *refusal) Error() string {
	switch {
	case r.Message != "":
		return "the service refused: " + r.Message
	case r.Code != "":
		return "the service refused: " + r.Code
	}
	return fmt.Sprintf("the service answered with status %d %s", r.status, http.StatusText(r.status))
}

// is reports whether the service gave one of the codes.
func (r *refusal) is(codes ...string) bool {
	for _, code := range codes {
		if r.Code == code {
			return true
		}
	}
	return false
}

// answers reports whether the answer, or what it says of itself, has the status.
func (r *refusal) answers(status int) bool {
	return r.status == status || string(r.Status) == strconv.Itoa(status)
}

// text is a JSON string, or a number that some versions give instead.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = text(strings.Trim(string(data), `"`))
	return nil
}

// errStalled means that the service neither took nor gave a byte for too long.
var errStalled = fmt.Errorf("the service was silent for %s", stall)

// newClient makes the client of a project. Its limits are per step and not for a
// whole transfer, which may take as long as it moves.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   2 * connectTimeout,
			ResponseHeaderTimeout: answerTimeout,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConnsPerHost:   8,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request once. An answer that is no success is a *refusal. The
// caller closes the body of the answer.
func (a *api) send(ctx context.Context, r request) (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	w := newWatch(ctx)
	var body io.Reader = http.NoBody
	if r.size > 0 {
		body = &sent{r.body(), w}
	}
	req, err := http.NewRequestWithContext(w.ctx, r.method, a.base.String()+r.path, body)
	if err != nil {
		w.end()
		return nil, err
	}
	req.ContentLength = r.size
	req.Header.Set("Accept-Encoding", "identity")
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Apikey", a.key)
	req.Header.Set("Authorization", "Bearer "+a.key)
	answer, err := a.http.Do(req)
	if err != nil {
		err = w.explain(err)
		w.end()
		return nil, plain(err)
	}
	w.expect(stall)
	answer.Body = &received{answer.Body, w}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		return nil, readRefusal(answer)
	}
	return answer, nil
}

// plain drops method and address that net/http puts before an error: ours say
// what was being done, and the address may hold a token.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func readRefusal(answer *http.Response) *refusal {
	r := &refusal{status: answer.StatusCode}
	data, _ := io.ReadAll(io.LimitReader(answer.Body, maxRefusal))
	if json.Unmarshal(data, r) != nil { // TUS answers in plain text
		*r = refusal{status: answer.StatusCode}
		if answer.StatusCode < 500 && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
			r.Message = oneLine(string(data))
		}
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		r.retryAfter = time.Duration(max(seconds, 0)) * time.Second
	}
	return r
}

// oneLine makes foreign text fit into a message.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "..."
	}
	return s
}

// call sends a request until it is answered, and decodes the JSON of the answer
// into v unless that is nil. The request may be sent several times.
func (a *api) call(ctx context.Context, r request, v any) error {
	return a.persist(ctx, func() error {
		answer, err := a.send(ctx, r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if v == nil {
			_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
			return err
		}
		data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
		switch {
		case err != nil:
			return err
		case len(data) > maxAnswer:
			return fmt.Errorf("the answer of %s is larger than %d MB", r.path, maxAnswer>>20)
		}
		if err := json.Unmarshal(data, v); err != nil {
			return &unreadableError{err}
		}
		return nil
	})
}

// An unreadableError means that the address answers, but not as Supabase does.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string {
	return "the answer is not Supabase's: is SUPABASE_URL the address of the project?"
}
func (e *unreadableError) Unwrap() error { return e.err }

// persist repeats what fails for the moment, a few times.
func (a *api) persist(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == tries || !passing(err) || ctx.Err() != nil {
			return err
		}
		if waitErr := a.pause(ctx, pauseBefore(try, err)); waitErr != nil {
			return err
		}
	}
}

// pauseBefore is how long to wait before the next try: what the service asks for,
// else twice as long each time, with some chance in it.
func pauseBefore(try int, err error) time.Duration {
	if r, ok := errors.AsType[*refusal](err); ok && r.retryAfter > 0 {
		return min(r.retryAfter, 2*pauseMost)
	}
	d := min(pauseFirst<<min(try-1, 8), pauseMost)
	return d/2 + rand.N(d)
}

// passing reports whether the same request may succeed later: the service is
// away, busy or locked, and did not refuse.
func passing(err error) bool {
	if errors.Is(err, errGone) {
		return true
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		for _, status := range []int{408, 423, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530, 544} {
			if r.answers(status) {
				return true
			}
		}
		return r.is("ResourceLocked", "LockTimeout", "SlowDown", "DatabaseTimeout", "Aborted")
	}
	var unreadable *unreadableError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var file *fs.PathError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &unreadable), errors.As(err, &file), errors.Is(err, storage.ErrName):
		return false
	case errors.As(err, &certificate), errors.As(err, &record):
		return false
	}
	return true // the network has too many words for it
}
