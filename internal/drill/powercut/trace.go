// Package powercut rebuilds what a disk may hold after the power fails. It reads a
// trace of everything that a process did to a folder, and forgets of it what no sync
// had brought to the disk: bytes that were written, names that were given.
package powercut

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Calls are those that a trace must have, all that change files or tell anybody
// something. It is read as strace -f -y -xx -s 16777216 writes it.
const Calls = "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir," +
	"write,writev,pwrite64,pwritev,pwritev2,truncate,ftruncate,fallocate,fsync,fdatasync,sync_file_range,copy_file_range,splice,sendfile"

// A call is one of a trace that succeeded, with the lines in which it began and ended.
type call struct {
	name       string
	args       []string
	result     string
	begun, end int
}

var (
	callBegins  = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)$`)
	callResumes = regexp.MustCompile(`^(\d+) +<\.\.\. [a-z0-9_]+ resumed>(.*)$`)
	callEnds    = regexp.MustCompile(`^(.*)\) += (-?\d+.*)$`)
)

const unfinished = " <unfinished ...>"

// readCalls reads the calls of a trace in the order in which they ended.
func readCalls(trace io.Reader) ([]call, error) {
	type begun struct {
		call
		text string
	}
	var calls []call
	open := map[string]begun{} // by thread
	lines := bufio.NewReader(trace)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line == "" && errors.Is(err, io.EOF) {
			return calls, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		var c begun
		if m := callResumes.FindStringSubmatch(line); m != nil {
			was, ok := open[m[1]]
			if !ok {
				return nil, fmt.Errorf("line %d ends a call that none began", n+1)
			}
			delete(open, m[1])
			c = begun{was.call, was.text + m[2]}
		} else if m := callBegins.FindStringSubmatch(line); m != nil {
			c = begun{call{name: m[2], begun: n}, m[3]}
			if text, more := strings.CutSuffix(c.text, unfinished); more {
				c.text = text
				open[m[1]] = c
				continue
			}
		} else {
			continue // a signal, or the end of a thread
		}
		m := callEnds.FindStringSubmatch(c.text)
		if m == nil {
			return nil, fmt.Errorf("line %d cannot be read: %.100s", n+1, line)
		}
		if strings.HasPrefix(m[2], "-1 ") {
			continue
		}
		c.args, c.result, c.end = arguments(m[1]), m[2], n
		calls = append(calls, c.call)
	}
}

// arguments splits what stands between the brackets of a call. Texts are hex digits
// and no path has a comma.
func arguments(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// quoted is the content of an argument that is a text.
func quoted(arg string) ([]byte, error) {
	text, opens := strings.CutPrefix(arg, `"`)
	text, closes := strings.CutSuffix(text, `"`)
	if !opens || !closes {
		return nil, fmt.Errorf("%.40s is no whole text", arg)
	}
	return unhex(text)
}

func unhex(text string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(text, `\x`, "")) }

// descriptor is the number of an argument or result that is one, and the path it is
// of.
func descriptor(arg string) (fd int, path string, err error) {
	number, path := arg, ""
	if from, to := strings.Index(arg, "<"), strings.LastIndex(arg, ">"); from >= 0 && from < to {
		number, path = arg[:from], arg[from+1:to]
	}
	if strings.HasPrefix(path, `\x`) {
		text, err := unhex(path[:strings.LastIndex(path, `\x`)+len(`\x2f`)]) // behind it may stand what sort of file it is
		if err != nil {
			return 0, "", err
		}
		path = string(text)
	}
	path = strings.TrimSuffix(path, " (deleted)")
	if number == "AT_FDCWD" {
		return -1, path, nil
	}
	fd, err = strconv.Atoi(number)
	return fd, path, err
}

// pathAt is the path of two arguments: a folder, and a name that may be absolute.
func pathAt(folder, name string) (string, error) {
	_, dir, err := descriptor(folder)
	if err != nil {
		return "", err
	}
	text, err := quoted(name)
	if err != nil {
		return "", err
	}
	if filepath.IsAbs(string(text)) {
		return filepath.Clean(string(text)), nil
	}
	return filepath.Join(dir, string(text)), nil
}

func pathOf(name string) (string, error) {
	text, err := quoted(name)
	return filepath.Clean(string(text)), err
}
