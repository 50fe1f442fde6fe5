package cmd

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// estimatedUSD is what so many seconds on a backend cost; nil when its price is not
// known.
func (a *app) estimatedUSD(seconds float64, backend string) *float64 {
	opener, err := a.opener()
	if err != nil {
		return nil
	}
	price := opener.Estimate(a.ctx, backend)
	if price <= 0 {
		return nil
	}
	usd := seconds / 3600 * price
	return &usd
}

// costs holds the runs of one command against --max-cost.
type costs struct {
	limit float64 // USD; 0 = none
	spent float64
	runs  int
	usual func(workflow, backend string) time.Duration // what such a run took before; 0 = not known
}

// admit gives the question whether a run may be submitted by a runner: not, when it
// may cost more than is left, or when nobody knows what it costs. nil without a limit.
func (c *costs) admit(r *run.Runner) func(*run.Ticket) error {
	if c.limit == 0 {
		return nil
	}
	return func(t *run.Ticket) error {
		price := r.USDPerHour
		if price == 0 && r.Price != nil {
			price = r.Price()
		}
		if price <= 0 {
			return &batch.PriceError{Backend: r.BackendName}
		}
		next := c.usual(t.Workflow, r.BackendName).Hours() * price
		if c.runs > 0 {
			next = max(next, c.spent/float64(c.runs))
		}
		if c.spent+next > c.limit || c.spent >= c.limit {
			return &problem.LimitError{Code: problem.CodeMaxCost, Message: fmt.Sprintf(
				"%s of %s is spent, and the next run may cost %s: it is not submitted", dollars(c.spent), dollars(c.limit), dollars(next))}
		}
		return nil
	}
}

// dollars keeps the digits of small amounts.
func dollars(usd float64) string {
	if usd < 0.01 && usd != 0 {
		return fmt.Sprintf("$%.6f", usd)
	}
	return fmt.Sprintf("$%.2f", usd)
}

// add counts what a run cost.
func (c *costs) add(res *run.Result) {
	if res != nil && res.Cost.USD != nil {
		c.spent += *res.Cost.USD
		c.runs++
	}
}

// An estimate of what a --dry-run would take, by what such runs took here.
type runEstimate struct {
	Seconds *float64 `json:"seconds"` // of one run; null: none was made here
	USD     *float64 `json:"usd"`     // null: no price, or no time
}

// estimateRun is by what the last runs of the workflow took on the backend.
func (o *generateOptions) estimateRun(t *run.Ticket) runEstimate {
	var e runEstimate
	cfg, err := o.app.config()
	if err != nil {
		return e
	}
	history, err := o.app.history()
	if err != nil {
		return e
	}
	opener := o.app.openerFor(cfg)
	backend := strings.TrimSpace(strings.Split(cmp.Or(o.backend, cfg.Backend), ",")[0]) // the first of a pool
	usual := history.Usual(t.Workflow, opener.NameOf(backend))
	if usual == 0 {
		return e
	}
	seconds := usual.Seconds()
	e.Seconds, e.USD = &seconds, o.app.estimatedUSD(seconds, backend)
	return e
}

// words say the estimate to people; "" when nothing is known.
func (e runEstimate) words() string {
	switch {
	case e.Seconds == nil:
		return ""
	case e.USD == nil:
		return "such a run takes about " + term.Duration(time.Duration(*e.Seconds*float64(time.Second)))
	}
	return fmt.Sprintf("such a run takes about %s and costs about %s", term.Duration(time.Duration(*e.Seconds*float64(time.Second))), dollars(*e.USD))
}
