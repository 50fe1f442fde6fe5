package batch

import (
	"math"
	"strconv"
	"time"
)

// rateWindow is how far back the rate looks.
const rateWindow = time.Minute

// totals is called with the lock held.
func (s *scheduler) totals() Totals {
	now := s.o.Now()
	t := Totals{
		Items: s.sum.Total, Committed: s.sum.Committed, Failed: s.sum.Failed, Active: s.active,
		Elapsed: now.Sub(s.began), Busy: s.busy(),
	}
	for len(s.finishes) > 0 && now.Sub(s.finishes[0]) > rateWindow {
		s.finishes = s.finishes[1:]
	}
	if n := len(s.finishes); n > 1 {
		since := max(now.Sub(s.finishes[0]), time.Millisecond)
		t.Rate = float64(n-1) / since.Seconds()
		t.ETA = time.Duration(float64(t.Items-t.Committed-t.Failed) / t.Rate * float64(time.Second))
	}
	if s.priced || s.spent > 0 {
		t.USD = &[]float64{s.spent}[0]
	}
	return t
}

// busy is the part of the time that backends executed, between the first start and
// the last end of each; nil when none did.
func (s *scheduler) busy() *float64 {
	var busy, span time.Duration
	for _, l := range s.lanes {
		busy += l.busy
		span += l.end.Sub(l.first)
	}
	if span <= 0 {
		return nil
	}
	part := min(1, float64(busy)/float64(span))
	return &part
}

func (s *scheduler) summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.sum
	sum.Open = sum.Total - sum.Committed - sum.Failed
	sum.GPUBusy = s.busy()
	sum.Cost.GPUSeconds = float64(s.gpuMS) / 1000
	if s.priced || s.spent > 0 {
		sum.Cost.USD = &s.spent
	}
	sum.ElapsedMS = s.o.Now().Sub(s.began).Milliseconds()
	sum.Stopped = s.stopped
	return sum
}

// money is an amount of US dollars for people, exact where cents do not say it.
func money(usd float64) string {
	if math.Abs(usd*100-math.Round(usd*100)) < 1e-9 {
		return "$" + strconv.FormatFloat(usd, 'f', 2, 64)
	}
	return "$" + strconv.FormatFloat(usd, 'f', -1, 64)
}
