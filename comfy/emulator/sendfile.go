package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sendRaw streams a file with the conditions and ranges of HTTP, as the server
// understands them. http.ServeContent understands some otherwise: it drops the
// Content-Type of a 304, looks at entity tags in If-Range, and serves several
// ranges at once.
func sendRaw(w http.ResponseWriter, r *http.Request, file storedFile) {
	tag := fmt.Sprintf(`"%x-%x"`, file.modTime().UnixNano(), file.size())
	status := precondition(r.Header, tag, file.modTime())
	if status == http.StatusPreconditionFailed {
		w.WriteHeader(status)
		return
	}
	from, count := int64(0), file.size()
	if spec := r.Header.Get("Range"); status == http.StatusOK && spec != "" && rangeCounts(r.Header, file.modTime()) {
		var err error
		if from, count, err = byteRange(spec, file.size()); err != nil {
			w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(file.size(), 10))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+count-1, file.size()))
		status = http.StatusPartialContent
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", file.modTime().UTC().Format(http.TimeFormat))
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		writeCrash(w)
		return
	}
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("Content-Length", strconv.FormatInt(count, 10))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.CopyN(w, file, count)
	}
}

// precondition gives 412, 304 or 200.
func precondition(h http.Header, tag string, modified time.Time) int {
	// A header with a time counts when it is one, in whole seconds.
	after := func(name string) (is, ok bool) {
		t, err := http.ParseTime(h.Get(name))
		return modified.Truncate(time.Second).After(t), err == nil
	}
	if match := h.Get("If-Match"); match != "" {
		if !listed(match, tag) {
			return http.StatusPreconditionFailed
		}
	} else if is, ok := after("If-Unmodified-Since"); ok && is {
		return http.StatusPreconditionFailed
	}
	if none := h.Get("If-None-Match"); none != "" {
		if listed(strings.ReplaceAll(none, "W/", ""), tag) {
			return http.StatusNotModified
		}
	} else if is, ok := after("If-Modified-Since"); ok && !is {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// listed reports whether a list of entity tags names the tag, or any.
func listed(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t == tag || t == "*" {
			return true
		}
	}
	return false
}

// rangeCounts decides whether the range counts: not when If-Range is a date
// before the file's. An entity tag in it is not looked at, so a range of a
// changed file is served; the client has to compare the tag of the answer.
func rangeCounts(h http.Header, modified time.Time) bool {
	t, err := http.ParseTime(h.Get("If-Range"))
	return err != nil || !modified.Truncate(time.Second).After(t)
}

var errRange = errors.New("not a range that the server serves")

// byteRange reads a Range header: one range that begins within the file. An
// end of "-0" means the whole file, as a slice of Python would have it.
func byteRange(spec string, size int64) (from, count int64, err error) {
	const unit = "bytes="
	if len(spec) < len(unit) || !strings.EqualFold(spec[:len(unit)], unit) {
		return 0, 0, errRange
	}
	first, last, ok := strings.Cut(spec[len(unit):], "-")
	if !ok || first == "" && last == "" || strings.Trim(first+last, "0123456789") != "" {
		return 0, 0, errRange
	}
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(cmp.Or(s, "0"), 10, 64) // digits: what is out of range comes as the limit
		return n
	}
	end := size
	if first == "" {
		if tail := number(last); tail > 0 {
			from = max(size-tail, 0)
		}
	} else {
		from = number(first)
		if last != "" {
			if number(last) < from {
				return 0, 0, errRange
			}
			end = min(number(last), size-1) + 1
		}
	}
	if from >= size {
		return 0, 0, errRange
	}
	return from, end - from, nil
}
