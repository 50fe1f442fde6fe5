package supabase

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

const (
	// simpleMost is the size up to which an object is sent in one request; above
	// it the service's documents ask for resumable uploads.
	simpleMost = 6 << 20
	// moveMost is what S3 copies in one request, which a move is there.
	moveMost = 5 << 30
	// uploadMark names the mark by which an upload is known again when the answer
	// was lost, hashMark the SHA-256 of the content.
	uploadMark = "easel-upload"
	hashMark   = "easel-sha256"
)

// A writer is one object on its way into the bucket. Its bytes are kept in a file
// on this machine until the object is committed: the service wants the size
// first, and what failed is sent again.
type writer struct {
	storage.Ending

	store *Store
	ctx   context.Context
	about storage.Object
	file  *os.File          // nil before the first byte
	body  *io.SectionReader // all bytes, when they are final

	upload *upload // nil before the first commit
	parked string  // the key where the uploaded bytes wait for their name
}

// An upload is an object with all that is sent with it.
type upload struct {
	body     *io.SectionReader
	about    storage.Object
	mark     string            // unlike that of any other upload
	metadata map[string]string // of the object, and our own
	begun    progress          // of a resumable upload
}

// Create implements storage.Store.
func (s *Store) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fail("create", "", err)
	}
	o.Metadata = maps.Clone(o.Metadata)
	return &writer{store: s, ctx: ctx, about: o}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	err := w.Usable(w.ctx)
	if err == nil && w.body != nil {
		err = fs.ErrClosed // a commit was tried, or the bytes are elsewhere: they are final
	}
	if err == nil && w.file == nil {
		w.file, err = os.CreateTemp(w.store.temp, "easel-upload-*")
	}
	if err != nil {
		return 0, w.end("write", "", err)
	}
	n, err := w.file.Write(p)
	if err != nil {
		return n, w.end("write", "", err)
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom. A section of a file is kept and not copied.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	section, ok := r.(*io.SectionReader)
	if !ok || w.file != nil || w.body != nil {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	if err := w.Usable(w.ctx); err != nil {
		return 0, w.end("write", "", err)
	}
	w.body = section
	return section.Size(), nil
}

// finish makes the bytes final.
func (w *writer) finish() error {
	if w.body == nil && w.file == nil {
		w.body = io.NewSectionReader(strings.NewReader(""), 0, 0)
	}
	if w.body != nil {
		return nil
	}
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	w.body = io.NewSectionReader(w.file, 0, info.Size())
	return nil
}

// Commit implements storage.Writer. The service checks a name before an upload
// and overwrites after it, so of two uploads at the same time both would succeed.
// What it does exactly once is a move: an object that must not replace another one
// is uploaded under a name of its own and moved.
func (w *writer) Commit(ctx context.Context, name string) (storage.Info, error) {
	err := w.Usable(ctx)
	if err == nil {
		err = storage.CheckName(name)
	}
	if err == nil {
		err = w.finish()
	}
	if err == nil {
		err = w.describe()
	}
	if err != nil {
		return storage.Info{}, w.end("write", name, err)
	}
	key := w.store.key(name)
	switch {
	case w.about.Replace, w.body.Size() > moveMost:
		err = w.store.put(ctx, key, w.upload, w.about.Replace)
	default:
		err = w.park(ctx)
		if err == nil {
			err = w.store.move(ctx, w.parked, key, w.upload.mark)
		}
		if isKind(err, "NoSuchKey") {
			err = errors.New("somebody removed the upload before it had its name")
		}
	}
	if err != nil && errors.Is(w.store.classify(err), storage.ErrExist) && !w.about.Replace {
		return storage.Info{}, w.store.fail("write", name, storage.ErrExist) // may be tried again under another name
	}
	if err != nil {
		return storage.Info{}, w.end("write", name, err)
	}
	if !w.about.Replace {
		w.parked = "" // it has been moved
	}
	info := storage.Info{
		Name: name, Size: w.body.Size(), Modified: time.Now(), MediaType: w.upload.contentType(), CacheControl: w.upload.cacheControl(),
		SHA256: w.upload.metadata[hashMark], Metadata: maps.Clone(w.about.Metadata),
	}
	if info.URL, err = w.store.public(ctx, key); err != nil {
		info.URL = "" // the object is stored all the same
	}
	info.Public = info.URL != ""
	_ = w.Abort() // what is left of it here
	return info, nil
}

// describe says what is sent with the bytes.
func (w *writer) describe() error {
	if w.upload != nil {
		return nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, section(w.body, 0, w.body.Size())); err != nil {
		return err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	w.upload = &upload{body: w.body, about: w.about, mark: rand.Text(), metadata: map[string]string{}}
	if before := w.store.readProgress(w.about.Progress); before.of(sum, w.body.Size()) {
		w.upload.mark, w.upload.begun = before.Mark, before
	}
	maps.Copy(w.upload.metadata, w.about.Metadata)
	w.upload.metadata[uploadMark], w.upload.metadata[hashMark] = w.upload.mark, sum
	return nil
}

// section reads a part of the bytes, from its beginning each time.
func section(body *io.SectionReader, offset, length int64) io.Reader {
	return io.NewSectionReader(body, offset, length)
}

// Names of objects that wait for theirs.
const (
	temporaryPrefix = ".easel-"
	temporarySuffix = ".part"
)

func isTemporary(name string) bool {
	return strings.HasPrefix(name, temporaryPrefix) && strings.HasSuffix(name, temporarySuffix) && !strings.Contains(name, "/")
}

// park uploads the bytes under a name of their own, once.
func (w *writer) park(ctx context.Context) error {
	if w.parked != "" {
		return nil
	}
	w.store.beginSweep()
	key := w.store.key(temporaryPrefix + strings.ToLower(w.upload.mark) + temporarySuffix)
	if err := w.store.put(ctx, key, w.upload, true); err != nil {
		return err
	}
	w.parked = key
	return nil
}

// end gives the object up after a failure.
func (w *writer) end(op, name string, err error) error {
	return w.Fail(w.store.fail(op, name, err), w.Abort)
}

// Abort implements storage.Writer. What cannot be removed from the bucket now is
// swept a day later; so is what was uploaded and only lacks its name, when it
// failed at that and is written down for another try.
func (w *writer) Abort() error {
	if !w.End() {
		return nil
	}
	if w.file != nil {
		w.file.Close()
		if err := os.Remove(w.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return w.store.fail("remove", w.file.Name(), err)
		}
	}
	if w.parked != "" && (w.Failed() == nil || w.upload.begun.Upload == "") {
		ctx, stop := context.WithTimeout(context.WithoutCancel(w.ctx), connectTimeout)
		defer stop()
		_ = w.store.removeOnce(ctx, w.parked)
	}
	return nil
}

// put uploads an object under a key, whole or not at all. With replace it may be
// sent again and again.
func (s *Store) put(ctx context.Context, key string, u *upload, replace bool) error {
	if u.body.Size() > simpleMost {
		return s.putResumable(ctx, key, u, replace)
	}
	metadata, err := json.Marshal(u.metadata)
	if err != nil {
		return err
	}
	header := map[string]string{
		"Content-Type": u.contentType(), "Cache-Control": u.cacheControl(),
		"X-Upsert": "false", "X-Metadata": base64.StdEncoding.EncodeToString(metadata),
	}
	if replace {
		header["X-Upsert"] = "true"
	}
	lost := false
	return s.api.persist(ctx, func() error {
		answer, err := s.api.send(ctx, request{
			method: "POST", path: "/object/" + path(s.bucket+"/"+key), header: header,
			body: func() io.Reader { return section(u.body, 0, u.body.Size()) }, size: u.body.Size(),
		})
		if err != nil {
			if lost && isKind(err, "KeyAlreadyExists", "ResourceAlreadyExists") && s.holds(ctx, key, u.mark) {
				return nil // by a try whose answer did not arrive
			}
			lost = lost || passing(err)
			return err
		}
		return confirmed(answer)
	})
}

// confirmed makes sure that a success is the service's, and not the page of a proxy.
func confirmed(answer *http.Response) error {
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxRefusal))
	if err == nil && !json.Valid(data) {
		err = &unreadableError{errors.New("no JSON")}
	}
	return err
}

// defaultCache is how long others may keep an object. Under one name it changes
// only when it is replaced.
const defaultCache = "max-age=3600"

func (u *upload) contentType() string { return cmp.Or(u.about.MediaType, "application/octet-stream") }

func (u *upload) cacheControl() string { return cmp.Or(u.about.CacheControl, defaultCache) }

// cacheSeconds is all that a resumable upload can say of caching: the service
// makes max-age of it. "" is no-cache.
func (u *upload) cacheSeconds() string {
	_, rest, found := strings.Cut(u.cacheControl(), "max-age=")
	if !found {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// holds reports whether an upload of ours is what lies under a key.
func (s *Store) holds(ctx context.Context, key, mark string) bool {
	info, err := s.info(ctx, key)
	return err == nil && info.Metadata[uploadMark] == mark
}

// move gives an uploaded object its name unless that is taken.
func (s *Store) move(ctx context.Context, from, to, mark string) error {
	body := struct {
		Bucket string `json:"bucketId"`
		From   string `json:"sourceKey"`
		To     string `json:"destinationKey"`
	}{s.bucket, from, to}
	lost := false
	return s.api.persist(ctx, func() error {
		answer, err := s.api.send(ctx, request{method: "POST", path: "/object/move"}.withJSON(body))
		if err != nil {
			if lost && isKind(err, "KeyAlreadyExists", "ResourceAlreadyExists", "NoSuchKey") && s.holds(ctx, to, mark) {
				return nil // by a try whose answer did not arrive
			}
			lost = lost || passing(err)
			return err
		}
		return confirmed(answer)
	})
}

// removeOnce is remove without patience.
func (s *Store) removeOnce(ctx context.Context, key string) error {
	once := *s.api
	once.pause = func(context.Context, time.Duration) error { return context.Canceled }
	return (&Store{api: &once, bucket: s.bucket}).remove(ctx, key)
}

// beginSweep removes, beside the work, what uploads that died over a day ago left
// in the bucket. It does what it can: a leftover harms nothing.
func (s *Store) beginSweep() {
	s.sweep.Do(func() {
		s.swept.Go(func() {
			ctx, stop := context.WithTimeout(context.Background(), connectTimeout)
			defer stop()
			old, err := s.list(ctx, temporaryPrefix, isTemporary)
			if err != nil {
				return
			}
			var keys []string
			for _, info := range old {
				if time.Since(info.Modified) > 24*time.Hour {
					keys = append(keys, s.key(info.Name))
				}
			}
			if len(keys) > 0 {
				_ = s.remove(ctx, keys...)
			}
		})
	})
}
