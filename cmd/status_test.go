package cmd

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

// TestStatusesMeanWhatTheGuideSays is P-N4 at the command: the table of docs/backends.md,
// by status, question and kind of backend.
func TestStatusesMeanWhatTheGuideSays(t *testing.T) {
	t.Parallel()
	plain := []int{400, 401, 402, 403, 404, 413, 418, 422} // the others make a server be looked up for a while: drill TestStatusMatrix
	all := []int{400, 401, 402, 403, 404, 413, 418, 422, 408, 409, 500, 502, 503, 504, 520, 524, 530}
	for _, test := range []struct {
		kind, question string
		statuses       []int
		exits          []int // of these statuses
	}{
		{"server", "/prompt", plain, []int{5, 4, 5, 4, 5, 6, 5, 5}},
		{"server", "/history/", plain, []int{8, 4, 8, 4, 8, 8, 8, 8}},
		{"runpod", "run", all, []int{5, 4, 5, 4, 5, 6, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"runpod", "status", all, []int{5, 4, 5, 4, 8, 5, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"api", "submit", all, []int{5, 4, 5, 4, 5, 6, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
		{"api", "job", all, []int{5, 4, 5, 4, 8, 8, 5, 5, 8, 5, 8, 8, 8, 8, 8, 8, 8}},
	} {
		t.Run(test.kind+" "+test.question, func(t *testing.T) {
			t.Parallel()
			exits := make([]int, len(test.statuses))
			for i, status := range test.statuses {
				a := newAccount(t, runpodtest.Options{})
				spec := "runpod://abc123"
				switch test.kind {
				case "server":
					address, _ := comfyServer(t, emulator.Options{})
					g, err := chaos.NewGateway(address, chaos.Rule{Path: test.question, Status: status, Body: "{}"})
					if err != nil {
						t.Fatal(err)
					}
					web := httptest.NewServer(g)
					t.Cleanup(func() { web.CloseClientConnections(); g.Close(); web.Close() })
					spec = web.URL
				case "runpod":
					a.server.Script(test.question, slices.Repeat([]runpodtest.Answer{{Status: status, Body: "{}"}}, 20)...)
				default:
					s := apiv2test.New(t, apiv2test.Options{})
					s.Script(test.question, slices.Repeat([]apiv2test.Answer{{Status: status, Body: `{"error": {"code": "words", "message": "words"}}`}}, 20)...)
					spec = "comfy-api+" + s.URL
				}
				exits[i], _, _ = a.generate(t, "--backend", spec, "--reconnect", "0s")
			}
			if !slices.Equal(exits, test.exits) {
				t.Errorf("exits %s, want %s", fmt.Sprint(exits), fmt.Sprint(test.exits))
			}
		})
	}
}
