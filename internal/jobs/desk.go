package jobs

// mostTogether bounds the callers whose rows are written in one transaction.
// Each transaction waits for the disk once, whoever is in it.
const mostTogether = 128

// A desk has what callers bring written together: who comes while a transaction is
// being written shares the next one, and who comes alone waits for nobody.
type desk[T any] struct {
	in    chan T
	write func(together []T) // answers each
}

func newDesk[T any](write func([]T)) desk[T] { return desk[T]{make(chan T), write} }

// serve writes until end is closed. What was taken from in is answered.
func (d desk[T]) serve(end <-chan struct{}) {
	for {
		var group []T
		select {
		case one := <-d.in:
			group = append(group, one)
		case <-end:
			return
		}
		for more := true; more && len(group) < mostTogether; {
			select {
			case one := <-d.in:
				group = append(group, one)
			default:
				more = false
			}
		}
		d.write(group)
	}
}
