package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Access is what a backend wants to see before it serves.
type Access struct {
	Username string
	Password Secret
	Token    Secret // bearer
	Headers  map[string]Secret

	ClientCert, ClientKey string // files of the certificate and its key, PEM; "" = none
	CA                    string // file of the authority that the server is checked by, PEM; "" = the system's
}

// WithheldError means that there is a secret for a backend, but only a project's file
// names the address it would go to.
type WithheldError struct {
	Backend string // as asked for; "" = it is a store
	Address string // the origin that gets no secret
	Origin  Origin // what names it
	Hint    string
}

func (e *WithheldError) Error() string {
	if e.Backend == "" {
		return fmt.Sprintf("the credentials of the store are withheld from %s: only %s names that address", e.Address, e.Origin)
	}
	return fmt.Sprintf("the secret for backend %s is withheld from %s: only %s names that address", e.Backend, e.Address, e.Origin)
}

// Access decides which secrets go to a backend, by name or by address; given
// says that spec was on the command line.
//
// A secret belongs to an origin that the user named: in the user's file, on
// the command line, in EASEL_BACKEND, or in allow_origins. Secrets in a file go
// to the address beside them, and to no other. When a project's file gives a
// name of the user's another address, or a name with an EASEL_TOKEN_ an
// address of its own, the error is a *WithheldError.
func (c *Config) Access(spec string, given bool) (Access, error) {
	entry, named := c.Backends[spec]
	address, from := entry.URL, entry.Origin
	if !named {
		address, from = spec, c.addressOrigin(spec, given)
	}
	origin := originOf(address)
	if origin == "" {
		return Access{}, nil // the emulator, a service with a key of its own
	}
	owner, ownerName := c.ownerOf(spec, origin)
	trusted := from.trusted() || slices.Contains(c.allowed(), origin) || c.userNames(spec, origin)

	access := accessOf(entry)
	if !owner.isZero() && access.isZero() {
		access = accessOf(owner)
	}
	token := ""
	if named {
		token = c.getenv(tokenVariable(spec))
	}
	if token == "" && ownerName != "" {
		token = c.getenv(tokenVariable(ownerName))
	}
	if token == "" && access.Token.IsZero() {
		name := ownerName
		if named {
			name = spec
		}
		kept, err := c.keptSecret(name, origin)
		if err != nil {
			return Access{}, err
		}
		token = kept.Reveal()
	}
	if token == "" && !named && access.Token.IsZero() && strings.HasPrefix(address, "serve+") {
		token = c.getenv(ServerKeyVariable)
	}
	redirected := access.isZero() && !accessOf(c.userBackends[spec]).isZero()
	if (token != "" || redirected) && !trusted {
		return Access{}, &WithheldError{
			Backend: spec, Address: origin, Origin: from,
			Hint: "if you trust it: easel backends add NAME " + origin + ", or EASEL_ALLOW_ORIGINS=" + origin,
		}
	}
	if redirected {
		access = accessOf(c.userBackends[spec])
	}
	if token != "" {
		access.Token = NewSecret(token)
	}
	for _, file := range []*string{&access.ClientCert, &access.ClientKey, &access.CA} {
		if *file == "" {
			continue
		}
		if *file = c.ExpandHome(*file); !filepath.IsAbs(*file) {
			*file = filepath.Join(c.ConfigDir, *file)
		}
	}
	return access, nil
}

// MayStore decides whether the user's credentials go to a store at an address that
// a setting or a plan names: when it is a project's or a plan's, only to origins in
// allow_origins. Else the error is a *WithheldError.
func (c *Config) MayStore(address string, from Origin) error {
	origin := originOf(address)
	if origin == "" || from.trusted() || slices.Contains(c.allowed(), origin) {
		return nil
	}
	return &WithheldError{
		Address: origin, Origin: from,
		Hint: "if you trust it: give it as --out, or EASEL_ALLOW_ORIGINS=" + origin,
	}
}

// addressOrigin says who gave an address that is not the name of a backend.
func (c *Config) addressOrigin(address string, given bool) Origin {
	switch {
	case given:
		return Origin{Kind: Flag, Path: "--backend"}
	case slices.Contains(strings.Split(c.Backend, ","), address):
		return c.Origin("backend")
	}
	return Origin{Kind: Plan}
}

// ownerOf finds the user's own backend at an origin: the one of that name, or
// the first by name.
func (c *Config) ownerOf(name, origin string) (Backend, string) {
	if b := c.userBackends[name]; originOf(b.URL) == origin {
		return b, name
	}
	if _, taken := c.userBackends[name]; taken {
		return Backend{}, "" // the user means another place by this name
	}
	for _, other := range slices.Sorted(maps.Keys(c.userBackends)) {
		if b := c.userBackends[other]; originOf(b.URL) == origin {
			return b, other
		}
	}
	return Backend{}, ""
}

// userNames reports whether the user's file names the origin, for that name if
// it has that name.
func (c *Config) userNames(name, origin string) bool {
	owner, _ := c.ownerOf(name, origin)
	return !owner.isZero()
}

func (c *Config) allowed() []string {
	var origins []string
	for _, address := range c.AllowOrigins {
		origins = append(origins, originOf(address))
	}
	return origins
}

func accessOf(b Backend) Access {
	return Access{Username: b.Username, Password: b.Password, Token: b.Token, Headers: maps.Clone(b.Headers), ClientCert: b.ClientCert, ClientKey: b.ClientKey, CA: b.CA}
}

func (a Access) isZero() bool {
	return a.Username == "" && a.Password.IsZero() && a.Token.IsZero() && len(a.Headers) == 0 && a.ClientCert == "" && a.CA == ""
}

// IsBare reports whether nothing is shown to a place that proves who asks.
func (a Access) IsBare() bool {
	a.CA = ""
	return a.isZero()
}

// tokenVariable is EASEL_TOKEN_<BACKEND>: the name in upper case, with an
// underscore for every other character than a letter or digit.
func tokenVariable(name string) string {
	return "EASEL_TOKEN_" + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, name)
}
