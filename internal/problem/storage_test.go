package problem

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// What a remote store refuses is told with what helps, also when the run waits
// on its backend.
func TestRefusalsOfRemoteStores(t *testing.T) {
	t.Parallel()
	denied := &storage.Error{Op: "write", Location: "supabase://art/x.png", Err: storage.ErrAuth}
	absent := &storage.Error{Op: "probe", Location: "supabase://art", Err: &storage.BucketError{Bucket: "art", Create: "easel supabase bucket art"}}
	for _, tt := range []struct {
		err  error
		exit int
		hint string
	}{
		{denied, ExitAuth, "easel help environment"},
		{&run.UncollectedError{Run: "01jd", Ended: true, Err: denied}, ExitAuth, "easel resume 01jd"},
		{absent, ExitStorage, "easel supabase bucket art"},
	} {
		if p := Of(tt.err); p.Exit != tt.exit || !strings.Contains(p.Hint, tt.hint) {
			t.Errorf("%v: exit %d, hint %q", tt.err, p.Exit, p.Hint)
		}
	}
}
