package stores

import (
	"errors"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for address, planned := range map[string]bool{"s3://bucket/art": true, "supabase://bucket": true, "gs://bucket": false} {
		scheme, ok := errors.AsType[*SchemeError](Check(address))
		if !ok || scheme.Planned != planned {
			t.Errorf("%s: %+v", address, scheme)
		}
		if _, err := Open(address); err == nil {
			t.Errorf("%s was opened", address)
		}
	}
	if err := Check("art/today"); err != nil {
		t.Errorf("a folder: %v", err)
	}
}

func TestOpenFolder(t *testing.T) {
	t.Parallel()
	st, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.Probe(t.Context()), st.Close()); err != nil {
		t.Error(err)
	}
}
