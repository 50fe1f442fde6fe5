package comfy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// targetedInterrupt is the first version whose POST /interrupt minds prompt_id;
// an older one would stop whatever runs.
const targetedInterrupt = "0.3.57"

const (
	cancelFirst = 20 * time.Millisecond // between two looks whether it worked
	cancelMax   = 500 * time.Millisecond
	reInterrupt = 250 * time.Millisecond // an interrupt in the gap before a run starts is lost
	reMax       = 2 * time.Second
)

// Cancel implements Backend: it takes the run out of the queue, interrupts it
// by id when it runs, and repeats that until the server says that it is
// neither. It never uses the interrupt without an id.
func (c *Client) Cancel(ctx context.Context, h Handle) error {
	if h == "" {
		return errNoHandle
	}
	id := string(h)
	r := c.runs.add(id)
	r.mu.Lock()
	r.cancelled = true
	unsettled := r.unsettled
	r.mu.Unlock()
	body, err := json.Marshal(map[string]string{"prompt_id": id})
	if err != nil {
		return err
	}
	begin := time.Now()
	wait, pause := cancelFirst, reInterrupt
	var again time.Time // next interrupt
	hit := false
	for {
		if done, err := c.cancelJob(ctx, id); err != nil {
			return err
		} else if !done {
			if err := c.DeleteQueued(ctx, id); err != nil {
				return err
			}
		}
		var st State
		err := transport.Again(ctx, func() (err error) { st, err = c.locate(ctx, id, false); return err })
		if err != nil {
			return err
		}
		switch {
		case st.Phase == PhaseUnknown && unsettled && !hit && time.Since(begin) < settleSlow:
			// Its submission got no answer, so it may still come.
		case st.Phase == PhaseUnknown:
			if !r.followed() {
				c.runs.remove(id)
			}
			return nil
		case st.Phase.Over():
			return nil
		case st.Phase == PhaseRunning && c.jobsCancel.Get() != transport.Yes && !time.Now().Before(again):
			if v, err := c.Version(ctx); err != nil {
				return err
			} else if !AtLeast(v, targetedInterrupt) {
				return &CannotCancelError{ID: id, Version: v}
			}
			if err := transport.Again(ctx, func() error { return c.tell(ctx, transport.Post("/interrupt", body)) }); err != nil {
				return err
			}
			again = time.Now().Add(pause)
			pause = min(2*pause, reMax)
		}
		hit = hit || st.Phase != PhaseUnknown
		if err := transport.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(wait*3/2, cancelMax)
	}
}

// A Withdrawer is a Backend that can take a waiting run back without the risk of
// stopping one that has just begun.
type Withdrawer interface {
	// Withdraw takes the run out of the queue and reports whether the place is
	// proven not to have it: neither queued nor executing nor done. A run that
	// has begun goes on.
	Withdraw(ctx context.Context, h Handle) (bool, error)
}

// Withdraw implements Withdrawer.
func (c *Client) Withdraw(ctx context.Context, h Handle) (bool, error) {
	if h == "" {
		return false, errNoHandle
	}
	id := string(h)
	for wait := cancelFirst; ; wait = min(wait*3/2, cancelMax) {
		if err := c.DeleteQueued(ctx, id); err != nil {
			return false, err
		}
		var st State
		err := transport.Again(ctx, func() (err error) { st, err = c.locate(ctx, id, false); return err })
		if err != nil || st.Phase != PhaseQueued {
			return st.Phase == PhaseUnknown && err == nil, err
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// cancelJob uses POST /api/jobs/{id}/cancel (0.26), which cannot hit another
// run. It is tried only where /api/jobs is known to be; done is false when the
// server has no such route.
func (c *Client) cancelJob(ctx context.Context, id string) (done bool, err error) {
	if c.jobsCancel.Get() == transport.No || c.jobs.Get() == transport.No || c.wire.Prefixed.Get() == transport.No {
		return false, nil
	}
	k := transport.Post("/jobs/"+url.PathEscape(id)+"/cancel", nil)
	var a transport.Answer
	err = transport.Again(ctx, func() error {
		var err error
		if a, err = c.wire.Ask(ctx, k); err == nil && transport.PassingStatus(a.Status) {
			err = c.wire.StatusError(k, a)
		}
		return err
	})
	var m struct {
		Cancelled *bool `json:"cancelled"`
	}
	switch {
	case err != nil:
		return false, err
	case a.OK() && json.Unmarshal(a.Body, &m) == nil && m.Cancelled != nil:
		c.jobsCancel.Set(transport.Yes)
		return true, nil
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return false, c.wire.StatusError(k, a)
	case transport.Missing(a.Status, http.MethodPost) || a.OK():
		c.jobsCancel.Set(transport.No)
		return false, nil
	}
	err = c.wire.StatusError(k, a)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusBadRequest { // not an id it takes
		return false, nil
	}
	return false, err
}
