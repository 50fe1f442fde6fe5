package transport

import "sync/atomic"

// A Tristate is something about a server that is found out on the way.
type Tristate struct{ v atomic.Int32 }

// What is known.
const (
	Unknown int32 = iota
	Yes
	No
)

// Get gives Unknown, Yes or No.
func (t *Tristate) Get() int32 { return t.v.Load() }

// Set notes what was found out.
func (t *Tristate) Set(v int32) { t.v.Store(v) }

// Learn notes Yes or No.
func (t *Tristate) Learn(ok bool) {
	if ok {
		t.Set(Yes)
	} else {
		t.Set(No)
	}
}
