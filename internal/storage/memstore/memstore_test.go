package memstore_test

import (
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/memstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return memstore.New() }, storagetest.Metadata)
}
