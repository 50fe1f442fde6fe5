package transport

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/netscope"
)

// How long services with a key are waited for.
const (
	ConnectTime = 5 * time.Second // until a connection stands
	AnswerTime  = time.Minute     // one call with its whole answer
)

// ServiceTimes bound a call.
var ServiceTimes = Times{Answer: AnswerTime, Idle: 20 * time.Second}

// A Service says what is special about the client of a service with a key.
type Service struct {
	Of       string                 // what messages call it
	Prefix   string                 // of its paths
	Token    func() (string, error) // the key, asked for before each request; nil = none
	Variable string                 // of the environment that holds it, for errors
	Limits   Limits
}

// ParseService reads the address of a service with a key, without the ends of a path
// that belong to its API. Nobody logs in there by name.
func ParseService(base string, ends ...string) (*url.URL, error) {
	u, err := ParseBase(base)
	if err != nil {
		return nil, err
	}
	if u.User != nil {
		return nil, errors.New("the address has a user or password in it, and the service takes a key")
	}
	for _, end := range ends {
		u.Path = strings.TrimSuffix(u.Path, end)
	}
	return u, nil
}

// NewService makes the client of a service, and the way that it goes unless the caller
// gives it another. NewHTTP of its HTTP client comes last. Nothing is contacted.
func NewService(u *url.URL, s Service) (*Client, *http.Transport) {
	way := NewRoundTripper()
	way.DialContext = (&net.Dialer{Timeout: ConnectTime}).DialContext
	c := &Client{
		Base: u, Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"easel"}},
		Of: s.Of, Prefix: s.Prefix, Token: s.Token, Variable: s.Variable,
		HTTP: &http.Client{Transport: way}, Limits: s.Limits, Times: ServiceTimes,
	}
	return c, way
}

// NewForeign is the way to content that lies where a service says, without its key. A
// stranger's address inside of this machine or its network is refused unless the service
// is there itself. who is what the refusal calls who named it.
func NewForeign(private bool, who string) *http.Transport {
	way := NewRoundTripper()
	way.DialContext = (&net.Dialer{Timeout: ConnectTime, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !private && !netscope.Global(at.Addr()) {
			return fmt.Errorf("%s named an address inside of this network, %s", who, at.Addr())
		}
		return nil
	}}).DialContext
	return way
}

// IsPrivateHost reports whether a host is surely this machine or one of its network:
// a key may go there unencrypted.
func IsPrivateHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return netscope.Local(ip)
	}
	return isOurName(host)
}

// IsInside reports whether a host may be one of this network, a shared range of
// addresses included, as that of a VPN: what it names may lie there too.
func IsInside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !netscope.Global(ip)
	}
	return isOurName(host)
}

func isOurName(host string) bool { return host == "localhost" || !strings.Contains(host, ".") }
