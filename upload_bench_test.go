package main

import (
	"crypto/rand"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A delayLine is a TCP proxy whose round trip takes a while longer, as does a
// new connection. It is not slower for that: bytes queue up on the way.
type delayLine struct {
	listener net.Listener
	to       string
	oneWay   time.Duration
}

func newDelayLine(b *testing.B, to string, roundTrip time.Duration) *delayLine {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	d := &delayLine{l, to, roundTrip / 2}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go d.connect(from)
		}
	}()
	return d
}

func (d *delayLine) connect(from net.Conn) {
	time.Sleep(2 * d.oneWay)
	to, err := net.Dial("tcp", d.to)
	if err != nil {
		from.Close()
		return
	}
	go d.carry(to, from)
	d.carry(from, to)
}

func (d *delayLine) carry(to, from net.Conn) {
	type piece struct {
		data []byte
		due  time.Time
	}
	way := make(chan piece, 4096)
	go func() {
		defer close(way)
		for {
			buf := make([]byte, 64<<10)
			n, err := from.Read(buf)
			if n > 0 {
				way <- piece{buf[:n], time.Now().Add(d.oneWay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range way {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	to.Close()
	for range way { // the reader ends by itself
	}
}

// BenchmarkUploads copies 500 files of 1.5 MB into a bucket at 30 ms of round
// trip, by easel and by rclone with its defaults, in turn. It needs the server
// of EASEL_TEST_S3, rclone, and EASEL_BENCH_UPLOADS=1: it moves 1.5 GB.
func BenchmarkUploads(b *testing.B) {
	at, err := url.Parse(os.Getenv("EASEL_TEST_S3"))
	rclone, missing := exec.LookPath("rclone")
	if os.Getenv("EASEL_BENCH_UPLOADS") == "" || err != nil || at.Host == "" || missing != nil {
		b.Skip("needs EASEL_BENCH_UPLOADS, EASEL_TEST_S3 and rclone")
	}
	easel, dir := buildEasel(b), b.TempDir()
	const files, size = 500, 1_500_000
	data := make([]byte, size)
	for i := range files {
		_, _ = rand.Read(data)
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".png"), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	line := newDelayLine(b, at.Host, 30*time.Millisecond)
	endpoint := "http://" + line.listener.Addr().String()
	home := b.TempDir()
	env := append(os.Environ(),
		"AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID="+os.Getenv("EASEL_TEST_S3_ACCESS_KEY"),
		"AWS_SECRET_ACCESS_KEY="+os.Getenv("EASEL_TEST_S3_SECRET_KEY"), "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"RCLONE_CONFIG_BENCH_TYPE=s3", "RCLONE_CONFIG_BENCH_PROVIDER=Other", "RCLONE_CONFIG_BENCH_ENV_AUTH=true",
		"RCLONE_CONFIG_BENCH_ENDPOINT="+endpoint, "RCLONE_CONFIG_BENCH_REGION=us-east-1",
		"AWS_CA_BUNDLE=", "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home,
	)
	run := func(b *testing.B, name string, args ...string) {
		b.Helper()
		c := exec.Command(name, args...)
		c.Env, c.Stdout = env, io.Discard
		var said strings.Builder
		c.Stderr = &said
		if err := c.Run(); err != nil {
			b.Fatalf("%s: %v\n%s", name, err, said.String())
		}
	}
	bucket := "bench-" + strconv.Itoa(os.Getpid())
	run(b, rclone, "mkdir", "bench:"+bucket)
	b.Cleanup(func() { run(b, rclone, "purge", "bench:"+bucket) })
	n := 0
	for name, copyTo := range map[string]func(*testing.B, string){
		"easel":  func(b *testing.B, to string) { run(b, easel, "outputs", "copy", dir, "s3://"+to, "-q") },
		"rclone": func(b *testing.B, to string) { run(b, rclone, "copy", dir, "bench:"+to) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(files * size)
			for b.Loop() {
				n++
				copyTo(b, bucket+"/"+name+strconv.Itoa(n))
			}
		})
	}
}
