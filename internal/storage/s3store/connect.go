package s3store

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
)

const (
	// PartSize of a multipart upload, and how much of an object is held back
	// before its transfer begins.
	PartSize = 8 << 20
	// Parts are the parts of one object that are sent at a time: what is in memory
	// of a large object is about PartSize x (Parts + 2), however large it is.
	Parts = 4
	// tries of a request that the store did not take, with growing pauses.
	tries = 6
)

// connect makes the client. Nothing is asked of anybody.
func (s *Store) connect(pause time.Duration) error {
	set := s.at.Settings
	var load []func(*config.LoadOptions) error
	if set.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(set.Profile))
	}
	if set.Region != "" {
		load = append(load, config.WithRegion(set.Region))
	}
	// What the SDK would log is in its errors, or is for its authors.
	load = append(load, config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64 // as many as transfer at a time
		t.ResponseHeaderTimeout = 2 * time.Minute
	}).WithDialerOptions(func(d *net.Dialer) { d.Timeout = 10 * time.Second })))
	cfg, err := config.LoadDefaultConfig(context.Background(), load...)
	if err != nil {
		return s.fail("open", "", &configError{err})
	}
	s.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		if set.Endpoint != "" {
			o.BaseEndpoint = aws.String(set.Endpoint)
		}
		s.own = o.BaseEndpoint != nil && !strings.Contains(*o.BaseEndpoint, ".amazonaws.com")
		o.UsePathStyle = set.PathStyle == "true" || s.own && set.PathStyle != "false"
		o.Region = cmp.Or(o.Region, "us-east-1")
		o.HTTPClient = counting{o.HTTPClient}
		o.Credentials = chain{o.Credentials}
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff = tries, pause
			r.RateLimiter = unlimited{} // an outage is waited for by tries, and not by all transfers together
		})
		o.DisableLogOutputChecksumValidationSkipped = true
		s.checksums(o)
	})
	s.presign = s3.NewPresignClient(s.client)
	s.transfer = transfermanager.New(multipart{s.client, s}, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.MultipartUploadThreshold = PartSize, PartSize
		o.Concurrency = Parts
		o.RequestChecksumCalculation = s.client.Options().RequestChecksumCalculation
		o.FailTimeout = 10 * time.Second // to take back what a cancelled transfer began
	})
	return nil
}

// checksums decides whether the store gets checksums with requests. Services
// other than AWS refuse them, or the way they are sent, often enough.
func (s *Store) checksums(o *s3.Options) {
	want := s.at.Settings.Checksums
	if (want == "" || want == auto) && s.own && os.Getenv("AWS_REQUEST_CHECKSUM_CALCULATION") == "" {
		want = "when_required"
	}
	switch want {
	case "when_required":
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	case "when_supported":
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
	s.checked = o.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported
}

// unlimited lets every request be tried again.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

// counting counts the requests of one call, for whoever asks by counted.
type counting struct{ s3.HTTPClient }

type countKey struct{}

// counted gives a context whose requests are counted: more than one means that
// an earlier one may have been heard although no answer came.
func counted(ctx context.Context) (context.Context, *atomic.Int32) {
	n := new(atomic.Int32)
	return context.WithValue(ctx, countKey{}, n), n
}

func (c counting) Do(req *http.Request) (*http.Response, error) {
	if n, ok := req.Context().Value(countKey{}).(*atomic.Int32); ok {
		n.Add(1)
	}
	return c.HTTPClient.Do(req)
}
