package s3store

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// exclusivity is whether the store heeds If-None-Match, which keeps two writers
// of one name apart.
type exclusivity int

const (
	unknown exclusivity = iota
	heeded
	ignored
)

const probePrefix = ".easel-probe-"

func isProbe(name string) bool { return strings.HasPrefix(name, probePrefix) }

// isExclusive finds out, once, whether the store heeds If-None-Match. AWS is
// known to; others are tried, with an object that is written twice. Where it is
// ignored or refused, the user is told, and names are looked up before they are
// written.
func (s *Store) isExclusive(ctx context.Context) (bool, error) {
	s.exclusivity.Lock()
	defer s.exclusivity.Unlock()
	if s.exclusive == unknown {
		if err := s.try(ctx); err != nil {
			return false, err
		}
	}
	return s.exclusive == heeded, nil
}

// mayBeExclusive is isExclusive as far as it is known.
func (s *Store) mayBeExclusive() bool {
	s.exclusivity.Lock()
	defer s.exclusivity.Unlock()
	return s.exclusive != ignored
}

// Probe implements storage.Store: it writes a small object and takes it away.
// Who may not remove gets a note.
func (s *Store) Probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return s.fail("probe", "", err)
	}
	s.exclusivity.Lock()
	defer s.exclusivity.Unlock()
	if err := s.try(ctx); err != nil {
		return s.fail("write to", "", err)
	}
	return nil
}

func (s *Store) try(ctx context.Context) error {
	name := probePrefix + strings.ToLower(rand.Text()[:12])
	in := &s3.PutObjectInput{Bucket: s.bucket(), Key: s.key(name), Body: strings.NewReader("")}
	s.dress(in)
	if _, err := s.client.PutObject(ctx, in); err != nil {
		return err
	}
	defer func() {
		if err := s.Remove(context.WithoutCancel(ctx), name); err != nil {
			s.note("nothing can be removed from " + s.Location("") + ": the empty object " + name + " stays")
		}
	}()
	if s.exclusive != unknown {
		return nil
	}
	if !s.own {
		s.exclusive = heeded
		return nil
	}
	in.IfNoneMatch, in.Body = aws.String("*"), strings.NewReader("")
	counting, requests := counted(ctx)
	_, err := s.client.PutObject(counting, in)
	switch {
	case isStatus(err, 412), isStatus(err, 409):
		s.exclusive = heeded
		return nil
	case err == nil, isStatus(err, 501), isStatus(err, 400) && requests.Load() == 1:
		s.exclusive = ignored
		s.note(s.Location("") + " does not heed If-None-Match: easel looks whether a name is free before it writes, which keeps nobody off who writes it in the same moment")
		return nil
	}
	return err
}
