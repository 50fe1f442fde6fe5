package stores

import (
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage/s3store"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func opener(env map[string]string) *Opener {
	return &Opener{Getenv: func(name string) string { return env[name] }}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if _, ok := errors.AsType[*SchemeError](Check("gs://bucket")); !ok {
		t.Error("gs:// was taken")
	}
	if _, err := opener(nil).Open("gs://bucket"); err == nil {
		t.Error("gs:// was opened")
	}
	for _, address := range []string{"s3://", "s3:///art", "s3://b u", "s3://art/../x", "s3://art?endpiont=https://x", "s3://art?endpoint=x", "s3://art?checksums=no", "s3://art?path_style=maybe", "s3://art?encryption=rot13"} {
		if _, ok := errors.AsType[*s3store.AddressError](Check(address)); !ok {
			t.Errorf("%s was taken", address)
		}
	}
	if _, ok := errors.AsType[*AddressError](Check("supabase:///art")); !ok {
		t.Error("an address without a bucket was taken")
	}
	for _, address := range []string{"art/today", "supabase://art", "supabase://art/today/", "s3://art", "s3://art/today/", "s3://art/x.png?region=auto&endpoint=https://x.example"} {
		if err := Check(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestOpenFolder(t *testing.T) {
	t.Parallel()
	st, err := opener(nil).Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.Probe(t.Context()), st.Close()); err != nil {
		t.Error(err)
	}
}

func TestOpenSupabase(t *testing.T) {
	t.Parallel()
	env := map[string]string{"SUPABASE_URL": "https://abc.supabase.co", "SUPABASE_SERVICE_ROLE_KEY": "key"}
	st, err := opener(env).Open("supabase://art/to/day/")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if got := st.Location("x.png"); got != "supabase://art/to/day/x.png" {
		t.Errorf("x.png is at %s", got)
	}
	for missing := range env {
		some := map[string]string{"SUPABASE_URL": env["SUPABASE_URL"], "SUPABASE_SERVICE_ROLE_KEY": "key"}
		delete(some, missing)
		_, err := opener(some).Open("supabase://art")
		if setting, ok := errors.AsType[*supabase.SettingError](err); !ok || setting.Name != missing {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]string{
		"supabase://art/today/x.png": {"supabase://art/today", "x.png"},
		"supabase://art/x.png":       {"supabase://art", "x.png"},
		"supabase://art/today/":      {"supabase://art/today", ""},
		"supabase://art":             {"supabase://art", ""},
		"s3://art/a/x.png?region=eu": {"s3://art/a?region=eu", "x.png"},
	} {
		if store, name := Within(address); store != want[0] || name != want[1] {
			t.Errorf("%s: %q in %q", address, name, store)
		}
	}
}
