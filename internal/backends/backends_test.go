package backends

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/config"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for address, public := range map[string]bool{
		"http://127.0.0.1:8188": false, "http://[::1]:8188": false, "http://192.168.1.20:8188": false, "http://studio:8188": false,
		"http://studio.lan:8188": false, "http://gpu.tail.ts.net": false, "http://8.8.8.8:8188": true,
		"http://100.101.102.103:8188": true, "http://203.0.113.7": true, "http://0.0.0.0:8188": false, "http://[fe80::1%25eth0]:8188": false, "http://[fd7a:115c:a1e0::1]:8188": false, "http://[::ffff:10.0.0.1]:8188": false, "http://[64:ff9b::808:808]": true, "https://comfy.example.com": true, "no address": false,
	} {
		if got := IsPublic(address); got != public {
			t.Errorf("%s: public is %v", address, got)
		}
	}
}

// What cannot be opened says so without a connection, and without a secret.
func TestWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	o := &Opener{Config: &config.Config{Backends: map[string]config.Backend{"studio": {URL: "http://127.0.0.1:1"}}}}
	for spec, says := range map[string]string{
		"stdio":                `unknown backend "stdio"`,
		"a,b":                  "for commands that run workflows",
		"pod://abc:x":          "names no pod and port",
		"runpod://a/b":         "letters and digits only",
		"comfy-api+ftp://host": "unknown form of a backend: comfy-api+ftp://",
		"ftp://host":           "unknown form of a backend: ftp://",
		"user:CANARY@host":     "unknown backend",
		"emulator?speed=2":     "unknown emulator option",
		"http://user:CANARY@host/?token=CANARY#CANARY": "backend http://host",
		"emulator?step-time=x":                         "no duration",
	} {
		_, err := o.Dial(spec, true, 0)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v, want %q", spec, err, says)
		}
	}
	if e, ok := errors.AsType[*UnknownError](Unknown(o.Config, "stdio")); !ok || len(e.Nearest) != 1 || e.Nearest[0] != "studio" {
		t.Errorf("not told what is near: %+v", e)
	}
}

// The embedded emulator ends with the process that opened it.
func TestEmulatorIsEphemeral(t *testing.T) {
	t.Parallel()
	o := &Opener{Config: &config.Config{}}
	be, err := o.Dial("emulator?step-time=0s", true, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	if !be.Can().Ephemeral || be.Reopen != "" || be.Name != "emulator" {
		t.Errorf("%+v, ephemeral %v", be, be.Can().Ephemeral)
	}
	if info, err := be.Describe(t.Context()); err != nil || info.Kind != "emulator" {
		t.Errorf("%+v, %v", info, err)
	}
}
