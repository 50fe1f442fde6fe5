package problem

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/served"
)

// The hint of a place that is not reached is about that place.
func TestHintsOfUnreachablePlaces(t *testing.T) {
	t.Parallel()
	for hint, err := range map[string]error{
		"is ComfyUI running there?":       &comfy.UnreachableError{Reason: "connection refused"},
		"is easel serve running there?":   &comfy.UnreachableError{Of: served.Who, Reason: "connection refused"},
		"trust who signed it":             &comfy.UnreachableError{Of: served.Who, Reason: "its certificate is not valid", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		"is the network up":               &comfy.UnreachableError{Of: "RunPod", Reason: "connection refused"},
		"the address that answers itself": &comfy.UnreachableError{Of: "RunPod", Reason: "redirected", Err: &comfy.RedirectError{To: "https://login.example"}},
	} {
		if p := Of(err); p.Code != CodeUnreachable || p.Exit != ExitUnreachable || !strings.Contains(p.Hint, hint) {
			t.Errorf("%v: %+v", err, p)
		}
	}
}
