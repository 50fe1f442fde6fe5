package s3store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A stream is a large object on its way into the store, in parts. It becomes
// visible when finish has ended the reading.
type stream struct {
	store  *Store
	name   string
	pipe   *io.PipeWriter // nil when it is read from a file
	cancel context.CancelCauseFunc
	done   chan struct{}
	out    *transfermanager.UploadObjectOutput
	err    error
}

var errAborted = errors.New("given up")

// begin transfers an object from a beginning that is held, and from what is
// written to the stream then; or a file from where it stands.
func (s *Store) begin(ctx context.Context, o storage.Object, token string, held []byte, file *os.File) *stream {
	ctx, cancel := context.WithCancelCause(ctx)
	st := &stream{store: s, name: o.Name, cancel: cancel, done: make(chan struct{})}
	var from io.Reader = file
	var reading *io.PipeReader
	if file == nil {
		reading, st.pipe = io.Pipe()
		from = io.MultiReader(bytes.NewReader(held), reading)
	}
	metadata := map[string]string{metaUpload: token}
	for k, v := range o.Metadata {
		metadata[k] = encodeMeta(v)
	}
	in := &transfermanager.UploadObjectInput{
		Bucket: s.bucket(), Key: s.key(o.Name), Body: from, Metadata: metadata,
		ContentType: text(o.MediaType), CacheControl: text(o.CacheControl),
	}
	s.dressLarge(in)
	if !o.Replace && s.mayBeExclusive() {
		in.IfNoneMatch = aws.String("*")
	}
	go func() {
		defer close(st.done)
		st.out, st.err = s.transfer.UploadObject(context.WithValue(ctx, tokenKey{}, token), in)
		if st.err != nil && context.Cause(ctx) != nil {
			st.err = context.Cause(ctx)
		}
		if reading != nil {
			reading.CloseWithError(errors.Join(st.err, io.ErrClosedPipe)) // whoever writes must not wait for ever
		}
	}()
	return st
}

// dressLarge is dress for a transfer in parts.
func (s *Store) dressLarge(in *transfermanager.UploadObjectInput) {
	var like s3.PutObjectInput
	s.dress(&like)
	in.ACL, in.StorageClass = tmtypes.ObjectCannedACL(like.ACL), tmtypes.StorageClass(like.StorageClass)
	in.ServerSideEncryption, in.SSEKMSKeyID = tmtypes.ServerSideEncryption(like.ServerSideEncryption), like.SSEKMSKeyId
}

func (st *stream) Write(p []byte) (int, error) {
	n, err := st.pipe.Write(p)
	if err != nil {
		<-st.done
		err = st.err
	}
	return n, err
}

// finish ends the reading, waits until the object is visible and sees that its
// parts arrived as they were.
func (st *stream) finish(ctx context.Context, sums *etag) error {
	stop := context.AfterFunc(ctx, func() { st.cancel(context.Cause(ctx)) })
	defer stop()
	if st.pipe != nil {
		st.pipe.Close()
	}
	<-st.done
	if st.err != nil {
		return st.err
	}
	got := strings.Trim(aws.ToString(st.out.ETag), `"`)
	if got == "" || got == sums.inParts() || st.store.oddETags.Load() ||
		st.out.ServerSideEncryption != "" && st.out.ServerSideEncryption != tmtypes.ServerSideEncryptionAes256 {
		return nil
	}
	return st.store.compareLarge(ctx, st.name, sums)
}

// compareLarge reads an object whose ETag is not that of what was sent.
func (s *Store) compareLarge(ctx context.Context, name string, sums *etag) error {
	body, _, err := s.Open(ctx, name)
	if err != nil {
		return err
	}
	defer body.Close()
	there := newETag()
	if _, err := io.Copy(there, body); err != nil {
		return err
	}
	if there.inParts() != sums.inParts() {
		_ = s.Remove(context.WithoutCancel(ctx), name)
		return errAltered
	}
	s.oddETags.Store(true)
	return nil
}

// abort gives the transfer up and waits until the store has dropped its parts.
func (st *stream) abort() {
	st.cancel(errAborted)
	if st.pipe != nil {
		st.pipe.CloseWithError(errAborted)
	}
	<-st.done
}

// multipart is the client of the transfer manager: it writes down which
// transfers are open, and finds out how one ended of which the answer got lost.
type multipart struct {
	*s3.Client
	store *Store
}

type tokenKey struct{}

// CreateMultipartUpload begins a transfer, written down before it is asked for.
func (m multipart) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	entry, err := m.store.journal.begin(aws.ToString(in.Key))
	if err != nil {
		return nil, err
	}
	// Whoever gives up now still waits for the answer, which names what is to be
	// taken back.
	asking, stop := context.WithTimeout(context.WithoutCancel(ctx), createPatience)
	defer stop()
	counting, requests := counted(asking)
	out, err := m.Client.CreateMultipartUpload(counting, in, opts...)
	switch {
	case err == nil:
		if err := entry.accepted(aws.ToString(out.UploadId)); err != nil {
			return nil, err
		}
		if requests.Load() > 1 { // one of which the answer got lost may be open too
			_ = entry.abortOthers(asking, m.Client)
		}
		return out, nil
	case refused(err) || entry.abort(asking, m.Client) == nil:
		entry.done()
	default:
		entry.leave()
	}
	return nil, err
}

// createPatience bounds how long the answer to the beginning of a transfer is
// waited for.
const createPatience = 5 * time.Second

// CompleteMultipartUpload makes the object visible.
func (m multipart) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	out, err := m.complete(ctx, in, opts...)
	if err == nil {
		m.store.journal.done(aws.ToString(in.UploadId))
	}
	return out, err
}

func (m multipart) complete(ctx context.Context, in *s3.CompleteMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	pause := 50 * time.Millisecond
	for try := 1; ; try++ {
		out, err := m.Client.CompleteMultipartUpload(ctx, in, opts...)
		if err == nil {
			return out, nil
		}
		// An answer that got lost: the same again is refused since it was done, and
		// the object there is of this transfer.
		token, _ := ctx.Value(tokenKey{}).(string)
		head, e := m.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
		switch {
		case e == nil && token != "" && head.Metadata[metaUpload] == token:
			return &s3.CompleteMultipartUploadOutput{Key: in.Key, ETag: head.ETag, ServerSideEncryption: head.ServerSideEncryption, SSEKMSKeyId: head.SSEKMSKeyId}, nil
		case isStatus(err, 412), e == nil && in.IfNoneMatch != nil && isStatus(err, 409):
			return nil, storage.ErrExist
		case !isStatus(err, 409) || try == conflicts:
			return nil, err
		}
		if err := storage.Wait(ctx, pause); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// AbortMultipartUpload drops what was sent.
func (m multipart) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, opts ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	upload := aws.ToString(in.UploadId)
	if err := abort(ctx, m.Client, aws.ToString(in.Bucket), aws.ToString(in.Key), upload, opts...); err != nil {
		return nil, err
	}
	m.store.journal.done(upload)
	return &s3.AbortMultipartUploadOutput{}, nil
}
