package s3store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// patience bounds how long the SDK looks for credentials: the last place where
// it looks, the metadata service of a cloud machine, does not answer elsewhere.
const patience = 15 * time.Second

// chain is the SDK's own search for credentials, whose failures are told apart
// from those of requests.
type chain struct{ aws.CredentialsProvider }

func (c chain) Retrieve(ctx context.Context) (aws.Credentials, error) {
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	found, err := c.CredentialsProvider.Retrieve(limited)
	if err != nil && ctx.Err() == nil {
		err = &signing{err}
	}
	return found, err
}

// A signing error means that there are no credentials, or that they could not be
// renewed. It says nothing of what they are.
type signing struct{ err error }

func (e *signing) Error() string {
	text := e.err.Error()
	switch {
	case strings.Contains(text, "IMDS"), errors.Is(e.err, context.DeadlineExceeded):
		return "there are none: not in the environment (AWS_ACCESS_KEY_ID), not in ~/.aws, and this machine has no role"
	case strings.Contains(text, "SSO"), strings.Contains(text, "sso"):
		return "the session of the single sign-on has ended"
	}
	return innermost(e.err).Error()
}

func (e *signing) Unwrap() error { return e.err }

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// A configError means that the AWS configuration cannot be read.
type configError struct{ err error }

func (e *configError) Error() string { return "the AWS configuration cannot be used: " + e.err.Error() }

func (e *configError) Unwrap() []error { return []error{storage.ErrAuth, e.err} }
