package backends

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// CutEmulator reports whether a backend is the embedded emulator, and with which
// options.
func CutEmulator(spec string) (query string, ok bool) {
	kind, query, _ := strings.Cut(spec, "?")
	return query, kind == "emulator"
}

// openEmulator starts the embedded ComfyUI: "emulator?step-time=50ms".
func openEmulator(query string, patience time.Duration) (*Backend, error) {
	opts := emulator.Options{Previews: true}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, problem.Usagef("write emulator?step-time=50ms", "the options of the emulator in ?%s cannot be read", query)
	}
	for key := range values {
		text, hint := values.Get(key), "write emulator?step-time=50ms"
		switch key {
		case "step-time":
			err = parseDuration(text, &opts.StepTime)
		case "model-load":
			err = parseDuration(text, &opts.ModelLoad)
		case "fault":
			hint = "easel emulate --fault help lists them"
			for _, spec := range values[key] {
				f, e := emulator.ParseFault(spec)
				opts.Faults, err = append(opts.Faults, f), errors.Join(err, e)
			}
		case "version":
			opts.Version = text
		case "strict-models":
			hint = "write emulator?strict-models=true"
			if opts.StrictModels, err = strconv.ParseBool(text); err != nil {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
		default:
			return nil, problem.Usagef("they are step-time, model-load, strict-models, version and fault", "unknown emulator option %q", key)
		}
		if err != nil {
			return nil, problem.Usagef(hint, "emulator option %s: %s", key, err)
		}
	}
	srv := emulator.New(opts)
	client, err := comfy.NewClient("http://emulator", comfy.WithHTTPClient(srv.Client()), comfy.WithPatience(patience), comfy.WithKind("emulator"), comfy.WithEphemeral())
	if err != nil {
		srv.Close()
		return nil, fmt.Errorf("open the emulator: %w", err)
	}
	return &Backend{Backend: client, Name: "emulator", close: func() error {
		err := client.Close()
		srv.Close()
		return err
	}}, nil
}

func parseDuration(text string, d *time.Duration) error {
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration like 50ms or 2s", text)
	}
	*d = v
	return nil
}
