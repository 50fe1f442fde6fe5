package backends

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// localPorts are where ComfyUI and its desktop application listen.
var localPorts = []string{"8188", "8000"}

// FindLocal asks the usual ports of this machine for a ComfyUI. It is the address
// of the first that answers, "" when none does.
func FindLocal(ctx context.Context) string {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, port := range localPorts {
		address := "http://127.0.0.1:" + port
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/prompt", nil)
		if err != nil {
			return ""
		}
		resp, err := client.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			return address
		}
	}
	return ""
}
