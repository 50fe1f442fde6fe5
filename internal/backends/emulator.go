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
)

// CutEmulator reports whether a backend is the embedded emulator, and with which
// options.
func CutEmulator(spec string) (query string, ok bool) {
	kind, query, _ := strings.Cut(spec, "?")
	return query, kind == "emulator"
}

// emulatorForm is how the embedded emulator is named with an option.
const emulatorForm = "emulator?step-time=50ms"

// openEmulator starts the embedded ComfyUI: "emulator?step-time=50ms".
func openEmulator(query string, patience time.Duration) (*Backend, error) {
	opts := emulator.Options{Previews: true}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, &FormError{Message: "the options of the emulator in ?" + query + " cannot be read", Write: emulatorForm}
	}
	for key := range values {
		text, wrong := values.Get(key), &FormError{Write: emulatorForm}
		switch key {
		case "step-time":
			err = parseDuration(text, &opts.StepTime)
		case "model-load":
			err = parseDuration(text, &opts.ModelLoad)
		case "fault":
			wrong = &FormError{Known: "easel emulate --fault help lists them"}
			for _, spec := range values[key] {
				f, e := emulator.ParseFault(spec)
				opts.Faults, err = append(opts.Faults, f), errors.Join(err, e)
			}
		case "version":
			opts.Version = text
		case "strict-models":
			wrong.Write = "emulator?strict-models=true"
			if opts.StrictModels, err = strconv.ParseBool(text); err != nil {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
		default:
			return nil, &FormError{Message: fmt.Sprintf("unknown emulator option %q", key), Known: "they are step-time, model-load, strict-models, version and fault"}
		}
		if err != nil {
			wrong.Message = fmt.Sprintf("emulator option %s: %s", key, err)
			return nil, wrong
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
