package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// Names of metadata that the store itself keeps with an object.
const (
	metaSHA256 = "sha256"       // of the content; of objects that were sent whole
	metaUpload = "easel-upload" // of which transfer it is; of objects that were sent in parts
)

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, name string) (storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	head, err := s.head(ctx, name)
	if err != nil {
		return storage.Info{}, s.fail("stat", name, err)
	}
	return s.described(name, head), nil
}

func (s *Store) head(ctx context.Context, name string) (*s3.HeadObjectOutput, error) {
	return s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: s.bucket(), Key: s.key(name)})
}

func (s *Store) described(name string, head *s3.HeadObjectOutput) storage.Info {
	info := storage.Info{
		Name: name, Size: aws.ToInt64(head.ContentLength), Modified: aws.ToTime(head.LastModified), URL: s.address(name), Public: s.public(),
		MediaType: aws.ToString(head.ContentType), CacheControl: aws.ToString(head.CacheControl), SHA256: head.Metadata[metaSHA256],
	}
	for key, value := range head.Metadata {
		if key == metaSHA256 || key == metaUpload {
			continue
		}
		if info.Metadata == nil {
			info.Metadata = map[string]string{}
		}
		info.Metadata[key] = decodeMeta(value)
	}
	return info
}

// encodeMeta makes a value what a header can carry, in the form in which AWS
// itself shows what is not ASCII (RFC 2047).
func encodeMeta(value string) string { return mime.QEncoding.Encode("utf-8", value) }

func decodeMeta(value string) string {
	decoded, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value // of somebody else, and no encoded word
	}
	return decoded
}

// Open implements storage.Store.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	return s.OpenRange(ctx, name, 0, -1)
}

// OpenRange implements storage.Store. A connection that breaks is taken up
// where it broke, unless the object has changed since.
func (s *Store) OpenRange(ctx context.Context, name string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	if err := check(ctx, name); err != nil {
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	if length == 0 {
		info, err := s.Stat(ctx, name)
		return io.NopCloser(bytes.NewReader(nil)), info, err
	}
	in := &s3.GetObjectInput{Bucket: s.bucket(), Key: s.key(name)}
	if offset > 0 || length > 0 {
		in.Range = aws.String(byteRange(offset, length))
	}
	got, err := s.client.GetObject(ctx, in)
	switch {
	case isCode(err, "InvalidRange"): // behind the end
		info, err := s.Stat(ctx, name)
		return io.NopCloser(bytes.NewReader(nil)), info, err
	case err != nil:
		return nil, storage.Info{}, s.fail("open", name, err)
	}
	info := s.described(name, &s3.HeadObjectOutput{
		ContentLength: got.ContentLength, LastModified: got.LastModified, ContentType: got.ContentType,
		CacheControl: got.CacheControl, Metadata: got.Metadata,
	})
	if _, whole, ok := strings.Cut(aws.ToString(got.ContentRange), "/"); ok {
		if size, err := strconv.ParseInt(whole, 10, 64); err == nil {
			info.Size = size
		}
	}
	left := aws.ToInt64(got.ContentLength)
	return &body{store: s, ctx: ctx, name: name, etag: got.ETag, from: got.Body, at: offset, left: left}, info, nil
}

func byteRange(offset, length int64) string {
	if length < 0 {
		return fmt.Sprintf("bytes=%d-", offset)
	}
	return fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)
}

// reopens is how often one read is taken up again.
const reopens = 5

// A body is an object on its way here.
type body struct {
	store *Store
	ctx   context.Context
	name  string
	etag  *string
	from  io.ReadCloser
	at    int64 // of the next byte
	left  int64
	tries int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.at += int64(n)
	b.left -= int64(n)
	if err == nil || errors.Is(err, io.EOF) && b.left <= 0 {
		return n, err
	}
	if b.ctx.Err() != nil || b.tries == reopens {
		return n, b.store.fail("read", b.name, err)
	}
	b.tries++
	b.from.Close()
	if b.left <= 0 {
		b.from = io.NopCloser(bytes.NewReader(nil))
		return n, nil
	}
	again, err := b.store.client.GetObject(b.ctx, &s3.GetObjectInput{
		Bucket: b.store.bucket(), Key: b.store.key(b.name), IfMatch: b.etag, Range: aws.String(byteRange(b.at, b.left)),
	})
	if err != nil {
		b.from = io.NopCloser(bytes.NewReader(nil))
		return n, b.store.fail("read", b.name, err)
	}
	b.from = again.Body
	return n, nil
}

func (b *body) Close() error { return b.from.Close() }

// Remove implements storage.Store.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return s.fail("remove", name, err)
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket(), Key: s.key(name)})
	if err != nil && !isCode(err, "NoSuchKey") {
		return s.fail("remove", name, err)
	}
	return nil
}

// List implements storage.Store. What ends in a slash is a folder in the eyes of
// consoles and no object.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: s.bucket(), Prefix: aws.String(s.prefix + prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(storage.Info{}, s.fail("list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				name := strings.TrimPrefix(aws.ToString(o.Key), s.prefix)
				if name == "" || strings.HasSuffix(name, "/") || isProbe(name) {
					continue
				}
				info := storage.Info{Name: name, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified), URL: s.address(name), Public: s.public()}
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}
