package backends

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// cutPod reports whether a backend is a pod, and which: pod://ID_OR_NAME[:PORT].
func cutPod(address string) (word, port string, ok bool) {
	rest, ok := strings.CutPrefix(address, "pod://")
	word, port, _ = strings.Cut(rest, ":")
	if port == "" {
		port = "8188"
	}
	return word, port, ok
}

// podForm is how a pod is written.
const podForm = "pod://ID_OR_NAME[:8188]"

// A Pod is the machine of a backend.
type Pod struct {
	runpod.Pod
	Began   time.Time // when this command started it; zero when it ran before
	account *runpod.Account
}

// Stop releases the machine's GPU.
func (p *Pod) Stop(ctx context.Context) error {
	_, err := p.account.StopPod(ctx, &p.Pod)
	return err
}

// StoppedPodError means that a pod does not run, and nobody asked for its start.
type StoppedPodError struct{ Pod runpod.Pod }

func (e *StoppedPodError) Error() string {
	return fmt.Sprintf("pod %s is %s", e.Pod.Name, strings.ToLower(e.Pod.Status))
}

// Permanent reports that the same question has the same answer again.
func (*StoppedPodError) Permanent() bool { return true }

// SilentPodError means that a pod runs and the ComfyUI in it does not answer.
type SilentPodError struct {
	Pod    runpod.Pod
	Port   string
	Waited time.Duration
	Err    error
}

func (e *SilentPodError) Error() string {
	return fmt.Sprintf("pod %s runs, but its ComfyUI did not answer on port %s within %s", e.Pod.Name, e.Port, e.Waited.Round(time.Second))
}
func (e *SilentPodError) Unwrap() error { return e.Err }

// bootTime is how long a pod that was started may take until its ComfyUI answers:
// the first start of RunPod's own template takes up to half an hour.
const bootTime = 30 * time.Minute

// openPod opens the ComfyUI of a pod by RunPod's proxy, once it answers. RunPod's
// key goes to the account and never to the proxy, which is open to everybody.
func (o *Opener) openPod(ctx context.Context, spec, name string, given bool, patience time.Duration) (*Backend, error) {
	b := o.Config.Backends[spec]
	address := spec
	if b.URL != "" {
		address = b.URL
	}
	word, port, _ := cutPod(address)
	if n, err := strconv.Atoi(port); word == "" || err != nil || n < 1 || n > 65535 {
		return nil, &FormError{Message: "backend " + config.WithoutUser(spec) + " names no pod and port", Write: podForm}
	}
	access, err := o.Config.Access(spec, given)
	if err != nil {
		return nil, err
	}
	account, err := o.OpenAccount()
	if err != nil {
		return nil, err
	}
	opts, err := o.options(access, b.Insecure, patience)
	if err != nil {
		account.Close()
		return nil, err
	}
	be, err := o.dialPod(ctx, account, word, port, opts, patience)
	if err != nil {
		account.Close()
		return nil, err
	}
	if name == "" {
		name = be.Pod.Name
	}
	be.Name, be.Reopen, be.Public = name, config.WithoutUser(spec), access.IsBare()
	return be, nil
}

func (o *Opener) dialPod(ctx context.Context, account *runpod.Account, word, port string, opts []comfy.Option, patience time.Duration) (*Backend, error) {
	found, err := account.FindPod(ctx, word)
	if err != nil {
		return nil, err
	}
	pod := &Pod{Pod: *found, account: account}
	switch {
	case found.Running():
	case !o.StartPod:
		return nil, &StoppedPodError{Pod: *found}
	default:
		pod.Began = time.Now()
		if o.PodStarts != nil {
			if err := o.PodStarts(pod); err != nil {
				return nil, err
			}
		}
		o.note("starting pod %s", found.Name)
		after, err := account.StartPod(ctx, found)
		if err != nil {
			var kept *runpod.PodActionError
			if errors.As(err, &kept) && o.PodStays != nil { // it is known that it did not start
				o.PodStays(pod)
			}
			return nil, err
		}
		pod.Pod = *after
		if o.PodStarts != nil { // its price is known now
			if err := o.PodStarts(pod); err != nil {
				return nil, err
			}
		}
	}
	address := runpod.ProxyURL(o.Config.RunPod().PodURL, found.ID, port)
	client, err := comfy.NewClient(address, append(opts, comfy.WithHeader("User-Agent", "easel"))...)
	if err != nil {
		return nil, &FormError{Message: "the address of pods: " + err.Error(), Write: runpod.PodURL}
	}
	wait := max(patience, time.Second)
	if !pod.Began.IsZero() || found.Status != runpod.PodRunning {
		wait = bootTime
	}
	if err := o.awaitPod(ctx, account, pod, client, port, wait); err != nil {
		client.Close()
		if !pod.Began.IsZero() && o.PodLeft != nil {
			o.PodLeft(pod)
		}
		return nil, err
	}
	return &Backend{Backend: client, Address: client.Address(), Pod: pod, close: func() error {
		account.Close()
		return client.Close()
	}}, nil
}

// awaitPod waits until the ComfyUI of a pod answers.
func (o *Opener) awaitPod(ctx context.Context, account *runpod.Account, pod *Pod, client *comfy.Client, port string, wait time.Duration) error {
	began := time.Now()
	inner, stop := context.WithTimeout(ctx, wait)
	defer stop()
	var last error
	ready := func(ctx context.Context) error {
		_, last = client.Pulse(ctx)
		return last
	}
	if pod.Status == runpod.PodRunning && ready(inner) == nil { // RunPod need not be asked again
		return nil
	}
	now, err := account.AwaitPod(inner, pod.ID, ready, func(text string) { o.note("%s", text) })
	if now != nil {
		pod.Pod = *now
	}
	var auth *comfy.AuthError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(last, &auth):
		return last
	case inner.Err() != nil:
		return &SilentPodError{Pod: pod.Pod, Port: port, Waited: time.Since(began), Err: last}
	}
	return err
}

func (o *Opener) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(format, args...)
	}
}

// AwaitPod waits for the ComfyUI of a pod that is starting, at most until ctx ends.
func (o *Opener) AwaitPod(ctx context.Context, account *runpod.Account, pod *runpod.Pod, port string) (*runpod.Pod, error) {
	var opts []comfy.Option
	if hc := o.http(nil); hc != nil {
		opts = append(opts, comfy.WithHTTPClient(hc))
	}
	client, err := comfy.NewClient(runpod.ProxyURL(o.Config.RunPod().PodURL, pod.ID, port), append(opts, comfy.WithHeader("User-Agent", "easel"))...)
	if err != nil {
		return nil, &FormError{Message: "the address of pods: " + err.Error(), Write: runpod.PodURL}
	}
	defer client.Close()
	p := &Pod{Pod: *pod}
	err = o.awaitPod(ctx, account, p, client, port, bootTime)
	return &p.Pod, err
}
