package comfy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
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
		err := c.again(ctx, func() (err error) { st, err = c.locate(ctx, id, false); return err })
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
		case st.Phase == PhaseRunning && c.jobsCancel.get() != yes && !time.Now().Before(again):
			if v, err := c.Version(ctx); err != nil {
				return err
			} else if !AtLeast(v, targetedInterrupt) {
				return &CannotCancelError{ID: id, Version: v}
			}
			if err := c.again(ctx, func() error { return c.tell(ctx, post("/interrupt", body)) }); err != nil {
				return err
			}
			again = time.Now().Add(pause)
			pause = min(2*pause, reMax)
		}
		hit = hit || st.Phase != PhaseUnknown
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(wait*3/2, cancelMax)
	}
}

// cancelJob uses POST /api/jobs/{id}/cancel (0.26), which cannot hit another
// run. It is tried only where /api/jobs is known to be; done is false when the
// server has no such route.
func (c *Client) cancelJob(ctx context.Context, id string) (done bool, err error) {
	if c.jobsCancel.get() == no || c.jobs.get() == no || c.prefix.get() == no {
		return false, nil
	}
	k := post("/jobs/"+url.PathEscape(id)+"/cancel", nil)
	var a answer
	err = c.again(ctx, func() error {
		var err error
		if a, err = c.ask(ctx, k); err == nil && passingStatus(a.status) {
			err = c.statusError(k, a)
		}
		return err
	})
	var m struct {
		Cancelled *bool `json:"cancelled"`
	}
	switch {
	case err != nil:
		return false, err
	case a.ok() && json.Unmarshal(a.body, &m) == nil && m.Cancelled != nil:
		c.jobsCancel.set(yes)
		return true, nil
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return false, c.statusError(k, a)
	case missing(a.status, http.MethodPost) || a.ok():
		c.jobsCancel.set(no)
		return false, nil
	}
	err = c.statusError(k, a)
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusBadRequest { // not an id it takes
		return false, nil
	}
	return false, err
}
