package main

import (
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/rogpeppe/go-internal/testscript"
)

// buckets are the S3 services of the stories that run, by their address.
var buckets sync.Map

// startS3 runs an S3 service with the buckets art and backup until the story
// ends, and puts its address and credentials where the AWS SDK looks for them.
func startS3(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: s3")
	}
	backend := s3mem.New()
	for _, name := range []string{"art", "backup"} {
		ts.Check(backend.CreateBucket(name))
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	buckets.Store(server.URL, backend)
	ts.Defer(func() {
		buckets.Delete(server.URL)
		server.CloseClientConnections()
		server.Close()
	})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "story", "AWS_SECRET_ACCESS_KEY": "canary-of-the-story",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		ts.Setenv(name, value)
	}
}

// countKeys checks how many objects a bucket holds: keys 2 art 'today/*.png'.
func countKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: keys N BUCKET GLOB")
	}
	backend, ok := buckets.Load(ts.Getenv("AWS_ENDPOINT_URL"))
	if !ok {
		ts.Fatalf("no s3 was started")
	}
	list, err := backend.(*s3mem.Backend).ListBucket(args[1], &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	ts.Check(err)
	var keys []string
	for _, o := range list.Contents {
		keys = append(keys, o.Key)
	}
	found := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		ok, err := path.Match(args[2], key)
		ts.Check(err)
		return !ok
	})
	if strconv.Itoa(len(found)) != args[0] {
		ts.Fatalf("%d objects like %s, want %s; there are %q", len(found), args[2], args[0], keys)
	}
}
