package s3store

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store/s3test"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

// TestMain keeps the tests off the AWS configuration of this machine and off the
// network.
func TestMain(m *testing.M) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": cmp.Or(os.Getenv("EASEL_TEST_S3_ACCESS_KEY"), "key"), "AWS_SECRET_ACCESS_KEY": canary(),
	} {
		os.Setenv(name, value)
	}
	if address := os.Getenv(childAddress); address != "" {
		os.Exit(writeForEver(address))
	}
	os.Exit(m.Run())
}

// canary is the secret of all tests: it must be seen nowhere.
func canary() string { return cmp.Or(os.Getenv("EASEL_TEST_S3_SECRET_KEY"), "canary-secret-4f1d") }

// fake is an S3 in this process with a bucket, and what is done to its requests.
func fake(t *testing.T, faults ...fault) (*s3mem.Backend, Settings) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(&faulty{next: gofakes3.New(backend).Server(), faults: faults})
	t.Cleanup(srv.Close)
	return backend, Settings{Endpoint: srv.URL}
}

func open(t *testing.T, address string, set Settings) *Store {
	t.Helper()
	s, err := Open(address, Options{Settings: set, Journal: t.TempDir(), pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, prefix string
		checksums    string
	}{
		{"whole bucket", "", ""},
		{"prefix", "/sub dir/ä", "when_supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(t *testing.T) storage.Store {
				_, set := fake(t)
				set.Checksums = tt.checksums
				return open(t, "s3://art"+tt.prefix, set)
			}, storagetest.Metadata, storagetest.URLs)
		})
	}
}

// real is a bucket of the server that EASEL_TEST_S3 names.
func real(t *testing.T, bucket string) Settings {
	t.Helper()
	return Settings{Endpoint: s3test.Real(t, bucket).Endpoint}
}

// client asks a server past the store.
func client(set Settings) *s3.Client {
	return s3test.Client(set.Endpoint, os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"))
}

// wantNoUploads sees that no multipart upload is open.
func wantNoUploads(t *testing.T, set Settings, bucket string) {
	t.Helper()
	s3test.NoUploads(t, client(set), bucket)
}

func TestConformanceReal(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	set := real(t, fmt.Sprintf("conformance-%d", os.Getpid()))
	bucket := fmt.Sprintf("conformance-%d", os.Getpid())
	for _, checksums := range []string{"when_required", "when_supported"} {
		t.Run(checksums, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store {
				set := set
				set.Checksums = checksums
				return open(t, fmt.Sprintf("s3://%s/run%d", bucket, n.Add(1)), set)
			}, storagetest.Metadata, storagetest.URLs)
		})
	}
	t.Cleanup(func() { wantNoUploads(t, set, bucket) })
}
