package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxFutile   = 3    // times a download is taken up again after it brought too little
	maxResumes  = 100  // times in all
	leastRate   = 1024 // bytes a second, over Times.Idle
	resumeFirst = 100 * time.Millisecond
)

// A File is something to download.
type File struct {
	Call Call   // GET; headers of ranges are added
	Name string // for errors: "output 2 of node 9"
	// Refused gives the error for a status that says something about the file;
	// nil leaves it to StatusError. It may be nil.
	Refused func(a Answer) error
}

// Download opens a file; the size is -1 when the server does not say. What is
// cut, stalls, or is slower than 1 KiB a second goes on where it stopped, as
// long as the server says by a strong ETag that the file is the same; after
// three attempts in a row that brought nothing worth it, it ends in an error.
func (c *Client) Download(ctx context.Context, f File) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	d := &download{c: c, ctx: ctx, cancel: cancel, file: f, size: -1}
	err := Again(ctx, d.begin)
	for try := 1; err != nil && Silent(err) && try <= maxFutile; try++ {
		d.file.Call.Fresh = true
		err = Again(ctx, d.begin)
	}
	if err != nil {
		cancel()
		return nil, 0, err
	}
	return d, d.size, nil
}

// Silent reports whether an error means that nobody spoke in time.
func Silent(err error) bool {
	var late *TimeoutError
	return errors.As(err, &late)
}

type download struct {
	c      *Client
	ctx    context.Context
	cancel context.CancelFunc
	file   File
	size   int64  // -1 = not known
	tag    string // ETag of the file
	off    int64
	err    error // sticky

	body      io.ReadCloser
	stop      context.CancelFunc // ends the present request
	pace      *pace
	brought   int64 // by the present request
	fruitless int   // attempts in a row that brought nothing, or too little in time
	resumes   int
	asked     bool // for the first time already
}

// begin asks for the file, from the beginning or, once bytes came, from there.
func (d *download) begin() error {
	ctx, stop := context.WithCancel(d.ctx)
	k := d.file.Call
	k.Header = k.Header.Clone()
	if k.Header == nil {
		k.Header = http.Header{}
	}
	k.Header.Set("Accept-Encoding", "identity")
	if d.off > 0 {
		k.Header.Set("Range", "bytes="+strconv.FormatInt(d.off, 10)+"-")
		k.Header.Set("If-Range", d.tag)
	}
	patience := d.c.Times.Idle
	if !d.asked { // one silent answer costs less than silence does
		d.asked, patience = true, patience/2
	}
	answering := time.AfterFunc(patience, stop)
	resp, err := d.c.Send(ctx, k)
	if !answering.Stop() && d.ctx.Err() == nil {
		if err == nil {
			_ = resp.Body.Close()
		}
		stop()
		return d.c.noAnswer(k, &TimeoutError{What: k.String(), After: patience})
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
	d.body, d.stop, d.brought = resp.Body, stop, 0
	d.pace = newPace(d.c.Times.Idle, stop)
	return nil
}

// accept checks the head of an answer.
func (d *download) accept(k Call, resp *http.Response) error {
	switch {
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		body, _ := io.ReadAll(io.LimitReader(resp.Body, Small))
		a := Answer{resp.StatusCode, resp.Header, body}
		if d.file.Refused != nil {
			if err := d.file.Refused(a); err != nil {
				return err
			}
		}
		return d.c.StatusError(k, a)
	case d.off == 0 && resp.StatusCode == http.StatusOK:
		if resp.ContentLength > d.c.Limits.File {
			return &TooLargeError{What: d.file.Name, Limit: d.c.Limits.File}
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
		return &UnreachableError{Of: d.c.Of, Address: d.c.Address(), Reason: "the download of " + d.file.Name + " broke off and cannot go on: the server does not continue the same file"}
	}
	return nil
}

// Read implements io.Reader. It ends with io.EOF only when the length that the
// server announced was read.
func (d *download) Read(p []byte) (int, error) {
	for d.err == nil {
		n, err := d.pace.read(d.body, p)
		d.off += int64(n)
		d.brought += int64(n)
		switch {
		case d.off > d.c.Limits.File:
			d.err = &TooLargeError{What: d.file.Name, Limit: d.c.Limits.File}
			return 0, d.err
		case errors.Is(err, io.EOF) && (d.size < 0 || d.off >= d.size):
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
	slow := d.pace.end()
	d.drop()
	if slow {
		err = &TimeoutError{What: "download of " + d.file.Name, After: d.c.Times.Idle}
	}
	if d.brought >= d.pace.least || d.brought > 0 && !slow {
		d.fruitless = 0
	}
	if d.off > 0 && (d.tag == "" || strings.HasPrefix(d.tag, "W/")) {
		return d.broken(err)
	}
	d.file.Call.Fresh = slow
	wait := resumeFirst
	for {
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		d.fruitless++
		d.resumes++
		if d.fruitless > maxFutile || d.resumes > maxResumes {
			return d.broken(err)
		}
		if d.fruitless > 1 {
			if Sleep(d.ctx, wait) != nil {
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
		case errors.As(next, &status) && !PassingStatus(status.Status), !Temporary(d.ctx, next):
			return next
		}
		d.file.Call.Fresh = d.file.Call.Fresh || Silent(next)
	}
}

func (d *download) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &UnreachableError{Of: d.c.Of, Address: d.c.Address(), Reason: "the download of " + d.file.Name + " broke off", Err: err}
}

// drop ends the present request.
func (d *download) drop() {
	if d.body != nil {
		d.pace.end()
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

// A pace ends a body that brings less than it must. Only the time spent in
// reading it counts: a consumer may be as slow as it likes.
type pace struct {
	window time.Duration
	least  int64 // bytes within the window
	stop   func()

	gained int64
	waited time.Duration

	mu    sync.Mutex
	timer *time.Timer // runs while somebody reads
	slow  bool
}

func newPace(window time.Duration, stop func()) *pace {
	return &pace{window: window, least: max(int64(leastRate*window.Seconds()), 1), stop: stop}
}

func (p *pace) read(r io.Reader, b []byte) (int, error) {
	began := time.Now()
	p.start(p.window - p.waited)
	n, err := r.Read(b)
	p.timer.Stop()
	p.waited += time.Since(began)
	if p.gained += int64(n); p.gained >= p.least {
		p.gained, p.waited = 0, 0
	}
	return n, err
}

// start lets the timer run for the rest of the window.
func (p *pace) start(rest time.Duration) {
	if p.timer != nil {
		p.timer.Reset(rest)
		return
	}
	p.timer = time.AfterFunc(rest, func() {
		p.mu.Lock()
		p.slow = true
		p.mu.Unlock()
		p.stop()
	})
}

// end stops watching and reports whether it was too slow.
func (p *pace) end() bool {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow
}
