package cmd

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// podOptions say what a command may do with the pod that it runs on.
type podOptions struct {
	start bool
	stop  stopAfter
}

func (o *podOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.start, "start-pod", false, "start the pod of a pod:// backend when it is stopped")
	f.Var(&o.stop, "stop-after", "stop the pod at the end, if this command started it and its queue is empty, after `IDLE` without a run")
	f.Lookup("stop-after").NoOptDefVal = "0s"
}

// stopAfter is the flag of a duration that may be left out.
type stopAfter struct {
	given bool
	idle  time.Duration
}

func (s *stopAfter) String() string {
	if !s.given {
		return ""
	}
	return s.idle.String()
}

func (*stopAfter) Type() string { return "duration" }

// Set implements pflag.Value.
func (s *stopAfter) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no duration like 30s or 5m", text)
	}
	s.given, s.idle = true, d
	return nil
}

// stopTime bounds what is done about a pod at the end of a command.
const stopTime = 15 * time.Second

// use lets an opener start pods as these options say, and writes down which ones.
func (o *podOptions) use(ctx context.Context, a *app, opener *backends.Opener) (*ledger.Pods, error) {
	pods, err := a.pods()
	if err != nil {
		return nil, err
	}
	opener.StartPod = o.start
	opener.PodStarts = func(p *backends.Pod) error {
		return pods.Start(ledger.StartedPod{ID: p.ID, Name: p.Name, Cost: p.Cost, Started: p.Began})
	}
	opener.PodStays = func(p *backends.Pod) { a.forgetPod(pods, p.ID) }
	opener.PodLeft = func(p *backends.Pod) { o.finish(ctx, a, pods, p, nil) }
	return pods, nil
}

// open opens the backend of a command that runs workflows. done must be called when
// the last run is over: it deals with the pod.
func (o *podOptions) open(ctx context.Context, a *app, at place, patience time.Duration) (be *backends.Backend, done func(), err error) {
	opener, err := a.opener()
	if err != nil {
		return nil, nil, err
	}
	pods, err := o.use(ctx, a, opener)
	if err != nil {
		return nil, nil, err
	}
	if at.member != "" {
		be, err = opener.DialContext(ctx, at.member, at.given, patience)
	} else {
		be, err = opener.Open(ctx, at.flag, patience)
	}
	if err != nil {
		return nil, nil, err
	}
	if be.Pod == nil && at.member == "" && (o.start || o.stop.given) { // of a pool, others may be pods
		be.Close()
		return nil, nil, usagef("--backend pod://ID_OR_NAME is one; easel runpod pods list shows them", "--start-pod and --stop-after are for pods, and %s is none", be.Name)
	}
	return be, func() {
		if be.Pod != nil {
			o.finish(ctx, a, pods, be.Pod, be)
		}
		be.Close()
	}, nil
}

// finish stops a pod or says that it goes on and what that costs. What the command
// did not start, or what others still use, is not stopped.
func (o *podOptions) finish(ctx context.Context, a *app, pods *ledger.Pods, p *backends.Pod, be *backends.Backend) {
	if p.Began.IsZero() {
		if o.stop.given {
			a.note("pod %s ran before, so it is not stopped: %s", p.Name, priceWords(p.Cost))
		} else {
			a.note("pod %s goes on: %s", p.Name, priceWords(p.Cost))
		}
		return
	}
	stop := "easel runpod pods stop " + p.ID + " stops it"
	if !o.stop.given {
		a.forgetPod(pods, p.ID) // its user is told, here and now
		a.note("pod %s goes on: %s; %s", p.Name, priceWords(p.Cost), stop)
		return
	}
	if o.stop.idle > 0 && ctx.Err() == nil {
		a.note("pod %s is stopped in %s", p.Name, term.Duration(o.stop.idle))
		idle := time.NewTimer(o.stop.idle)
		defer idle.Stop()
		select {
		case <-idle.C:
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if be != nil {
		info, err := be.Describe(ctx)
		if err == nil && info.QueueRunning+info.QueuePending > 0 {
			a.forgetPod(pods, p.ID)
			a.note("pod %s is not stopped, since its queue is not empty: %s; %s", p.Name, priceWords(p.Cost), stop)
			return
		}
	}
	if err := p.Stop(ctx); err != nil {
		a.note("warning: pod %s could not be stopped: %s", p.Name, err)
		a.note("%s; %s", priceWords(p.Cost), stop)
		return // its file stays: the next command names it
	}
	a.forgetPod(pods, p.ID)
	a.note("pod %s is stopped; it ran for %s%s", p.Name, term.Duration(time.Since(p.Began)), spentWords(p.Cost*time.Since(p.Began).Hours()))
}

func (a *app) forgetPod(pods *ledger.Pods, id string) {
	if err := pods.Stop(id); err != nil {
		a.note("warning: %s", err)
	}
}

// pods are the machines that commands started and have not stopped.
func (a *app) pods() (*ledger.Pods, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return ledger.OpenPods(filepath.Join(cfg.DataDir, "pods")), nil
}

// noteLeftPods names the pods that a command which is gone left running, and what
// they have cost since. RunPod is asked whether they do.
func (a *app) noteLeftPods(ctx context.Context) {
	pods, err := a.pods()
	if err != nil {
		return // the command says what is wrong with the settings
	}
	left := pods.Left()
	if len(left) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var account *runpod.Account
	if opener, err := a.opener(); err == nil {
		if account, err = opener.OpenAccount(); err == nil {
			defer account.Close()
		}
	}
	for _, p := range left {
		verb := "may have run for"
		if account != nil {
			if now, err := account.Pod(ctx, p.ID); err == nil {
				if !now.Running() {
					a.forgetPod(pods, p.ID)
					continue
				}
				verb, p.Cost = "has run for", max(now.Cost, p.Cost)
			}
		}
		since := time.Since(p.Started)
		a.note("pod %s %s %s, started by an easel that is gone%s; easel runpod pods stop %s stops it",
			p.Name, verb, term.Duration(since), spentWords(p.Spent(time.Now())), p.ID)
	}
}

// priceWords say what a machine costs while it runs.
func priceWords(perHour float64) string {
	if perHour <= 0 {
		return "it costs money"
	}
	return fmt.Sprintf("it costs %.2f USD per hour", perHour)
}

// spentWords say what a machine has cost; nothing when its price is not known.
func spentWords(usd float64) string {
	switch {
	case usd <= 0:
		return ""
	case usd < 0.01:
		return " and cost less than 0.01 USD"
	}
	return fmt.Sprintf(" and cost about %.2f USD", usd)
}
