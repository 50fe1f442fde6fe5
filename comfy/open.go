package comfy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	openTries   = 3    // attempts in a row that bring nothing, or too little in time
	maxResumes  = 100  // attempts in all
	leastGain   = 1024 // bytes that a download must gain within Timeouts.Idle
	resumeFirst = 100 * time.Millisecond
)

// Open implements Backend. A download that is cut goes on where it stopped, as
// long as the server says by ETag that the file is the same.
func (c *Client) Open(ctx context.Context, o Output) (io.ReadCloser, int64, error) {
	switch {
	case o.Inline != nil:
		return io.NopCloser(strings.NewReader(string(o.Inline))), int64(len(o.Inline)), nil
	case o.Filename == "":
		return io.NopCloser(strings.NewReader(o.Text)), int64(len(o.Text)), nil
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &download{c: c, ctx: ctx, cancel: cancel, output: o, size: -1}
	if err := c.again(ctx, d.begin); err != nil {
		cancel()
		return nil, 0, err
	}
	return d, d.size, nil
}

// A download reads one file of /view.
type download struct {
	c      *Client
	ctx    context.Context
	cancel context.CancelFunc
	output Output
	size   int64  // -1 = not known
	tag    string // ETag of the file
	off    int64
	err    error // sticky

	body     io.ReadCloser
	stop     context.CancelFunc // ends the present request
	watch    *time.Timer
	gained   int64 // since the watch was set
	brought  int64 // by the present request
	failures int   // attempts in a row that brought nothing, or too little in time
	resumes  int

	mu      sync.Mutex
	stalled bool
}

// begin asks for the file, from the beginning or, once bytes came, from there.
func (d *download) begin() error {
	ctx, stop := context.WithCancel(d.ctx)
	k := call{path: "/view", query: url.Values{
		"filename": {d.output.Filename}, "subfolder": {d.output.Subfolder}, "type": {d.output.Type},
	}, header: http.Header{"Accept-Encoding": {"identity"}}}
	if d.off > 0 {
		k.header.Set("Range", "bytes="+strconv.FormatInt(d.off, 10)+"-")
		k.header.Set("If-Range", d.tag)
	}
	answering := time.AfterFunc(d.c.times.Answer, stop)
	resp, err := d.c.send(ctx, k)
	if !answering.Stop() && d.ctx.Err() == nil {
		if err == nil {
			_ = resp.Body.Close()
		}
		stop()
		return &UnreachableError{
			Address: d.c.Address(), Reason: fmt.Sprintf("no answer to GET /view within %s", d.c.times.Answer),
			Err: &TimeoutError{What: "GET /view", After: d.c.times.Answer},
		}
	}
	if err != nil {
		stop()
		return err
	}
	if err := d.accept(k, resp); err != nil {
		_ = resp.Body.Close()
		stop()
		return err
	}
	d.body, d.stop, d.gained, d.brought = resp.Body, stop, 0, 0
	d.stalled = false
	d.watch = time.AfterFunc(d.c.times.Idle, func() {
		d.mu.Lock()
		d.stalled = true
		d.mu.Unlock()
		stop()
	})
	return nil
}

// accept checks the head of an answer.
func (d *download) accept(k call, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return &NotFoundError{Output: d.output}
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		return d.c.statusError(k, answer{resp.StatusCode, resp.Header, body})
	case d.off == 0 && resp.StatusCode == http.StatusOK:
		if resp.ContentLength > d.c.limits.File {
			return &TooLargeError{What: d.name(), Limit: d.c.limits.File}
		}
		d.size = resp.ContentLength
		if resp.Uncompressed {
			d.size = -1
		}
		d.tag = resp.Header.Get("ETag")
		return nil
	}
	from := fmt.Sprintf("bytes %d-", d.off)
	if d.off == 0 || resp.StatusCode != http.StatusPartialContent ||
		resp.Header.Get("ETag") != d.tag || !strings.HasPrefix(resp.Header.Get("Content-Range"), from) {
		return &UnreachableError{Address: d.c.Address(), Reason: "the download of " + d.name() + " broke off and cannot go on: the server does not continue the same file"}
	}
	return nil
}

func (d *download) name() string {
	return fmt.Sprintf("output %d of node %s", d.output.Index+1, d.output.Node)
}

// Read implements io.Reader. It ends with io.EOF only when the length that the
// server announced was read.
func (d *download) Read(p []byte) (int, error) {
	for d.err == nil {
		n, err := d.body.Read(p)
		d.off += int64(n)
		d.brought += int64(n)
		if d.gained += int64(n); d.gained >= leastGain {
			d.gained = 0
			d.watch.Reset(d.c.times.Idle)
		}
		switch {
		case d.off > d.c.limits.File:
			d.err = &TooLargeError{What: d.name(), Limit: d.c.limits.File}
			return 0, d.err
		case err == io.EOF && (d.size < 0 || d.off >= d.size):
			d.err = io.EOF
		case err != nil:
			d.err = d.resume(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, d.err
}

// resume continues after the body broke off with err.
func (d *download) resume(err error) error {
	d.drop()
	d.mu.Lock()
	stalled := d.stalled
	d.mu.Unlock()
	if stalled {
		err = &TimeoutError{What: "download of " + d.name(), After: d.c.times.Idle}
	}
	if d.brought >= leastGain || d.brought > 0 && !stalled {
		d.failures = 0
	}
	if d.off > 0 && (d.tag == "" || strings.HasPrefix(d.tag, "W/")) {
		return d.broken(err)
	}
	wait := resumeFirst
	for {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		d.failures++
		d.resumes++
		if d.failures > openTries || d.resumes > maxResumes {
			return d.broken(err)
		}
		if d.failures > 1 {
			if sleep(d.ctx, wait) != nil {
				return d.ctx.Err()
			}
			wait *= 2
		}
		next := d.begin()
		var status *StatusError
		switch {
		case next == nil:
			return nil
		case errors.As(next, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable:
			return d.broken(err) // the file is shorter than announced
		case errors.As(next, &status) && !passingStatus(status.Status), !temporary(d.ctx, next):
			return next
		}
		var gone *NotFoundError
		if errors.As(next, &gone) {
			return next
		}
	}
}

func (d *download) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &UnreachableError{Address: d.c.Address(), Reason: "the download of " + d.name() + " broke off", Err: err}
}

// drop ends the present request.
func (d *download) drop() {
	if d.body != nil {
		d.watch.Stop()
		_ = d.body.Close()
		d.stop()
		d.body = nil
	}
}

// Close implements io.Closer.
func (d *download) Close() error {
	if d.err == nil {
		d.err = errors.New("read after close")
	}
	d.drop()
	d.cancel()
	return nil
}
