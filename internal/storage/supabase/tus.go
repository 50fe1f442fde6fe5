package supabase

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// chunk is what one request carries. Hosted projects take this size only.
	chunk = 6 << 20
	// uploads is how often an upload whose address expired is begun anew.
	uploads = 3
	// setbacks is how often in a row a resumable upload may get no further.
	setbacks = 6
)

// errGone means that the service does not know the address of an upload any more.
var errGone = errors.New("the service gave the upload up before it was complete")

// putResumable uploads an object by TUS 1.0: what has arrived is not sent again
// after a broken connection, nor by another process where it is written down.
func (s *Store) putResumable(ctx context.Context, key string, u *upload, replace bool) error {
	var err error
	for range uploads {
		id, offset := u.begun.upload(key), int64(0)
		if id != "" {
			if s.holds(ctx, key, u.mark) {
				return nil
			}
			offset, err = s.ask(ctx, uploadPath(id))
			err = asGone(err)
		} else if id, err = s.begin(ctx, key, u, replace); err != nil {
			return err
		} else {
			s.writeProgress(key, id, u)
		}
		if err == nil {
			err = s.sendAll(ctx, id, u, offset, replace)
		}
		if err == nil {
			err = s.arrived(ctx, key, u)
		}
		if !errors.Is(err, errGone) {
			return err
		}
		u.begun = progress{}
	}
	return err
}

func uploadPath(id string) string { return "/upload/resumable/" + url.PathEscape(id) }

func tusHeader(replace bool) map[string]string {
	return map[string]string{"Tus-Resumable": "1.0.0", "X-Upsert": strconv.FormatBool(replace)}
}

// begin makes the address of an upload, and returns the last part of it: the
// whole one may lead past a proxy, and the key goes to our own address only.
func (s *Store) begin(ctx context.Context, key string, u *upload, replace bool) (string, error) {
	metadata, err := json.Marshal(u.metadata)
	if err != nil {
		return "", err
	}
	var fields []string
	for _, field := range [][2]string{
		{"bucketName", s.bucket},
		{"objectName", key},
		{"contentType", u.contentType()},
		{"cacheControl", u.cacheSeconds()},
		{"metadata", string(metadata)},
	} {
		fields = append(fields, field[0]+" "+base64.StdEncoding.EncodeToString([]byte(field[1])))
	}
	header := tusHeader(replace)
	header["Upload-Length"], header["Upload-Metadata"] = strconv.FormatInt(u.body.Size(), 10), strings.Join(fields, ",")
	var id string
	err = s.api.persist(ctx, func() error {
		answer, err := s.api.send(ctx, request{method: "POST", path: "/upload/resumable", header: header})
		if err != nil {
			return inBody(err)
		}
		defer answer.Body.Close()
		at, err := url.Parse(answer.Header.Get("Location"))
		if err != nil || at.Path == "" {
			return &unreadableError{errors.New("no address of the upload")}
		}
		id = at.Path[strings.LastIndex(at.Path, "/")+1:]
		return nil
	})
	return id, err
}

// inBody gives a refusal of TUS, which is plain text, the code that the same
// refusal has elsewhere.
func inBody(err error) error {
	r, ok := errors.AsType[*refusal](err)
	if !ok || r.Code != "" {
		return err
	}
	switch {
	case r.status == http.StatusNotFound && strings.HasPrefix(r.Message, "Bucket"):
		r.Code = "NoSuchBucket"
	case r.status == http.StatusConflict:
		r.Code = "KeyAlreadyExists"
	}
	return r
}

// sendAll sends what the service does not have yet, from offset on, until it has all.
func (s *Store) sendAll(ctx context.Context, id string, u *upload, offset int64, replace bool) error {
	at := uploadPath(id)
	for failures := 0; offset < u.body.Size(); {
		next, err := s.sendChunk(ctx, at, u, offset, replace)
		if err == nil && next > offset {
			offset, failures = next, 0
			continue
		}
		if err == nil {
			err = fmt.Errorf("the service does not take more than %d bytes", offset)
		}
		if failures++; failures == setbacks || gone(err) || !passing(err) && !moved(err) {
			return asGone(err)
		}
		if s.api.pause(ctx, pauseBefore(failures, err)) != nil {
			return err
		}
		known, err := s.ask(ctx, at)
		if err != nil {
			return asGone(err)
		}
		if known > offset {
			failures = 0
		}
		offset = known
	}
	return nil
}

// gone reports whether an upload's address is not known any more: it expired, or
// the upload is over.
func gone(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && (r.status == http.StatusNotFound || r.status == http.StatusGone || r.status == http.StatusBadRequest && r.Code == "")
}

func asGone(err error) error {
	if gone(err) {
		return fmt.Errorf("%w (%w)", errGone, err)
	}
	return err
}

// moved reports whether the service stands elsewhere than we thought, or another
// request of ours still holds the upload.
func moved(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && (r.status == http.StatusConflict || r.status == http.StatusLocked)
}

// sendChunk sends the bytes from offset on and returns where the service stands
// then, which may be in the middle of them.
func (s *Store) sendChunk(ctx context.Context, at string, u *upload, offset int64, replace bool) (int64, error) {
	n := min(chunk, u.body.Size()-offset)
	header := tusHeader(replace)
	header["Upload-Offset"], header["Content-Type"] = strconv.FormatInt(offset, 10), "application/offset+octet-stream"
	answer, err := s.api.send(ctx, request{
		method: "PATCH", path: at, header: header, size: n,
		body: func() io.Reader { return section(u.body, offset, n) },
	})
	if err != nil {
		return 0, err
	}
	return standing(answer, u.body.Size())
}

// ask asks how far an upload is.
func (s *Store) ask(ctx context.Context, at string) (int64, error) {
	offset := int64(0)
	err := s.api.persist(ctx, func() error {
		answer, err := s.api.send(ctx, request{method: "HEAD", path: at, header: tusHeader(false)})
		if err != nil {
			return err
		}
		offset, err = standing(answer, 1<<62)
		return err
	})
	return offset, err
}

func standing(answer *http.Response, most int64) (int64, error) {
	defer answer.Body.Close()
	offset, err := strconv.ParseInt(answer.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 || offset > most {
		return 0, &unreadableError{errors.New("no offset of the upload")}
	}
	return offset, nil
}

// arrived makes sure that the object is there: the service makes it when the last
// byte has come, and may have failed at that when its answer was lost.
func (s *Store) arrived(ctx context.Context, key string, u *upload) error {
	info, err := s.info(ctx, key)
	switch {
	case isKind(err, "NoSuchKey"), err == nil && info.Metadata[uploadMark] != u.mark:
		return errGone
	case err == nil && info.Size != u.body.Size():
		return fmt.Errorf("the service has %d of %d bytes", info.Size, u.body.Size())
	}
	return err
}
