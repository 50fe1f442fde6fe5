package server

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/netscope"
)

// A reachError means an address that a client may not make this server ask.
type reachError struct{ address string }

func (e *reachError) Error() string {
	return e.address + " is not an address of the open internet; serve asks others with --allow-private only"
}

// guardedClient asks addresses that clients name. What a name resolves to is
// checked when it is dialled, so a name that changes its mind helps nobody;
// each redirect is dialled anew. private admits addresses of this network too.
func guardedClient(private bool, redirects int, patience time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if private {
			return nil
		}
		return checkReach(address)
	}}
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, Proxy: nil, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second, MaxIdleConns: 10, IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > redirects {
				return http.ErrUseLastResponse
			}
			return checkURL(r.URL)
		},
	}
}

// checkReach refuses what is not surely of the open internet. It is stricter than
// the clients are: where an address behind NAT64 leads is the gateway's to say, and
// here any client chooses the address.
func checkReach(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !netscope.Global(at.Addr()) || netscope.IsNAT64(at.Addr()) {
		return &reachError{address}
	}
	return nil
}

var errScheme = errors.New("only http and https addresses without a user are asked")

func checkURL(u *url.URL) error {
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return errScheme
	}
	return nil
}

// checkWebhook refuses an address that no message will be sent to.
func checkWebhook(address string) error {
	u, err := url.Parse(address)
	if err != nil || checkURL(u) != nil || len(address) > 2000 {
		return invalid("webhook", "webhook is an https address", "")
	}
	return nil
}
