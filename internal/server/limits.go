package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/registry"
)

// Limits bound what one client can ask for. Zero values are DefaultLimits.
type Limits struct {
	Upload  int64 // bytes of an uploaded file
	Body    int64 // bytes of any other request
	Stored  int64 // bytes of the uploads of one key that are kept
	Waiting int64 // jobs of one key that have not ended
	Batch   int   // jobs of one batch
	Rate    int   // jobs of one key a minute, in this process; the owner of the machine has none
	Pixels  int   // of an uploaded picture, and of one that is asked for
}

// DefaultLimits are generous for a team and stop a runaway script.
var DefaultLimits = Limits{Upload: 512 << 20, Body: 8 << 20, Stored: 50 << 30, Waiting: 20_000, Batch: 10_000, Rate: 6000, Pixels: 200_000_000}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		Upload: cmp.Or(max(l.Upload, 0), d.Upload), Body: cmp.Or(max(l.Body, 0), d.Body), Stored: cmp.Or(max(l.Stored, 0), d.Stored),
		Waiting: cmp.Or(max(l.Waiting, 0), d.Waiting), Batch: cmp.Or(max(l.Batch, 0), d.Batch), Rate: cmp.Or(max(l.Rate, 0), d.Rate),
		Pixels: cmp.Or(max(l.Pixels, 0), d.Pixels),
	}
}

// A pace bounds how many jobs a key makes a minute. A batch counts whole, and may
// go beyond: then the next request waits until it has been made up for.
type pace struct {
	mu   sync.Mutex
	keys map[string]*account
}

// account is what a key may make now; it grows with time up to a minute's.
type account struct {
	left float64
	at   time.Time
}

// mostPaced bounds the keys that are remembered: the accounts of all begin anew
// when there are more.
const mostPaced = 10_000

// take takes n jobs of a minute's, and says how long to wait when none are left.
func (p *pace) take(key string, n, rate int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil || len(p.keys) > mostPaced {
		p.keys = map[string]*account{}
	}
	a := p.keys[key]
	if a == nil {
		a = &account{left: float64(rate), at: now}
		p.keys[key] = a
	}
	a.left = min(a.left+now.Sub(a.at).Minutes()*float64(rate), float64(rate))
	a.at = now
	if a.left < 1 {
		return time.Duration((1 - a.left) / float64(rate) * float64(time.Minute))
	}
	a.left -= float64(n)
	return 0
}

func tooFast(rate int, wait time.Duration) error {
	return &statusError{
		Status: http.StatusTooManyRequests, Code: "rate_limit", Detail: fmt.Sprintf("A key makes at most %d jobs a minute", rate),
		RetryAfter: int(wait/time.Second) + 1,
	}
}

// checkPixels refuses a picture that is larger than anybody makes, before a GPU
// tries.
func (s *Server) checkPixels(wf *registry.Workflow, value func(*registry.Parameter) json.RawMessage) error {
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	pixels, field := big.NewInt(1), ""
	for _, p := range params {
		if p.Role != registry.RoleWidth && p.Role != registry.RoleHeight {
			continue
		}
		n, ok := new(big.Int).SetString(string(value(p)), 10)
		if !ok {
			continue
		}
		pixels.Mul(pixels, n)
		field = p.Name
	}
	if field != "" && pixels.Cmp(big.NewInt(int64(s.o.Limits.Pixels))) > 0 {
		return invalid(field, fmt.Sprintf("the picture would have more than %d pixels", s.o.Limits.Pixels), "make width or height smaller")
	}
	return nil
}
