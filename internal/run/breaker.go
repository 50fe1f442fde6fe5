package run

import "time"

// A Breaker leaves a place alone that has failed: from a second, doubled for each
// failure in a row up to half a minute. Then it is half open: one run at a time shows
// whether the place is well again. The zero value is closed. It has no lock.
type Breaker struct {
	failures int // in a row
	rest     time.Time
}

// How long a place that failed is left alone.
const (
	restFirst = time.Second
	restMost  = 30 * time.Second
)

// Fail notes that the place, and not a run, has failed.
func (b *Breaker) Fail(now time.Time) {
	b.failures++
	b.rest = now.Add(min(restFirst<<min(b.failures-1, 10), restMost))
}

// Well notes a run that ended as it should.
func (b *Breaker) Well() { *b = Breaker{} }

// RestUntil changes until when the place is left alone; the zero time ends that.
func (b *Breaker) RestUntil(t time.Time) { b.rest = t }

// Resting reports whether the place is to be left alone.
func (b *Breaker) Resting(now time.Time) bool { return now.Before(b.rest) }

// OnTrial reports whether the place has failed and no run has ended well there since.
func (b *Breaker) OnTrial() bool { return b.failures > 0 }
