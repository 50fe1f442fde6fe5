package cmd

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

// What may be a secret in an address is in no output, whatever goes wrong.
func TestAddressesArePrintedWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"http://127.0.0.1:1/?token=CANARY", "http://anna:CANARY@127.0.0.1:1/x", "http://127.0.0.1:1/#CANARY",
		"http://anna:b@127.0.0.1:1/?t=CANARY", "ftp://h/?t=CANARY", "http://[bad?t=CANARY", "studio?t=CANARY",
		"http://anna:CAN?ARY@127.0.0.1:1",
	} {
		for _, args := range [][]string{
			{"generate", "flux_single", "a fox", "-b", address},
			{"generate", "flux_single", "a fox", "-b", address, "--log-level", "debug"},
			{"generate", "flux_single", "a fox", "-b", address, "--json"},
			{"backends", "test", address},
			{"backends", "test", address, "--json"},
			{"config", "set", "backend", address},
			{"workflows", "show", "flux_single", "-b", address},
			{"generate", "qwen_single", "a fox", "-b", "emulator", "--image", address},
			{"inspect", address},
			{"doctor", "-b", address},
		} {
			if args[0] != "backends" && args[0] != "config" && strings.HasPrefix(address, "ftp") && args[len(args)-1] == address && args[len(args)-2] != "-b" {
				continue // there it is the name of a file
			}
			if strings.HasPrefix(address, "studio") && (args[0] == "inspect" || args[0] == "config" || args[len(args)-2] == "--image") {
				continue
			}
			dir := t.TempDir()
			streams, _, out, errs := term.Test()
			code := Execute(t.Context(), Process{Args: args, Dir: dir, Streams: streams, Environ: []string{"HOME=" + dir, "EASEL_RECONNECT=0s"}})
			if text := out.String() + errs.String(); code == 0 && args[0] != "doctor" || strings.Contains(text, "CANARY") || strings.Contains(text, "ARY@") {
				t.Errorf("easel %q: exit %d\n%s", args, code, text)
			}
		}
	}
}
