package s3store

import (
	"crypto/md5"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
)

// An etag computes what S3 calls a content: the MD5 of its bytes, or, of what
// was sent in parts, the MD5 of the parts' sums and their number.
type etag struct {
	part hash.Hash
	left int    // bytes until the part is full
	sums []byte // of the full parts, one behind the other
}

func newETag() *etag { return &etag{part: md5.New(), left: PartSize} }

func (e *etag) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), e.left)
		e.part.Write(p[:n])
		p = p[n:]
		if e.left -= n; e.left == 0 {
			e.sums = e.part.Sum(e.sums)
			e.part.Reset()
			e.left = PartSize
		}
	}
	return written, nil
}

// all are the sums of all parts.
func (e *etag) all() []byte {
	if e.left == PartSize && len(e.sums) > 0 {
		return e.sums
	}
	return e.part.Sum(slices.Clip(e.sums))
}

// whole is the ETag of what was sent as one: at most one part.
func (e *etag) whole() string { return hex.EncodeToString(e.all()) }

// inParts is the ETag of what was sent in parts.
func (e *etag) inParts() string {
	sums := e.all()
	sum := md5.Sum(sums)
	return hex.EncodeToString(sum[:]) + "-" + strconv.Itoa(len(sums)/md5.Size)
}
