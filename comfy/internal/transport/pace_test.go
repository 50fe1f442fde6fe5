package transport

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A trickle gives n bytes after a pause.
type trickle struct {
	n     int
	pause time.Duration
}

func (r trickle) Read(p []byte) (int, error) {
	time.Sleep(r.pause)
	return min(r.n, len(p)), nil
}

// A body is slow by what it brings while somebody reads it; a consumer that
// takes its time does not make it so.
func TestPace(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body     io.Reader
		consumer time.Duration // between two reads
		slow     bool
	}{
		"1100 bytes a second":   {trickle{1100, time.Second}, 0, false},
		"900 bytes a second":    {trickle{900, time.Second}, 0, true},
		"one byte at a time":    {trickle{1, 20 * time.Millisecond}, 0, true},
		"silence":               {trickle{1, time.Hour}, 0, true},
		"bursts":                {trickle{30_000, 15 * time.Second}, 0, false},
		"a slow consumer":       {trickle{100, time.Microsecond}, time.Minute, false},
		"both are slow, a file": {trickle{100, time.Second}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stopped := false
				p := newPace(20*time.Second, func() { stopped = true })
				for range 2000 {
					if _, err := p.read(tc.body, make([]byte, 64<<10)); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if stopped {
						break
					}
					time.Sleep(tc.consumer)
				}
				if p.end() != tc.slow {
					t.Errorf("called slow: %t", !tc.slow)
				}
			})
		})
	}
}
