package emulator

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// An exchange is one request with what the faults do to its answer.
type exchange struct {
	in       *instance
	r        *http.Request
	out      *meter
	endpoint string
	started  time.Time
	fault    string
}

func (x *exchange) log() {
	x.in.server.logRequest(Request{
		Time: x.started, Method: x.r.Method, Path: x.r.URL.Path, Query: x.r.URL.RawQuery,
		Status: x.out.status, Bytes: x.out.bytes, Client: x.r.RemoteAddr,
		Duration: time.Since(x.started), Fault: x.fault,
	})
}

// take asks for a fault at this endpoint and notes it for the log.
func (x *exchange) take(name string) (Fault, bool) {
	f, ok := x.in.faults.take(name, x.endpoint)
	if ok {
		x.fault = f.String()
	}
	return f, ok
}

// serve answers with next, unless a fault answers instead or spoils the reply.
func (x *exchange) serve(next http.HandlerFunc) {
	if x.instead() {
		return
	}
	for _, spoil := range []struct {
		name string
		do   func(Fault, *recording)
	}{
		{FaultReplyLost, func(Fault, *recording) { x.abort() }},
		{FaultReplyStatus, func(f Fault, _ *recording) { x.proxyPage(f) }},
		{FaultReplyDelay, x.late},
		{FaultReplyCut, x.cutShort},
		{FaultReplyStall, x.stall},
		{FaultReplyDrip, x.drip},
		{FaultLengthLies, x.lie},
	} {
		if f, ok := x.take(spoil.name); ok {
			rec := &recording{header: http.Header{}}
			next(rec, x.r)
			spoil.do(f, rec)
			return
		}
	}
	next(x.out, x.r)
}

// instead answers without the server, as a gateway in front of it does.
func (x *exchange) instead() bool {
	if f, ok := x.take(FaultStatus); ok {
		if f.RetryAfter > 0 {
			x.out.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
		x.proxyPage(f)
		return true
	}
	if f, ok := x.take(FaultRedirect); ok {
		x.out.Header().Set("Location", f.URL)
		x.out.WriteHeader(http.StatusFound)
		return true
	}
	if _, ok := x.take(FaultHTML); ok {
		x.foreignBody("html")
		return true
	}
	if f, ok := x.take(FaultBody); ok {
		x.foreignBody(f.Kind)
		return true
	}
	return false
}

// abort cuts the connection without a header.
func (x *exchange) abort() { panic(http.ErrAbortHandler) }

// proxyPage is the answer of something that stands before the server.
func (x *exchange) proxyPage(f Fault) {
	text := strconv.Itoa(f.Status) + " " + http.StatusText(f.Status)
	x.out.Header().Set("Content-Type", "text/html")
	x.out.WriteHeader(f.Status)
	_, _ = io.WriteString(x.out, "<html>\r\n<head><title>"+text+"</title></head>\r\n<body>\r\n<center><h1>"+text+
		"</h1></center>\r\n<hr><center>easel emulator</center>\r\n</body>\r\n</html>\r\n")
}

func (x *exchange) late(f Fault, rec *recording) {
	ctx, done := x.bounded()
	defer done()
	if wait(ctx, f.Duration) != nil {
		x.abort()
	}
	rec.replay(x.out)
}

// bounded gives a context that ends with the client, or with the server.
func (x *exchange) bounded() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(x.r.Context())
	stop := context.AfterFunc(x.in.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

func (x *exchange) cutShort(f Fault, rec *recording) {
	rec.header.Set("Content-Length", strconv.Itoa(len(rec.body)))
	rec.body = rec.body[:min(f.Bytes, int64(len(rec.body)))]
	rec.replay(x.out)
	x.out.flush()
	x.abort()
}

func (x *exchange) stall(f Fault, rec *recording) {
	rec.header.Set("Content-Length", strconv.Itoa(len(rec.body)))
	rec.body = rec.body[:min(f.Bytes, int64(len(rec.body)))]
	rec.replay(x.out)
	x.out.flush()
	ctx, done := x.bounded()
	defer done()
	<-ctx.Done()
	x.abort()
}

func (x *exchange) drip(f Fault, rec *recording) {
	body := rec.body
	rec.header.Set("Content-Length", strconv.Itoa(len(body)))
	rec.body = nil
	rec.replay(x.out)
	x.out.flush()
	ctx, done := x.bounded()
	defer done()
	for i := range body {
		if wait(ctx, f.Duration) != nil {
			x.abort()
		}
		_, _ = x.out.Write(body[i : i+1])
		x.out.flush()
	}
}

// lie writes past net/http, which would not let it.
func (x *exchange) lie(f Fault, rec *recording) {
	conn, rw, err := x.out.hijack()
	if err != nil {
		x.abort()
	}
	defer func() { _ = conn.Close() }()
	rec.header.Set("Content-Length", strconv.FormatInt(f.Bytes, 10))
	status := orDefault(rec.status, http.StatusOK)
	x.out.status, x.out.bytes = status, int64(len(rec.body))
	_, _ = rw.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	_ = rec.header.Write(rw)
	_, _ = rw.WriteString("\r\n")
	_, _ = rw.Write(rec.body)
	_ = rw.Flush()
}

// A meter counts what is written to the client.
type meter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController find the original writer.
func (m *meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

func (m *meter) WriteHeader(status int) {
	if m.status == 0 {
		m.status = status
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *meter) Write(b []byte) (int, error) {
	if m.status == 0 {
		m.status = http.StatusOK
	}
	n, err := m.ResponseWriter.Write(b)
	m.bytes += int64(n)
	return n, err
}

// Hijack implements http.Hijacker: a WebSocket counts as 101.
func (m *meter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	m.status = http.StatusSwitchingProtocols
	return m.hijack()
}

func (m *meter) hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(m.ResponseWriter).Hijack()
}

func (m *meter) flush() { _ = http.NewResponseController(m.ResponseWriter).Flush() }

// A recording is an answer that was not sent yet.
type recording struct {
	header http.Header
	status int
	body   []byte
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recording) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}

func (r *recording) replay(w http.ResponseWriter) {
	for k, v := range r.header {
		w.Header()[k] = v
	}
	w.WriteHeader(orDefault(r.status, http.StatusOK))
	_, _ = w.Write(r.body)
}
