package supabase

import (
	"context"
	"errors"
	"io"
	"time"
)

// A watch ends a request during which no byte moves for too long, in either
// direction. A transfer that moves may take as long as it needs.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newWatch(ctx context.Context) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx, cancel, time.AfterFunc(connectTimeout+answerTimeout, func() { cancel(errStalled) })}
}

// expect says how long the next byte may take.
func (w *watch) expect(d time.Duration) { w.timer.Reset(d) }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain tells the end of a watch from that of its surroundings.
func (w *watch) explain(err error) error {
	if errors.Is(context.Cause(w.ctx), errStalled) {
		return errStalled
	}
	return err
}

// sent is the body of a request.
type sent struct {
	from  io.Reader
	watch *watch
}

func (s *sent) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err == nil {
		s.watch.expect(stall)
	} else {
		s.watch.expect(answerTimeout) // all is sent, and the service has to store it
	}
	return n, err
}

// received is the body of an answer.
type received struct {
	body  io.ReadCloser
	watch *watch
}

func (r *received) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.watch.expect(stall)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.watch.explain(err)
	}
	return n, err
}

func (r *received) Close() error {
	r.watch.end()
	return r.body.Close()
}
