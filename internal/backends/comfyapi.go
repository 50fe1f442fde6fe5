package backends

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// comfyCloud is the name of Comfy Cloud.
const comfyCloud = "comfy-cloud"

// comfyKey is the variable that holds its key.
const comfyKey = "COMFY_API_KEY"

// comfyAPIForm is how a Comfy API v2 service is written.
const comfyAPIForm = "comfy-api+https://HOST, or comfy-cloud"

// cutComfyAPI reports whether a backend is a Comfy API v2 service, and where it is.
func cutComfyAPI(address string) (base string, ok bool) {
	if address == comfyCloud {
		return apiv2.CloudURL, true
	}
	return strings.CutPrefix(address, "comfy-api+")
}

// isCloud reports whether an address is Comfy Cloud's, which alone gets its key.
func isCloud(base string) bool {
	u, err := url.Parse(base)
	return err == nil && u.Scheme == "https" && strings.EqualFold(u.Host, "cloud.comfy.org")
}

// openComfyAPI opens a Comfy API v2 service.
func (o *Opener) openComfyAPI(spec, name, base string, given bool, patience time.Duration) (*Backend, error) {
	b := o.Config.Backends[spec]
	access, err := o.Config.Access(spec, given)
	if err != nil {
		return nil, err
	}
	opts := []apiv2.Option{apiv2.WithPatience(patience)}
	for key, value := range access.Headers {
		opts = append(opts, apiv2.WithHeader(key, value.Reveal()))
	}
	if access.Username != "" || !access.Password.IsZero() {
		login := base64.StdEncoding.EncodeToString([]byte(access.Username + ":" + access.Password.Reveal()))
		opts = append(opts, apiv2.WithHeader("Authorization", "Basic "+login))
	}
	token := access.Token
	if isCloud(base) {
		if token.IsZero() {
			if token, err = o.Config.ComfyKey(); err != nil {
				return nil, err
			}
		}
		opts = append(opts, apiv2.WithKind(comfyCloud), apiv2.WithVariable(comfyKey), apiv2.WithToken(func() (string, error) {
			if token.IsZero() {
				return "", &comfy.AuthError{Address: "Comfy Cloud", Reason: "no API key is set", Variable: comfyKey}
			}
			return token.Reveal(), nil
		}))
	} else if !token.IsZero() {
		opts = append(opts, apiv2.WithToken(func() (string, error) { return token.Reveal(), nil }))
	}
	secure, err := access.TLS(b.Insecure)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		opts = append(opts, apiv2.WithTLS(secure))
	}
	if hc := o.http(secure); hc != nil {
		opts = append(opts, apiv2.WithHTTPClient(hc))
	}
	client, err := apiv2.NewClient(base, opts...)
	if err != nil {
		return nil, &FormError{Message: fmt.Sprintf("backend %s: %s", config.WithoutUser(spec), err), Write: comfyAPIForm}
	}
	return &Backend{
		Backend: client, Name: name, Reopen: config.WithoutUser(spec), Address: client.Address(),
		Public: access.IsBare() && !isCloud(base) && IsPublic(base), close: client.Close,
	}, nil
}
