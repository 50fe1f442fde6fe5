package plan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

// reader opens sources by name from memory, and other files from disk.
func reader(files map[string]string, dir string) run.OpenInput {
	return func(_ context.Context, name string) (io.ReadCloser, error) {
		if text, ok := files[name]; ok {
			return io.NopCloser(strings.NewReader(text)), nil
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return f, nil
	}
}

// BenchmarkPlan plans and validates a table of 100,000 rows, and reports the
// memory that the process took from the system.
func BenchmarkPlan(b *testing.B) {
	var table bytes.Buffer
	table.WriteString("sku,title,steps,width,height,guidance\n")
	for i := range 100_000 {
		fmt.Fprintf(&table, "SKU-%06d,a photo of the product number %d on a white table in soft light,%d,1024,768,%d.5\n", i, i, 10+i%20, 1+i%5)
	}
	c := catalog(b)
	d := Draft{
		Order: Order{Workflow: "flux_single", Naming: run.Naming{Template: "{row.sku}-{n}"}}, Map: []Mapping{{"title", "prompt"}},
		Sources: []Source{{Name: "-", Format: "csv"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		batch, err := c.Plan(b.Context(), d, PlanOptions{Open: reader(map[string]string{"-": table.String()}, "")})
		if err != nil {
			b.Fatal(err)
		}
		if len(batch.Items) != 100_000 {
			b.Fatal(len(batch.Items))
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB-sys")
}
