// Package s3test looks into buckets past easel, for tests: the server is the one that
// EASEL_TEST_S3 names.
package s3test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Client asks a server past the store.
func Client(endpoint, key, secret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
}

// A Bucket is one of a real server.
type Bucket struct {
	Endpoint, Name string
	client         *s3.Client
}

// Real makes a bucket on the server that EASEL_TEST_S3 names. Without one the test
// is skipped.
func Real(t *testing.T, name string) *Bucket {
	t.Helper()
	endpoint := os.Getenv("EASEL_TEST_S3")
	if endpoint == "" {
		t.Skip("EASEL_TEST_S3 names no S3 server")
	}
	b := &Bucket{endpoint, name, Client(endpoint, os.Getenv("EASEL_TEST_S3_ACCESS_KEY"), os.Getenv("EASEL_TEST_S3_SECRET_KEY"))}
	if _, err := b.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return b
}

// Env is where the AWS SDK finds the server and the credentials.
func (b *Bucket) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + b.Endpoint, "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + os.Getenv("EASEL_TEST_S3_ACCESS_KEY"), "AWS_SECRET_ACCESS_KEY=" + os.Getenv("EASEL_TEST_S3_SECRET_KEY"),
	}
}

// Objects are the contents of the bucket by their keys.
func (b *Bucket) Objects(t *testing.T) map[string][]byte {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	all := map[string][]byte{}
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: o.Key})
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(out.Body)
			out.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			all[aws.ToString(o.Key)] = data
		}
	}
	return all
}

// NoUploads fails the test when a multipart upload is open.
func (b *Bucket) NoUploads(t *testing.T) {
	t.Helper()
	NoUploads(t, b.client, b.Name)
}

// NoUploads fails the test when a multipart upload of a bucket is open.
func NoUploads(t *testing.T, client *s3.Client, bucket string) {
	t.Helper()
	out, err := client.ListMultipartUploads(context.WithoutCancel(t.Context()), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "NoSuchUpload" { // a fake says so when there is none
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range out.Uploads {
		t.Errorf("the multipart upload of %s is open", aws.ToString(u.Key))
	}
}
