package emulator

import (
	"slices"
	"sync"
)

// A faultSet holds the faults of a server and counts their strikes.
type faultSet struct {
	mu   sync.Mutex
	list []*liveFault
}

type liveFault struct {
	Fault
	strikes int
}

func newFaultSet(faults []Fault) *faultSet {
	s := &faultSet{}
	s.set(faults)
	return s
}

func (s *faultSet) set(faults []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	for _, f := range faults {
		s.list = append(s.list, &liveFault{Fault: f})
	}
}

func (s *faultSet) add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, &liveFault{Fault: f})
}

// take finds the first fault of that name that concerns the subject (an
// endpoint, a class, an event, or "") and still strikes, and counts the strike.
func (s *faultSet) take(name, subject string) (Fault, bool) {
	return s.find(name, subject, true)
}

// look is take without counting.
func (s *faultSet) look(name string) (Fault, bool) { return s.find(name, "", false) }

func (s *faultSet) find(name, subject string, strike bool) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.list {
		if f.Name != name || f.Count > 0 && f.strikes >= f.Count || !f.concerns(subject) {
			continue
		}
		if strike {
			f.strikes++
		}
		return f.Fault, true
	}
	return Fault{}, false
}

// hitsJob reports whether a fault that names the n-th job hits this one;
// without a number it hits the first, or every job when each is set.
func (s *faultSet) hitsJob(name string, n int, each bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.list, func(f *liveFault) bool {
		switch {
		case f.Name != name:
			return false
		case f.Nth > 0:
			return f.Nth == n
		case f.Duration > 0:
			return false
		}
		return each || n == 1
	})
}

// useUp keeps a fault from striking again.
func (s *faultSet) useUp(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(f *liveFault) bool { return f.Name == name })
}

// off reports whether a default quirk was switched off.
func (s *faultSet) off(name string) bool {
	f, ok := s.look(name)
	return ok && f.Kind == "off"
}

func (f *liveFault) concerns(subject string) bool {
	for _, own := range []string{f.Endpoint, f.Class, f.Event} {
		if own != "" && own != "any" && own != subject {
			return false
		}
	}
	return true
}
