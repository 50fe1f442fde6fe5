package registry_test

import (
	"testing"

	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// Loading the built-in registry is part of every command's start.
func BenchmarkLoadBuiltIn(b *testing.B) {
	layer := registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "registry.json"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Load(layer); err != nil {
			b.Fatal(err)
		}
	}
}
