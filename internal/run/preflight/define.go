package preflight

import (
	"context"
	"errors"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Define finds the definitions of classes: kept ones that are recent, and for
// the others the backend's. What is not among them the backend does not have. A
// nil cache keeps none.
func Define(ctx context.Context, backend comfy.Backend, cache *Cache, classes []string) (map[string]*comfy.ClassInfo, error) {
	if !backend.Can().ObjectInfo {
		return nil, errors.ErrUnsupported
	}
	look := &lookup{ask: backend, cache: cache, defs: map[string]*comfy.ClassInfo{}, fresh: map[string]bool{}}
	look.version = func(ctx context.Context) string {
		info, err := backend.Describe(ctx)
		if err != nil {
			return ""
		}
		return info.Version
	}
	err := look.live(ctx, look.cached(classes))
	return look.defs, err
}

// Old returns the definitions that are kept of classes, however old they are,
// for when nobody can be asked.
func (c *Cache) Old(classes []string) map[string]*comfy.ClassInfo {
	defs := map[string]*comfy.ClassInfo{}
	for _, class := range classes {
		if info, _ := c.Kept(class); info != nil {
			defs[class] = info
		}
	}
	return defs
}
