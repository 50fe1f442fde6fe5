package batch

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

// BenchmarkBusyUploading is GPU-busy of a batch whose outputs go into a bucket that is
// 30 ms away, over that of the same batch into a folder: uploads are off the
// critical path. Both run each round, one behind the other.
func BenchmarkBusyUploading(b *testing.B) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		b.Setenv(name, value)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("art"); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	b.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	for _, job := range []time.Duration{200 * time.Millisecond, time.Second} {
		b.Run(fmt.Sprintf("job=%s", job), func(b *testing.B) {
			jobs := int(max(10, 8*time.Second/job))
			var into [2][]float64
			round := 0
			for b.Loop() {
				round++
				for i := range into {
					h, user := newHost(b, emulator.Options{StepTime: job}), newBench(b, oneStep(jobs))
					if i == 1 {
						user.remote = fmt.Sprintf("s3://art/%s/%d", job, round)
						user.opener.S3 = s3store.Settings{Endpoint: far(b, server.URL, 30*time.Millisecond)}
						user.opener.Journal = filepath.Join(b.TempDir(), "uploads")
						user.opener.Spool = spool.Options{Dir: filepath.Join(b.TempDir(), "spool"), Limit: 1 << 30}
					}
					sum, err := user.run(b.Context(), "a="+h.url)
					if err != nil || sum.Committed != jobs {
						b.Fatalf("%+v, %v", sum, err)
					}
					into[i] = append(into[i], busyOf(h.done))
				}
			}
			for i := range into {
				slices.Sort(into[i])
			}
			folder, bucket := into[0][len(into[0])/2], into[1][len(into[1])/2]
			b.ReportMetric(folder, "busy-folder")
			b.ReportMetric(bucket, "busy-bucket")
			b.ReportMetric(bucket/folder, "of-folder")
		})
	}
}
