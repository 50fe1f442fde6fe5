package jobs

import "runtime"

// mostTogether bounds the callers whose rows are written in one transaction.
// Each transaction waits for the disk once, whoever is in it.
const mostTogether = 128

// A desk has what callers bring written together: who comes while a transaction is
// being written shares the next one, as does who comes again when it was answered, and
// who comes alone waits for nobody.
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
		for before := 0; before < len(group) && len(group) < mostTogether; {
			before = len(group)
			runtime.Gosched() // to those who were just answered
			group = d.take(group)
		}
		d.write(group)
	}
}

// take adds who waits to a group, up to mostTogether.
func (d desk[T]) take(group []T) []T {
	for len(group) < mostTogether {
		select {
		case one := <-d.in:
			group = append(group, one)
		default:
			return group
		}
	}
	return group
}
