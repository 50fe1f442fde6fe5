package comfy

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// An Option configures a Client.
type Option func(*Client) error

// Limits bound what one answer of a server may cost; a zero field keeps the
// default.
type Limits struct {
	JSON    int64 // bytes of one JSON answer, after decompression; default 64 MiB
	Frame   int64 // bytes of one WebSocket message; default 32 MiB; a connection keeps room for the largest it got
	File    int64 // bytes of one output file; default 2 GiB
	Outputs int   // outputs of one run; default 1000, the rest is left out with a warning
}

func (l Limits) orDefault() Limits {
	return Limits{
		JSON:    cmp.Or(l.JSON, 64<<20),
		Frame:   cmp.Or(l.Frame, 32<<20),
		File:    cmp.Or(l.File, 2<<30),
		Outputs: cmp.Or(l.Outputs, 1000),
	}
}

// Timeouts bound how long a Client waits; a zero field keeps the default.
type Timeouts struct {
	Connect     time.Duration // until a connection stands; default 5 s
	Answer      time.Duration // one call with its whole JSON answer; default 60 s, model loading stalls servers
	Definitions time.Duration // GET /object_info, which scans the model folders; default 120 s
	Idle        time.Duration // a download must gain 1 KiB for each second of this time, or is taken up again; default 20 s
	Socket      time.Duration // a connected socket must say something before runs go without it; default 2 s
	Ping        time.Duration // between two pings on the socket; default 25 s
	Pong        time.Duration // until the answer to a ping; default 60 s
}

func (t Timeouts) orDefault() Timeouts {
	return Timeouts{
		Connect:     cmp.Or(t.Connect, 5*time.Second),
		Answer:      cmp.Or(t.Answer, time.Minute),
		Definitions: cmp.Or(t.Definitions, 2*time.Minute),
		Idle:        cmp.Or(t.Idle, 20*time.Second),
		Socket:      cmp.Or(t.Socket, 2*time.Second),
		Ping:        cmp.Or(t.Ping, 25*time.Second),
		Pong:        cmp.Or(t.Pong, time.Minute),
	}
}

// DefaultPatience is how long Follow waits for a server that stopped answering.
const DefaultPatience = 30 * time.Second

// WithHTTPClient sends everything, the WebSocket's handshake included, through
// hc: an in-process transport, a recorder. Its Timeout and
// CheckRedirect are not used.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *Client) error {
		if hc == nil {
			return errors.New("the HTTP client is nil")
		}
		c.wire.HTTP = hc
		c.ownTransport = nil
		return nil
	}
}

// WithDialer sets how connections are made, as through a tunnel. WithHTTPClient
// replaces it.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(c *Client) error {
		c.dial = dial
		return nil
	}
}

// WithTLS sets how encrypted connections are made: a client's certificate, an
// authority of one's own. WithHTTPClient replaces it.
func WithTLS(t *tls.Config) Option {
	return func(c *Client) error {
		if c.ownTransport != nil {
			c.ownTransport.TLSClientConfig = t
		}
		return nil
	}
}

// WithHeader adds a header to every request. It is only ever sent to the
// origin of the client's address.
func WithHeader(name, value string) Option {
	return func(c *Client) error {
		c.wire.Header.Add(name, value)
		return nil
	}
}

// WithBasicAuth authenticates with a name and password.
func WithBasicAuth(user, password string) Option {
	return func(c *Client) error {
		c.wire.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
		return nil
	}
}

// WithBearer authenticates with a token that is asked for before each request,
// so that it may be rotated or come from a key ring. An error of token ends
// the request as AuthError.
func WithBearer(token func() (string, error)) Option {
	return func(c *Client) error {
		c.wire.Token = token
		return nil
	}
}

// WithPatience sets how long Follow waits for a server that stopped answering
// before it gives up with LostError; default DefaultPatience.
func WithPatience(d time.Duration) Option {
	return func(c *Client) error {
		if d < 0 {
			return fmt.Errorf("patience %s is negative", d)
		}
		c.patience = d
		return nil
	}
}

// WithLimits changes limits.
func WithLimits(l Limits) Option {
	return func(c *Client) error {
		c.limits = l.orDefault()
		return nil
	}
}

// WithTimeouts changes waiting times.
func WithTimeouts(t Timeouts) Option {
	return func(c *Client) error {
		c.times = t.orDefault()
		return nil
	}
}

// WithEphemeral says that the server ends with this process.
func WithEphemeral() Option {
	return func(c *Client) error {
		c.ephemeral = true
		return nil
	}
}

// WithKind sets what Describe calls this place; default "comfyui".
func WithKind(kind string) Option {
	return func(c *Client) error {
		c.kind = kind
		return nil
	}
}
