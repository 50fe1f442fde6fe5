package s3store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A writer holds an object back until its name is sure. What outgrows a part is
// transferred under the name it will have, part by part; without a name, it waits
// in a file.
type writer struct {
	storage.Ending

	store  *Store
	ctx    context.Context
	about  storage.Object
	token  string // of this transfer
	sha    hash.Hash
	etag   *etag
	size   int64
	held   []byte   // all of it, while it is small
	stream *stream  // of a large one with a name
	file   *os.File // of a large one without
}

// Create implements storage.Store.
func (s *Store) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("create", o.Name, err)
	}
	if o.CacheControl == "" {
		o.CacheControl = s.at.Settings.CacheControl
	}
	return &writer{store: s, ctx: ctx, about: o, token: strings.ToLower(rand.Text()), sha: sha256.New(), etag: newETag()}, nil
}

// end gives the object up after a failure.
func (w *writer) end(op, name string, err error) error {
	return w.Fail(w.store.fail(op, name, err), w.Abort)
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.Usable(w.ctx); err != nil {
		return 0, w.end("write", w.about.Name, err)
	}
	if w.stream == nil && w.file == nil && len(w.held)+len(p) > PartSize {
		if err := w.outgrow(); err != nil {
			return 0, w.end("write", w.about.Name, err)
		}
	}
	var n int
	var err error
	switch {
	case w.stream != nil:
		n, err = w.stream.Write(p)
	case w.file != nil:
		n, err = w.file.Write(p)
	default:
		w.held = append(w.held, p...)
		n = len(p)
	}
	w.sha.Write(p[:n])
	_, _ = w.etag.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		return n, w.end("write", w.about.Name, err)
	}
	return n, nil
}

// outgrow begins to transfer what is held, or to keep it in a file.
func (w *writer) outgrow() error {
	if w.about.Name == "" {
		file, err := os.CreateTemp("", "easel-upload-*")
		if err != nil {
			return err
		}
		w.file = file
		_, err = file.Write(w.held)
		w.held = nil
		return err
	}
	if err := storage.CheckName(w.about.Name); err != nil {
		return err
	}
	if !w.about.Replace {
		switch _, err := w.store.head(w.ctx, w.about.Name); {
		case err == nil:
			return storage.ErrExist
		case !isMissing(err) && !isStatus(err, 403): // who may not list is told nothing of what is missing
			return err
		}
	}
	w.stream = w.store.begin(w.ctx, w.about, w.token, w.held, nil)
	w.held = nil
	return nil
}

// Commit implements storage.Writer.
func (w *writer) Commit(ctx context.Context, name string) (storage.Info, error) {
	if w.begunElsewhere(name) {
		return storage.Info{}, w.store.fail("write", name, storage.ErrBegun)
	}
	err := w.Usable(ctx)
	if err == nil {
		err = storage.CheckName(name)
	}
	if err == nil {
		err = w.commit(ctx, name)
	}
	if errors.Is(err, storage.ErrExist) && w.stream == nil {
		return storage.Info{}, w.store.fail("write", name, err) // may be tried again under another name
	}
	if err != nil {
		return storage.Info{}, w.end("write", name, err)
	}
	w.End()
	w.discard()
	return storage.Info{
		Name: name, Size: w.size, Modified: time.Now(), URL: w.store.address(name), Public: w.store.public(), MediaType: w.about.MediaType,
		CacheControl: w.about.CacheControl, SHA256: hex.EncodeToString(w.sha.Sum(nil)), Metadata: w.about.Metadata,
	}, nil
}

// begunElsewhere reports whether the bytes are on their way, or were, under
// another name.
func (w *writer) begunElsewhere(name string) bool {
	if errors.Is(w.Failed(), storage.ErrExist) || w.stream != nil && w.Failed() == nil && !w.Over() {
		return name != w.about.Name && w.ctx.Err() == nil
	}
	return false
}

func (w *writer) commit(ctx context.Context, name string) error {
	exclusive := true
	if !w.about.Replace {
		var err error
		if exclusive, err = w.store.isExclusive(ctx); err != nil {
			return err
		}
		if !exclusive {
			if err := w.store.free(ctx, name); err != nil {
				return err
			}
		}
	}
	switch {
	case w.stream != nil:
		return w.stream.finish(ctx, w.etag)
	case w.file != nil:
		if _, err := w.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if !w.about.Replace && exclusive {
			if err := w.store.free(ctx, name); err != nil { // else it is known only when everything is there
				return err
			}
		}
		o := w.about
		o.Name = name
		return w.store.begin(ctx, o, w.token, nil, w.file).finish(ctx, w.etag)
	}
	return w.put(ctx, name, exclusive && !w.about.Replace)
}

// free is ErrExist when there is an object of the name.
func (s *Store) free(ctx context.Context, name string) error {
	switch _, err := s.head(ctx, name); {
	case err == nil:
		return storage.ErrExist
	case isMissing(err), isStatus(err, 403):
		return nil
	default:
		return err
	}
}

// put sends a small object, whole, and sees that it arrived as it was.
func (w *writer) put(ctx context.Context, name string, exclusive bool) error {
	sum := w.sha.Sum(nil)
	in := &s3.PutObjectInput{
		Bucket: w.store.bucket(), Key: w.store.key(name), ContentLength: aws.Int64(w.size),
		ContentType: text(w.about.MediaType), CacheControl: text(w.about.CacheControl),
		Metadata: w.metadata(metaSHA256, hex.EncodeToString(sum)),
	}
	w.store.dress(in)
	if w.store.checked {
		in.ChecksumAlgorithm, in.ChecksumSHA256 = types.ChecksumAlgorithmSha256, aws.String(base64.StdEncoding.EncodeToString(sum))
	}
	for try := 1; ; try++ {
		if in.IfNoneMatch = nil; exclusive && try == 1 { // then what is there is ours, and damaged
			in.IfNoneMatch = aws.String("*")
		}
		out, err := w.store.putOnce(ctx, name, in, w.held, hex.EncodeToString(sum))
		if err != nil {
			return err
		}
		same, err := w.store.arrived(ctx, name, out, w.etag.whole(), sum, out.ServerSideEncryption)
		if err != nil || same {
			return err
		}
		if try == 2 {
			_ = w.store.Remove(context.WithoutCancel(ctx), name)
			return errAltered
		}
	}
}

// conflicts is how often a write is tried again while somebody else writes the
// same name.
const conflicts = 8

// putOnce sends an object and finds out whether a name that is taken was taken
// by this very transfer, of which the answer got lost.
func (s *Store) putOnce(ctx context.Context, name string, in *s3.PutObjectInput, content []byte, sum string) (*s3.PutObjectOutput, error) {
	pause := 20 * time.Millisecond
	for try := 1; ; try++ {
		counting, requests := counted(ctx)
		in.Body = bytes.NewReader(content)
		out, err := s.client.PutObject(counting, in)
		switch {
		case err == nil:
			return out, nil
		case isStatus(err, 409) && !isCode(err, "BucketAlreadyExists") && try < conflicts:
			if err := storage.Wait(ctx, pause); err != nil {
				return nil, err
			}
			pause *= 2
			continue
		case !isStatus(err, 412):
			return nil, err
		}
		if requests.Load() > 1 || try > 1 {
			if head, e := s.head(ctx, name); e == nil && head.Metadata[metaSHA256] == sum {
				return &s3.PutObjectOutput{ETag: head.ETag, ServerSideEncryption: head.ServerSideEncryption}, nil
			}
		}
		return nil, storage.ErrExist
	}
}

// arrived reports whether the store has the bytes that were sent. Its ETag says
// so, which is an MD5 unless the object is encrypted with a key of its own; where
// it is another, the object is read.
func (s *Store) arrived(ctx context.Context, name string, out *s3.PutObjectOutput, want string, sum []byte, encryption types.ServerSideEncryption) (bool, error) {
	got := strings.Trim(aws.ToString(out.ETag), `"`)
	if got == "" || got == want || s.oddETags.Load() || encryption != "" && encryption != types.ServerSideEncryptionAes256 {
		return true, nil
	}
	body, _, err := s.Open(ctx, name)
	if err != nil {
		return false, err
	}
	defer body.Close()
	there := sha256.New()
	if _, err := io.Copy(there, body); err != nil {
		return false, err
	}
	if !bytes.Equal(there.Sum(nil), sum) {
		return false, nil
	}
	s.oddETags.Store(true)
	return true, nil
}

func (w *writer) metadata(key, value string) map[string]string {
	all := map[string]string{key: value}
	for k, v := range w.about.Metadata {
		all[k] = encodeMeta(v)
	}
	return all
}

// dress gives an object what the settings say of how it is kept.
func (s *Store) dress(in *s3.PutObjectInput) {
	set := s.at.Settings
	in.ACL = types.ObjectCannedACL(set.ACL)
	in.StorageClass = types.StorageClass(set.StorageClass)
	kind, key, _ := strings.Cut(set.Encryption, "=")
	in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryption(kind), text(key)
}

// text is nil for what is not said.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (w *writer) discard() {
	w.held = nil
	if w.file != nil {
		w.file.Close()
		_ = os.Remove(w.file.Name())
		w.file = nil
	}
}

// Abort implements storage.Writer. It returns when nothing of the object is left
// in the store.
func (w *writer) Abort() error {
	if !w.End() {
		return nil
	}
	w.discard()
	if w.stream != nil {
		w.stream.abort()
	}
	return nil
}
