package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// A CertificateError means that a file of a certificate or key cannot be used.
type CertificateError struct {
	Path string
	Err  error
}

func (e *CertificateError) Error() string { return fmt.Sprintf("%s cannot be used: %s", e.Path, e.Err) }
func (e *CertificateError) Unwrap() error { return e.Err }

// TLS is what encrypted connections to a backend need beyond the usual: a client's
// certificate, an authority of one's own, or with insecure no check of the server;
// nil when nothing. A key that others can read is an *ExposedError.
func (a Access) TLS(insecure bool) (*tls.Config, error) {
	if !insecure && a.ClientCert == "" && a.CA == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure} //nolint:gosec // where the user's config asks for it, which is said at each run
	if a.ClientCert != "" {
		if readableByOthers(a.ClientKey) {
			return nil, &ExposedError{Path: a.ClientKey}
		}
		pair, err := tls.LoadX509KeyPair(a.ClientCert, a.ClientKey)
		if err != nil {
			return nil, &CertificateError{Path: a.ClientCert, Err: err}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if a.CA != "" {
		data, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, &CertificateError{Path: a.CA, Err: err}
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, &CertificateError{Path: a.CA, Err: errors.New("it has no certificate in PEM form")}
		}
	}
	return c, nil
}
