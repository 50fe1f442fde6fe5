package supabase_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/supabasetest"
)

const testKey = "service-role-key"

// project starts a project with the bucket art.
func project(t *testing.T, public bool) (*supabasetest.Service, supabase.Options) {
	t.Helper()
	service := supabasetest.New(testKey)
	service.AddBucket("art", public)
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return service, supabase.Impatient(supabase.Options{URL: server.URL, Key: testKey, Bucket: "art", Temp: t.TempDir()})
}

func open(t *testing.T, opts supabase.Options) *supabase.Store {
	t.Helper()
	s, err := supabase.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"whole bucket": "", "under a prefix": "runs/grüße"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(t *testing.T) storage.Store {
				t.Helper()
				_, opts := project(t, prefix != "")
				opts.Prefix = prefix
				return open(t, opts)
			}, storagetest.Metadata, storagetest.URLs)
		})
	}
}

// real are the options of a real service, in a place of their own.
func real(t *testing.T, public bool) supabase.Options {
	t.Helper()
	at, key := os.Getenv("EASEL_TEST_SUPABASE_URL"), os.Getenv("EASEL_TEST_SUPABASE_KEY")
	if at == "" || key == "" {
		t.Skip("EASEL_TEST_SUPABASE_URL and EASEL_TEST_SUPABASE_KEY name no Supabase project")
	}
	bucket := "easel-test-closed"
	if public {
		bucket = "easel-test-public"
	}
	if err := supabase.CreateBucket(t.Context(), supabase.Options{URL: at, Key: key, Bucket: bucket}, public); err != nil && !errors.Is(err, storage.ErrExist) {
		t.Fatal(err)
	}
	return supabase.Options{URL: at, Key: key, Bucket: bucket, Prefix: strings.ToLower(rand.Text()), Temp: t.TempDir()}
}

func TestRealConformance(t *testing.T) {
	t.Parallel()
	real(t, true)
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		s := open(t, real(t, true))
		t.Cleanup(func() { empty(t, s) })
		return s
	}, storagetest.Metadata, storagetest.URLs)
}

// empty leaves nothing of a test in a real bucket.
func empty(t *testing.T, s *supabase.Store) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for info, err := range s.List(ctx, "") {
		if err == nil {
			err = s.Remove(ctx, info.Name)
		}
		if err != nil {
			t.Log(err)
			return
		}
	}
}

// An address of an object in a closed bucket is signed, and ends.
func TestAddresses(t *testing.T) {
	t.Parallel()
	_, opts := project(t, false)
	testAddresses(t, opts)
}

func TestRealAddresses(t *testing.T) {
	t.Parallel()
	testAddresses(t, real(t, false))
}

func testAddresses(t *testing.T, opts supabase.Options) {
	t.Helper()
	s := open(t, opts)
	const name = "grüße & more/x#y 1.txt"
	storagetest.Put(t, s, name, "hello")
	t.Cleanup(func() { empty(t, s) })
	signed, err := s.URL(t.Context(), name, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, signed); got != "hello" {
		t.Errorf("%s: %q", signed, got)
	}
	if got := fetch(t, signed[:len(signed)-2]+"xx"); got == "hello" {
		t.Error("a changed signature was taken")
	}
	if info, err := s.Stat(t.Context(), name); err != nil || info.URL != "" {
		t.Errorf("everybody fetches it from %q, %v", info.URL, err)
	}
	if _, err := s.URL(t.Context(), "none", time.Minute); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("signing what is not there: %v", err)
	}
}

func fetch(t *testing.T, at string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
