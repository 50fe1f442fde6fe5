package apiv2

import (
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// How long the address of an output in a job's document is believed.
const (
	linkMargin = 10 * time.Second // before it expires
	maxLinks   = 10_000
)

// links are the addresses of outputs as their jobs told them, so that nobody has to be
// asked where a file is. Each is used once.
type links struct {
	mu     sync.Mutex
	of     map[string]link // by asset
	astray bool            // the service's own address sends elsewhere: only signed ones are used
}

type link struct {
	address string
	expires time.Time
}

func (s *links) put(outputs []json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || len(s.of)+len(outputs) > maxLinks {
		s.of = map[string]link{}
	}
	for _, raw := range outputs {
		var o output
		if json.Unmarshal(raw, &o) == nil && o.ID != "" && o.URL != "" {
			until := timeOf(o.Expires) // without one it is asked for
			s.of[o.ID] = link{o.URL, until}
		}
	}
}

// take gives the address of an asset, "" when it is to be asked for.
func (s *links) take(asset string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.of[asset]
	delete(s.of, asset)
	if time.Until(l.expires) < linkMargin {
		return ""
	}
	return l.address
}

// link is where an asset lies, if its job said so; nil = ask.
func (c *Client) link(asset string) *url.URL {
	address := c.links.take(asset)
	if address == "" {
		return nil
	}
	u, err := c.resolve(address)
	if err != nil {
		return nil
	}
	c.links.mu.Lock()
	defer c.links.mu.Unlock()
	if c.links.astray && c.isOwn(u) {
		return nil
	}
	return u
}

// failed reports whether an address that did not work is to be asked for anew.
func (s *links) failed(err error) bool {
	var (
		away    *comfy.RedirectError
		silent  *comfy.TimeoutError
		nowhere *comfy.UnreachableError
	)
	if errors.As(err, &away) {
		s.mu.Lock()
		s.astray = true
		s.mu.Unlock()
		return true
	}
	return !errors.As(err, &silent) && !errors.As(err, &nowhere)
}
