package comfy

import "sync/atomic"

// A tristate is something about a server that is found out on the way.
type tristate struct{ v atomic.Int32 }

const (
	unknown int32 = iota
	yes
	no
)

func (t *tristate) get() int32  { return t.v.Load() }
func (t *tristate) set(v int32) { t.v.Store(v) }
func (t *tristate) learn(ok bool) {
	if ok {
		t.set(yes)
	} else {
		t.set(no)
	}
}
