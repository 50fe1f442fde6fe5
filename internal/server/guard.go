package server

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/idna"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/netscope"
)

// A reachError means a host that a client may not make this server ask.
type reachError struct{ host string }

func (e *reachError) Error() string { return e.host + " is not on the open internet" }

// Hint says how others are asked.
func (e *reachError) Hint() string {
	return "easel serve asks addresses of its own network with --allow-private only"
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

// dialFailure is why an address did not answer, without what this server knows of its
// network: neither its resolver nor what a name resolves to.
func dialFailure(ctx context.Context, asked *url.URL, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, refused := errors.AsType[*reachError](err); !refused {
		return errors.New(comfy.TransportReason(err))
	}
	if failed, ok := errors.AsType[*url.Error](err); ok { // it names where a redirect led
		if last, err := url.Parse(failed.URL); err == nil {
			asked = last
		}
	}
	return &reachError{asked.Hostname()}
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

// checkLiteral refuses an address whose host is written out as one that will not be
// dialled, so that who asks hears it at once. What a name resolves to is seen only
// when it is dialled.
func (s *Server) checkLiteral(field string, u *url.URL) error {
	if s.o.Private {
		return nil
	}
	host := u.Hostname()
	if ascii, err := idna.Lookup.ToASCII(host); err == nil { // as net/http does: wide digits are digits
		host = ascii
	}
	ip, ok := literal(host)
	if !ok || checkReach(netip.AddrPortFrom(ip, 0).String()) == nil {
		return nil
	}
	refused := &reachError{u.Hostname()}
	return invalid(field, refused.Error(), refused.Hint())
}

// literal is the address that a host writes out, in any form that a resolver takes:
// 127.1, 2130706433, 0x7f.0.0.1 and 0177.0.0.1 are 127.0.0.1.
func literal(host string) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip, true
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var all uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 { // the last one fills what is left
			bits = 8 * (5 - len(parts))
		}
		n, err := addressPart(part, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		all = all<<bits | n
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(all)))), true
}

// addressPart is a part of an IPv4 address: decimal, octal after 0, or hexadecimal after 0x.
func addressPart(text string, bits int) (uint64, error) {
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		return strconv.ParseUint("0"+hex, 16, bits)
	}
	if strings.HasPrefix(text, "0") {
		return strconv.ParseUint(text, 8, bits)
	}
	return strconv.ParseUint(text, 10, bits)
}

// checkWebhook refuses an address that no message will be sent to; "" is none.
func (s *Server) checkWebhook(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || checkURL(u) != nil || len(address) > 2000 {
		return invalid("webhook", "webhook is an https address", "https://HOST/PATH without a user, at most 2000 characters")
	}
	return s.checkLiteral("webhook", u)
}
