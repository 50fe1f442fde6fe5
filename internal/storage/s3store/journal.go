package s3store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-7d77cb5c/easel/internal/filelock"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A journal says which multipart uploads this machine has open: a file each,
// locked as long as the process lives. A store keeps the parts of what is never
// ended for ever, unseen and paid for; so the next process on this machine that
// opens the bucket ends what a process that died left.
type journal struct {
	dir, endpoint, bucket string
	sweeping              sync.WaitGroup
	stop                  context.CancelFunc

	mu   sync.Mutex
	open map[string]*entry // by upload id
}

// An entry is one open transfer. Nothing is ever read from it but by this
// package on this machine.
type entry struct {
	Endpoint string    `json:"endpoint"`
	Bucket   string    `json:"bucket"`
	Key      string    `json:"key"`
	Upload   string    `json:"upload_id,omitempty"` // "" = the store was asked and the answer is not here yet
	Begun    time.Time `json:"begun"`

	journal *journal
	file    *os.File
}

func openJournal(dir, endpoint, bucket string) *journal {
	return &journal{dir: dir, endpoint: endpoint, bucket: bucket, open: map[string]*entry{}, stop: func() {}}
}

// begin writes down that a transfer is about to be asked for.
func (j *journal) begin(key string) (*entry, error) {
	e := &entry{Endpoint: j.endpoint, Bucket: j.bucket, Key: key, Begun: time.Now().UTC(), journal: j}
	if j.dir == "" {
		return e, nil
	}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(j.dir, strings.ToLower(rand.Text())+".json"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	e.file = file
	if err := filelock.TryFile(file); err != nil {
		e.done()
		return nil, err
	}
	return e, e.write()
}

func (e *entry) write() error {
	if e.file == nil {
		return nil
	}
	data, err := json.Marshal(e)
	if err == nil {
		_, err = e.file.WriteAt(append(data, '\n'), 0) // it only grows
	}
	return err
}

// accepted writes down what the store calls the transfer.
func (e *entry) accepted(upload string) error {
	e.Upload = upload
	e.journal.mu.Lock()
	e.journal.open[upload] = e
	e.journal.mu.Unlock()
	return e.write()
}

func (e *entry) done() {
	if e.file != nil {
		_ = os.Remove(e.file.Name())
		e.file.Close()
	}
}

// leave keeps an entry for the next process.
func (e *entry) leave() {
	if e.file != nil {
		e.file.Close()
	}
}

// done forgets a transfer that has ended.
func (j *journal) done(upload string) {
	j.mu.Lock()
	e := j.open[upload]
	delete(j.open, upload)
	j.mu.Unlock()
	if e != nil {
		e.done()
	}
}

// sweep ends, beside the work, what processes that died have left open in this
// bucket. What cannot be ended now is left for the next time.
func (j *journal) sweep(client *s3.Client) {
	left := j.left()
	if len(left) == 0 {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	j.stop = stop
	j.sweeping.Go(func() {
		defer stop()
		for _, e := range left {
			if e.abort(ctx, client) == nil {
				e.done()
			} else {
				e.leave()
			}
		}
	})
}

// left are the transfers of dead processes in this bucket, locked.
func (j *journal) left() []*entry {
	if j.dir == "" {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(j.dir, "*.json"))
	if err != nil {
		return nil
	}
	var all []*entry
	for _, name := range names {
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		e := &entry{journal: j, file: file}
		if filelock.TryFile(file) != nil || json.NewDecoder(file).Decode(e) != nil || e.Endpoint != j.endpoint || e.Bucket != j.bucket {
			file.Close()
			continue
		}
		all = append(all, e)
	}
	return all
}

// abort ends a transfer, or all of its name since it was asked for when the
// store's name for it never arrived.
func (e *entry) abort(ctx context.Context, client *s3.Client) error {
	if e.Upload != "" {
		return abort(ctx, client, e.Bucket, e.Key, e.Upload)
	}
	return e.abortOthers(ctx, client)
}

// abortOthers ends what was begun under the name of a transfer since that was
// asked for, save itself.
func (e *entry) abortOthers(ctx context.Context, client *s3.Client) error {
	uploads := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: aws.String(e.Bucket), Prefix: aws.String(e.Key)})
	var failed error
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if isCode(err, "NoSuchUpload") { // some say so when there is none
			return failed
		}
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			if id := aws.ToString(u.UploadId); aws.ToString(u.Key) == e.Key && id != e.Upload && aws.ToTime(u.Initiated).After(e.Begun.Add(-clockSlack)) {
				failed = errors.Join(failed, abort(ctx, client, e.Bucket, e.Key, id))
			}
		}
	}
	return failed
}

// clockSlack is how far the clocks of this machine and of a store that takes its
// requests may differ.
const clockSlack = time.Minute

// lateParts are the times after which a transfer is aborted once more: a part that
// was on its way may arrive after the first abort and keep it open, as S3's
// documentation says.
var lateParts = []time.Duration{25 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond}

// abort ends a transfer. One that is not there any more is ended.
func abort(ctx context.Context, client *s3.Client, bucket, key, upload string, opts ...func(*s3.Options)) error {
	for n := 0; ; n++ {
		_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: &upload}, opts...)
		if err != nil && !isCode(err, "NoSuchUpload") && !isCode(err, "NoSuchBucket") {
			return err
		}
		if n == len(lateParts) || storage.Wait(ctx, lateParts[n]) != nil {
			return nil
		}
	}
}

// close waits for the sweep, which a command that is done does not do for long.
func (j *journal) close() {
	j.sweeping.Wait()
	j.stop()
}
