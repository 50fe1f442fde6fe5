package supabase

import (
	"context"
)

// CreateBucket makes the bucket of a store. One that is there already is
// storage.ErrExist.
func CreateBucket(ctx context.Context, opts Options, public bool) error {
	s, err := Open(opts)
	if err != nil {
		return err
	}
	defer s.Close()
	body := struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Public bool   `json:"public"`
	}{s.bucket, s.bucket, public}
	if err := s.api.call(ctx, request{method: "POST", path: "/bucket"}.withJSON(body), nil); err != nil {
		return s.fail("create", "", err)
	}
	return nil
}
