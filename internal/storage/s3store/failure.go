package s3store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

var (
	errAltered = errors.New("the store has other bytes than were sent, twice")
	errValid   = errors.New("a signed address is valid for a second at least and seven days at most")
)

func (s *Store) fail(op, name string, err error) error {
	if _, known := errors.AsType[*storage.Error](err); known {
		return err
	}
	return &storage.Error{Op: op, Location: s.Location(name), Err: s.classify(err), Temporary: isTemporary(err)}
}

// classify says in the words of package storage what the SDK reports.
func (s *Store) classify(err error) error {
	if unsigned, ok := errors.AsType[*signing](err); ok { // before the answers that led to it
		return &kindError{storage.ErrAuth, err, unsigned.Error()}
	}
	api, isAPI := errors.AsType[smithy.APIError](err)
	switch code := codeOf(err); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isAPI && code == "NoSuchBucket":
		return &storage.BucketError{Bucket: s.at.Bucket, Create: s.makeBucket()}
	case isMissing(err):
		return &kindError{storage.ErrNotExist, err, ""}
	case isSkew(code):
		return &storage.ClockError{Server: serverTime(err), Here: time.Now(), Err: err}
	case isLogin(code):
		return &kindError{storage.ErrAuth, err, said(api)}
	case isAPI && code == "AccessDenied", isStatus(err, http.StatusForbidden):
		return &kindError{storage.ErrRefused, err, said(api)}
	case slices.Contains([]string{"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"}, code), isStatus(err, http.StatusInsufficientStorage):
		return &kindError{storage.ErrFull, err, said(api)}
	case isRegion(err):
		return &storage.RegionError{Bucket: s.at.Bucket, Asked: s.client.Options().Region, Right: header(err, "X-Amz-Bucket-Region"), Err: err}
	case isAPI:
		return &kindError{nil, err, said(api)}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return &kindError{nil, err, reason(err)}
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return &kindError{nil, err, reason(err)}
	}
	return err
}

// A kindError reads as what matters and unwraps to the kind and to the SDK's own
// error, whose text repeats operations and request ids.
type kindError struct {
	kind  error
	cause error
	said  string
}

func (e *kindError) Error() string {
	switch {
	case e.kind == nil:
		return e.said
	case e.said == "":
		return e.kind.Error()
	}
	return e.kind.Error() + ": " + e.said
}

func (e *kindError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.cause}
	}
	return []error{e.kind, e.cause}
}

// said is what the store says itself, with its code.
func said(api smithy.APIError) string {
	if api == nil {
		return ""
	}
	if text := api.ErrorMessage(); text != "" && text != api.ErrorCode() {
		return fmt.Sprintf("%s (%s)", text, api.ErrorCode())
	}
	return api.ErrorCode()
}

// reason is the innermost of a chain of network errors, with the address.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err.Error()
	}
	return err.Error()
}

func codeOf(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

func isCode(err error, code string) bool { return err != nil && codeOf(err) == code }

func response(err error) *smithyhttp.ResponseError {
	r, _ := errors.AsType[*smithyhttp.ResponseError](err)
	return r
}

func isStatus(err error, status int) bool {
	r := response(err)
	return r != nil && r.HTTPStatusCode() == status
}

func header(err error, name string) string {
	if r := response(err); r != nil && r.Response != nil {
		return r.Response.Header.Get(name)
	}
	return ""
}

func isMissing(err error) bool {
	if _, ok := errors.AsType[*types.NotFound](err); ok {
		return true
	}
	return isCode(err, "NoSuchKey") || isCode(err, "NotFound") || isStatus(err, http.StatusNotFound) && codeOf(err) != "NoSuchBucket" && codeOf(err) != "NoSuchUpload"
}

func isSkew(code string) bool {
	return code == "RequestTimeTooSkewed" || code == "RequestExpired" || code == "RequestInTheFuture"
}

// isLogin lists the codes by which a store says that it does not know who asks.
func isLogin(code string) bool {
	return slices.Contains([]string{
		"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired",
		"InvalidSecurity", "UnrecognizedClientException", "MissingSecurityHeader", "Unauthorized",
	}, code)
}

func isRegion(err error) bool {
	code := codeOf(err)
	return code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException" ||
		isStatus(err, http.StatusMovedPermanently)
}

// refused reports whether the store has answered and said no, so that nothing
// was begun there.
func refused(err error) bool {
	r := response(err)
	return r != nil && r.HTTPStatusCode() >= 400 && r.HTTPStatusCode() < 500
}

// serverTime is what the store's clock says, zero when it does not.
func serverTime(err error) time.Time {
	at, _ := http.ParseTime(header(err, "Date"))
	return at
}

// isTemporary asks the SDK's own rules, and adds what it knows no better.
func isTemporary(err error) bool {
	if _, unsigned := errors.AsType[*signing](err); unsigned || errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrExist) {
		return false
	}
	if r := response(err); r != nil {
		switch code := r.HTTPStatusCode(); {
		case code == http.StatusConflict, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
			return true
		case code >= 500 && code != http.StatusNotImplemented && code != http.StatusInsufficientStorage:
			return true
		}
	}
	for _, rule := range retry.DefaultRetryables {
		if rule.IsErrorRetryable(err).Bool() {
			return true
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return false
}
