package server

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// A reachError means an address that a client may not make this server ask.
type reachError struct{ address string }

func (e *reachError) Error() string {
	return e.address + " is not an address of the open internet"
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

// Ranges that no name of the open internet belongs to, beside those that
// net/netip knows: RFC 6598, 2544, 5737, 6890, 3849, 6666, 6052, 3056, 4380.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

func checkReach(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &reachError{address}
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return &reachError{address}
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return &reachError{address}
		}
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
