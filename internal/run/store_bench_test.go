package run

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// noisePNG is a picture of about size bytes that does not compress.
func noisePNG(b *testing.B, size int) []byte {
	b.Helper()
	side := 1
	for side*side*4 < size {
		side++
	}
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.Uint32())
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&out, img); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkFinishToFile compares what easel does with a finished output, from
// the server to a durable and verified file under its final name, with the
// least that is durable: GET, write, fsync, rename, fsync of the folder. The
// sidecar comes after the file is visible and is left out.
func BenchmarkFinishToFile(b *testing.B) {
	for _, size := range []int{20 << 10, 1500 << 10, 50 << 20} {
		data := noisePNG(b, size)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data)
		}))
		name := fmt.Sprintf("%dKB", size>>10)
		b.Run(name+"/raw", func(b *testing.B) { benchmarkRaw(b, srv.URL, len(data)) })
		b.Run(name+"/easel", func(b *testing.B) { benchmarkStore(b, srv.URL, len(data)) })
		srv.Close()
	}
}

func benchmarkRaw(b *testing.B, url string, size int) {
	dir := b.TempDir()
	b.SetBytes(int64(size))
	for i := 0; b.Loop(); i++ {
		if err := fetchRaw(url, dir, i); err != nil {
			b.Fatal(err)
		}
	}
}

func fetchRaw(url, dir string, i int) error {
	resp, err := http.Get(url + "/view")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	tmp := filepath.Join(dir, "part")
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, resp.Body); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, fmt.Sprintf("%d.png", i))); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func benchmarkStore(b *testing.B, url string, size int) {
	client, err := comfy.NewClient(url)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	st, err := (&stores.Opener{}).Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	r := &Runner{Backend: client, Store: st}
	t := &Ticket{Workflow: "bench", Prepared: time.Now()}
	o := comfy.Output{Node: "9", Key: "images", Kind: comfy.OutputImage, Filename: "a.png", Type: "output"}
	b.SetBytes(int64(size))
	for b.Loop() {
		t.Run = NewID(time.Now())
		if _, err := r.keepAll(b.Context(), t, &Result{}, []comfy.Output{o}, func(Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}
