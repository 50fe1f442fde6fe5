package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// The pace of a request's body: so long nothing may come, and what came may have
// taken so long on the whole. Who is slower is cut off, so that a thousand
// connections on which hardly anything comes hold nothing for long.
const (
	bodyGrace = 10 * time.Second
	bodyPace  = 4 << 10 // bytes a second
)

// paced lets a request's body take its time, and no more. Also one that nobody reads
// is bounded: the server looks for its end before it uses the connection again.
func paced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w), begun: time.Now()}
		b.allow()
		r.Body = b
		next.ServeHTTP(w, r)
	})
}

type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	begun   time.Time
	read    int64
}

// allow sets when the next bytes must have come.
func (b *pacedBody) allow() {
	due := b.begun.Add(bodyGrace + time.Duration(b.read)*time.Second/bodyPace)
	if most := time.Now().Add(bodyGrace); due.After(most) {
		due = most
	}
	_ = b.control.SetReadDeadline(due) // a connection without deadlines waits
}

func (b *pacedBody) Read(p []byte) (int, error) {
	b.allow()
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case errors.Is(err, io.EOF): // the answer may take longer
		_ = b.control.SetReadDeadline(time.Time{})
	case isTimeout(err):
		err = slowBody{&statusError{
			Status: http.StatusRequestTimeout, Code: "too_slow", Detail: "The body of the request came too slowly",
			Hint: "nothing may come for 10 s, and 4 KiB a second are the least",
		}}
	case err != nil: // it was cut off, or its chunks are none
		err = &statusError{Status: http.StatusBadRequest, Code: "invalid_input", Detail: "The body of the request ended early", Hint: "send it again"}
	}
	return n, err
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// slowBody is a net.Error, by which huma knows that a body was too slow.
type slowBody struct{ *statusError }

func (e slowBody) Unwrap() error { return e.statusError }
func (slowBody) Timeout() bool   { return true }
func (slowBody) Temporary() bool { return false }
