package drill

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait for processes and do not compute: the default of one
	// at a time per core would make them queue for nothing.
	if err := flag.Set("test.parallel", "12"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log.SetOutput(io.Discard) // net/http repeats the junk of our proxies there
	code := m.Run()
	if bin, err := build(); strings.Contains(bin, "easel-drill-") { // built at most once, removed always
		if err == nil {
			bin = filepath.Dir(bin)
		}
		_ = os.RemoveAll(bin)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
