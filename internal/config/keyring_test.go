package config

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

// keyringPlace is a user with a backend, and with a keyring of the test's. Nothing here
// is parallel: the process has one keyring.
func keyringPlace(t *testing.T) *place {
	p := newPlace(t).user(t, "backends:\n  studio: http://studio.lan:8188\n")
	p.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere" // there is a keyring
	return p
}

// P-K3: a secret in the keyring is nowhere else, goes where it belongs, and is gone when
// it is removed.
func TestSecretInTheKeyring(t *testing.T) {
	keyring.MockInit()
	p := keyringPlace(t)
	cfg := p.load(t)
	for _, name := range []string{"studio", SecretRunPod} {
		if kept, err := cfg.SetSecret(name, NewSecret("CANARY-"+name), false); err != nil || !kept.Keyring {
			t.Fatalf("%s: %+v, %v", name, kept, err)
		}
	}
	data, err := os.ReadFile(cfg.SecretsFile())
	if err != nil || strings.Contains(string(data), "CANARY") {
		t.Errorf("the file has %s, %v", data, err)
	}
	cfg = p.load(t)
	access, err := cfg.Access("studio", false)
	if err != nil || access.Token.Reveal() != "CANARY-studio" {
		t.Errorf("the backend's token is %q, %v", access.Token.Reveal(), err)
	}
	if r := cfg.RunPod(); r.KeyErr != nil || r.Key.Reveal() != "CANARY-runpod" {
		t.Errorf("RunPod's key is %q, %v", r.Key.Reveal(), r.KeyErr)
	}
	if access, err := cfg.Access("http://elsewhere.lan", true); err != nil || !access.Token.IsZero() {
		t.Errorf("another address gets a token, or %v", err)
	}
	if found, err := cfg.RemoveSecret("studio"); !found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if left, err := keyring.Get(keyringService, "studio"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the keyring still has %q, %v", left, err)
	}
	// The file's counts from now on, and the keyring forgets its own.
	if kept, err := cfg.SetSecret(SecretRunPod, NewSecret("CANARY-file"), true); err != nil || kept.Keyring {
		t.Errorf("%+v, %v", kept, err)
	}
	if _, err := keyring.Get(keyringService, SecretRunPod); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the keyring still has RunPod's key, %v", err)
	}
}

// A keyring that is locked, or away, is named without the secret; a new secret goes into
// the file, and the variable of the environment is enough.
func TestKeyringAway(t *testing.T) {
	keyring.MockInit()
	p := keyringPlace(t)
	if _, err := p.load(t).SetSecret("studio", NewSecret("CANARY"), false); err != nil {
		t.Fatal(err)
	}
	keyring.MockInitWithError(errors.New("it is locked"))
	var away *KeyringError
	if _, err := p.load(t).Access("studio", false); !errors.As(err, &away) || away.Variable != "EASEL_TOKEN_STUDIO" || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("%v", err)
	}
	p.env["EASEL_TOKEN_STUDIO"] = "from the environment"
	if access, err := p.load(t).Access("studio", false); err != nil || access.Token.Reveal() != "from the environment" {
		t.Errorf("%q, %v", access.Token.Reveal(), err)
	}
	cfg := p.load(t)
	kept, err := cfg.SetSecret("studio", NewSecret("CANARY-2"), false)
	if err != nil || kept.Keyring {
		t.Fatalf("%+v, %v", kept, err)
	}
	if info, err := os.Stat(cfg.SecretsFile()); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
}
