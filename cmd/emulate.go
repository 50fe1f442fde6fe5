package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// emulateOptions are the settings of `emulate`.
type emulateOptions struct {
	app     *app
	listen  string
	log     string
	faults  []string
	options emulator.Options
}

func newEmulateCmd(a *app) *cobra.Command {
	o := &emulateOptions{app: a}
	c := &cobra.Command{
		Use:   "emulate",
		Short: "Serve a ComfyUI without a GPU",
		Long: `Serve the ComfyUI protocol without a GPU: model-free nodes work on pixels, a
sampler draws a picture that follows seed, prompt, size and input image, with
the prompt written small in a corner. It accepts any model name unless
--strict-models. Each request is logged as a JSON line to --log, and each job
that ended as a line with "prompt_id", "nodes" and "outcome".`,
		Example: `  easel emulate
  easel emulate --listen 127.0.0.1:8189 --step-time 100ms --log requests.jsonl
  easel emulate --fault ws-reset=1.5s --fault status=view:502:1`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error { return runEmulate(c.Context(), o) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.listen, "listen", "127.0.0.1:8188", "`HOST:PORT` to listen on; port 0 = any free one")
	f.DurationVar(&o.options.StepTime, "step-time", 20*time.Millisecond, "a sampler step takes `DURATION`")
	f.DurationVar(&o.options.ModelLoad, "model-load", 0, "loading a model takes `DURATION`")
	f.IntVar(&o.options.ModelSlots, "model-slots", 1, "`N` models stay loaded")
	f.BoolVar(&o.options.StrictModels, "strict-models", false, "reject model files that are not listed")
	f.StringVar(&o.options.Version, "comfyui-version", "", "behave like ComfyUI `VERSION`")
	f.StringArrayVar(&o.faults, "fault", nil, "misbehave as `SPEC` says; --fault help lists the faults (repeatable)")
	f.StringVar(&o.log, "log", "", "log each request as a JSON line to a `FILE`, or - for stderr")
	return c
}

func runEmulate(ctx context.Context, o *emulateOptions) error {
	for _, spec := range o.faults {
		if spec == "help" {
			return printFaults(o.app.streams.Out)
		}
		f, err := emulator.ParseFault(spec)
		if err != nil {
			return usagef("easel emulate --fault help lists them", "--fault %s: %s", spec, err)
		}
		o.options.Faults = append(o.options.Faults, f)
	}
	closeLog, err := o.openLog()
	if err != nil {
		return err
	}
	defer closeLog()
	dir, err := os.MkdirTemp("", "easel-emulator-")
	if err != nil {
		return fmt.Errorf("make a folder for the emulator's files: %w", err)
	}
	defer os.RemoveAll(dir)
	o.options.Dir, o.options.Previews = dir, true

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return listenError(o.listen, err)
	}
	emu := emulator.New(o.options)
	defer emu.Close()
	server := &http.Server{Handler: emu, ReadHeaderTimeout: 30 * time.Second}
	if err := o.printAddress("http://" + listener.Addr().String()); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", o.listen, err)
	}
	if end, ok := errors.AsType[*problem.SignalError](context.Cause(ctx)); ok {
		return &reportedError{end.Exit} // the usual end of a server is no failure to speak of
	}
	return nil
}

// listenError says why an address cannot be listened on.
func listenError(address string, err error) error {
	const hint = "--listen 127.0.0.1:0 takes a free port"
	var dns *net.DNSError
	var system *os.SyscallError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return usagef(hint, "%s is in use by another program", address)
	case errors.As(err, &dns) && !strings.HasPrefix(dns.Name, "tcp/"): // that would be the port
		return usagef(hint, "%s cannot be listened on: %s", address, comfy.TransportReason(err))
	case errors.As(err, &system):
		return usagef(hint, "%s cannot be listened on: %s", address, system.Err)
	}
	return usagef("write --listen 127.0.0.1:8188", "--listen takes HOST:PORT, not %q", address)
}

func (o *emulateOptions) printAddress(address string) error {
	if o.app.global.json {
		return o.app.printJSON(map[string]string{"url": address})
	}
	_, err := fmt.Fprintln(o.app.streams.Out, address)
	return err
}

// openLog makes requests appear as JSON lines.
func (o *emulateOptions) openLog() (closeLog func(), err error) {
	var w io.Writer
	switch o.log {
	case "":
		return func() {}, nil
	case "-":
		w, closeLog = o.app.streams.Err, func() {}
	default:
		f, err := os.OpenFile(o.app.path(o.log), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return nil, fmt.Errorf("open the request log: %w", err)
		}
		w, closeLog = f, func() { f.Close() }
	}
	var mu sync.Mutex
	enc := json.NewEncoder(w)
	o.options.OnRequest = func(r emulator.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = enc.Encode(r) // a log that cannot be written must not stop the server
	}
	o.options.OnExecution = func(e emulator.Execution) {
		mu.Lock()
		defer mu.Unlock()
		_ = enc.Encode(e)
	}
	return closeLog, nil
}

func printFaults(w io.Writer) error {
	for _, f := range emulator.Faults() {
		form := f.Name
		if f.Args != "" {
			form += "=" + f.Args
		}
		if _, err := fmt.Fprintf(w, "  %-34s %s\n", form, f.Meaning); err != nil {
			return err
		}
	}
	return nil
}
