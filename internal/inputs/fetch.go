package inputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Fetch downloads an input that the user named by its address. No credentials of
// any backend go with it.
func Fetch(ctx context.Context, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || req.URL.Host == "" {
		return nil, errors.New("it is not a web address")
	}
	client := &http.Client{Timeout: 5 * time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errors.New(comfy.TransportReason(err))
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("the address answered %s", resp.Status)
	}
	return readCloser{io.LimitReader(resp.Body, maxStream+1), resp.Body}, nil
}
