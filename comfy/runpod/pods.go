package runpod

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// The statuses of a pod. RUNNING says nothing about the ComfyUI in it.
const (
	PodProvisioning = "PROVISIONING"
	PodStarting     = "STARTING"
	PodRunning      = "RUNNING"
	PodExited       = "EXITED"
	PodError        = "ERROR"
	PodTerminated   = "TERMINATED"
)

// A Pod is a machine of the account. Its environment, which holds secrets, is not
// read.
type Pod struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Status  string   `json:"status"`
	Actions []string `json:"actions"` // what can be done in this status
	Image   string   `json:"image"`
	Ports   []string `json:"ports"` // "8188/http"
	GPU     struct {
		ID    string `json:"id"`
		Count int    `json:"count"`
	} `json:"gpu"`
	Cloud      string    `json:"cloud"`
	DataCenter string    `json:"dataCenterId"`
	Cost       float64   `json:"cost"` // USD per hour now: 0 when it is stopped, but for its disk
	Locked     bool      `json:"locked"`
	Started    time.Time `json:"startedAt"`
}

// Running reports whether the pod costs a GPU's price.
func (p *Pod) Running() bool {
	return p.Status == PodRunning || p.Status == PodStarting || p.Status == PodProvisioning
}

// UnmarshalJSON reads a pod; what has an odd form, as times may, counts as absent.
func (p *Pod) UnmarshalJSON(data []byte) error {
	type plain Pod
	var q struct {
		plain
		GPU     json.RawMessage `json:"gpu"`
		Started string          `json:"startedAt"`
	}
	if err := json.Unmarshal(data, &q); err != nil {
		return err
	}
	*p = Pod(q.plain)
	_ = json.Unmarshal(q.GPU, &p.GPU) // of a CPU pod there is none
	p.Started, _ = time.Parse(time.RFC3339, q.Started)
	return nil
}

// UnknownPodError means that the account has no pod of an id or name.
type UnknownPodError struct {
	Word    string
	Nearest []string // ids and names there are
}

func (e *UnknownPodError) Error() string { return fmt.Sprintf("the account has no pod %q", e.Word) }

// Permanent reports that the same question has the same answer again.
func (*UnknownPodError) Permanent() bool { return true }

// SeveralPodsError means that a name is that of several pods.
type SeveralPodsError struct {
	Name string
	IDs  []string
}

func (e *SeveralPodsError) Error() string {
	return fmt.Sprintf("%d pods are named %s: %s", len(e.IDs), e.Name, strings.Join(e.IDs, ", "))
}

// Permanent reports that the same question has the same answer again.
func (*SeveralPodsError) Permanent() bool { return true }

// PodActionError means that a pod cannot be started or stopped now.
type PodActionError struct {
	Pod    Pod
	Action string
	Reason string
	NoGPU  bool // its host has no GPU free: it may later, or never
}

func (e *PodActionError) Error() string {
	return fmt.Sprintf("cannot %s pod %s, which is %s: %s", e.Action, e.Pod.Name, e.Pod.Status, e.Reason)
}

// Permanent reports that the same question has the same answer again.
func (*PodActionError) Permanent() bool { return true }

// Pods lists the account's pods.
func (a *Account) Pods(ctx context.Context) ([]Pod, error) {
	var m struct {
		Pods []Pod `json:"pods"`
	}
	if err := a.get(ctx, "/pods", nil, &m); err != nil {
		return nil, err
	}
	return m.Pods, nil
}

// Pod gives one by its id.
func (a *Account) Pod(ctx context.Context, id string) (*Pod, error) {
	if !validID(id) {
		return nil, &UnknownPodError{Word: id}
	}
	var p Pod
	err := a.get(ctx, "/pods/"+id, nil, &p)
	if isMissing(err) {
		return nil, &UnknownPodError{Word: id}
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// FindPod gives the pod of an id or a name; *UnknownPodError names the nearest.
func (a *Account) FindPod(ctx context.Context, word string) (*Pod, error) {
	all, err := a.Pods(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(p Pod) bool { return p.ID == word }); i >= 0 {
		return &all[i], nil
	}
	var names, same []string
	var found *Pod
	for i, p := range all {
		names = append(names, p.ID, p.Name)
		if p.Name == word {
			same, found = append(same, p.ID), &all[i]
		}
	}
	switch len(same) {
	case 0:
		near := nearest.To(word, names, 3)
		if len(near) == 0 && len(all) == 1 {
			near = []string{cmp.Or(all[0].Name, all[0].ID)}
		}
		return nil, &UnknownPodError{Word: word, Nearest: near}
	case 1:
		return found, nil
	}
	return nil, &SeveralPodsError{Name: word, IDs: same}
}

// StartPod boots a stopped pod; StopPod releases its GPU and keeps its volume. The
// pod is as RunPod says afterwards. A reply that is lost is looked up: what is done
// already is no error.
func (a *Account) StartPod(ctx context.Context, p *Pod) (*Pod, error) { return a.act(ctx, p, "start") }

// StopPod is described at StartPod.
func (a *Account) StopPod(ctx context.Context, p *Pod) (*Pod, error) { return a.act(ctx, p, "stop") }

func (a *Account) act(ctx context.Context, p *Pod, action string) (*Pod, error) {
	if action == "stop" && p.Locked {
		return nil, &PodActionError{Pod: *p, Action: action, Reason: "it is locked"}
	}
	body := []byte(`{"action":` + strconv.Quote(action) + `}`)
	k := transport.Post("/pods/"+url.PathEscape(p.ID)+"/action", body)
	var after Pod
	err := transport.Again(ctx, func() error { return a.ask(ctx, k, &after) })
	if err == nil {
		return &after, nil
	}
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil, &UnknownPodError{Word: p.ID}
	}
	now, lookErr := a.Pod(ctx, p.ID)
	if lookErr == nil && now.Running() == (action == "start") {
		return now, nil // 409, or the answer got lost
	}
	if errors.As(err, &refused) {
		return nil, &PodActionError{Pod: *p, Action: action, Reason: refused.Message, NoGPU: refused.Status == http.StatusBadRequest && action == "start"}
	}
	return nil, err
}

// PodURL is the form of the address of a pod's port at RunPod's proxy, which asks
// for no key and must be shown none.
const PodURL = "https://{pod}-{port}.proxy.runpod.net"

// ProxyURL is the address of a port of a pod; form is "" for PodURL.
func ProxyURL(form, id, port string) string {
	return strings.NewReplacer("{pod}", id, "{port}", port).Replace(cmp.Or(form, PodURL))
}

// podPace is between two looks at a pod: RunPod takes 60 questions a minute.
const podPace = 4 * time.Second

// AwaitPod waits until a pod runs and ready says that what is in it answers. tell
// hears what is waited for, when that changes. A pod that stops meanwhile ends the
// waiting with a *PodActionError.
func (a *Account) AwaitPod(ctx context.Context, id string, ready func(context.Context) error, tell func(string)) (*Pod, error) {
	told := ""
	say := func(text string) {
		if text != told && tell != nil {
			tell(text)
		}
		told = text
	}
	var p *Pod
	for wait := podPace / 8; ; wait = min(wait*2, podPace) {
		now, err := a.Pod(ctx, id)
		switch {
		case err != nil && (p == nil || !transport.Temporary(ctx, err) || isGone(err)):
			return nil, err
		case err != nil:
			say("RunPod does not answer")
		case !now.Running():
			return nil, &PodActionError{Pod: *now, Action: "wait for", Reason: "it is not starting"}
		case now.Status != PodRunning:
			p = now
			say("pod " + now.Name + " is " + strings.ToLower(now.Status))
		default:
			p = now
			look, stop := context.WithTimeout(ctx, 2*transport.ConnectTime)
			err := ready(look)
			stop()
			if err == nil {
				return p, nil
			}
			say("pod " + now.Name + " runs, and ComfyUI in it does not answer yet")
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return nil, context.Cause(ctx)
		}
	}
}

func isGone(err error) bool {
	var unknown *UnknownPodError
	return errors.As(err, &unknown)
}
