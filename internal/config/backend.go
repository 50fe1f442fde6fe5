package config

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A Backend is a named place to run.
type Backend struct {
	URL      string // http://host:8188, or another form that --backend takes
	Username string
	Password Secret
	Token    Secret            // sent as bearer
	Headers  map[string]Secret // sent as they are
	Insecure bool              // does not check the server's certificate
	// Files in PEM form, counted from the folder of the settings: what proves who we
	// are, and the authority that says who the server is. "" = none.
	ClientCert string
	ClientKey  string
	CA         string
	Aliases    map[string]string // model names of workflows -> names on this server

	USDPerHour float64 // what it costs while it runs something; 0 = not known

	Origin Origin // of the entry
}

// hasSecrets reports whether there is something in it to keep.
func (b Backend) hasSecrets() bool {
	return WithoutUser(b.URL) != b.URL || !b.Password.IsZero() || !b.Token.IsZero() || len(b.Headers) > 0
}

// HasAccess reports whether there is something in it that proves who asks.
func (b Backend) HasAccess() bool { return !accessOf(b).isZero() }

// WithoutUser is an address without user, password, query and fragment, each of
// which may be a secret, to be shown. What cannot be read as an address loses
// all up to its last @. The options behind emulator? are no secret and stay.
func WithoutUser(address string) string {
	scheme, rest, hasScheme := strings.Cut(address, "://")
	if !hasScheme {
		return address[strings.LastIndex(address, "@")+1:]
	}
	bare := address
	if at := strings.IndexAny(address, "?#"); at >= 0 {
		bare = address[:at]
	}
	u, err := url.Parse(bare)
	switch {
	case err == nil && u.User == nil:
		return bare
	case err == nil:
		u.User = nil
		return u.String()
	}
	rest = rest[strings.LastIndex(rest, "@")+1:]
	if at := strings.IndexAny(rest, "?#"); at >= 0 {
		rest = rest[:at]
	}
	return scheme + "://" + rest
}

func (b Backend) isZero() bool { return b.URL == "" }

// tree is the entry as it stands in a file, secrets included.
func (b Backend) tree() textdoc.Value {
	t := textdoc.Value{Kind: textdoc.Object}
	add := func(key string, value textdoc.Value, present bool) {
		if present {
			t.Members = append(t.Members, textdoc.Member{Name: key, Value: value})
		}
	}
	headers := map[string]string{}
	for name, value := range b.Headers {
		headers[name] = value.Reveal()
	}
	add("url", textdoc.String(b.URL), true)
	add("username", textdoc.String(b.Username), b.Username != "")
	add("password", textdoc.String(b.Password.Reveal()), !b.Password.IsZero())
	add("token", textdoc.String(b.Token.Reveal()), !b.Token.IsZero())
	add("headers", sorted(headers), len(headers) > 0)
	add("client_cert", textdoc.String(b.ClientCert), b.ClientCert != "")
	add("client_key", textdoc.String(b.ClientKey), b.ClientKey != "")
	add("ca", textdoc.String(b.CA), b.CA != "")
	add("insecure", textdoc.Value{Scalar: []byte("true")}, b.Insecure)
	add("aliases", sorted(b.Aliases), len(b.Aliases) > 0)
	add("usd_per_hour", textdoc.Value{Scalar: strconv.AppendFloat(nil, b.USDPerHour, 'f', -1, 64)}, b.USDPerHour > 0)
	return t
}

func sorted(m map[string]string) textdoc.Value {
	v := textdoc.Value{Kind: textdoc.Object}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		v.Members = append(v.Members, textdoc.Member{Name: key, Value: textdoc.String(m[key])})
	}
	return v
}

// originOf is scheme://host:port of an address, in lower case and without the
// scheme's own port, or "" when it has none.
func originOf(address string) string {
	u, err := url.Parse(strings.TrimPrefix(strings.TrimPrefix(address, "comfy-api+"), "serve+"))
	if err != nil || u.Host == "" {
		return ""
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (scheme != "http" || port != "80") && (scheme != "https" || port != "443") {
		host += ":" + port
	}
	return scheme + "://" + host
}
