package batch

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A claim is an object beside outputs that are in a bucket. It keeps two machines
// from running one batch: it is put where none is, which one of them succeeds in,
// and renewed while the batch runs. On one machine the lock of the ledger does
// that, and ends with the process; the claim that it leaves is known by its token,
// which the machine keeps beside the ledger.

// ClaimName is the name of a batch's claim in the store of its outputs.
func ClaimName(name string) string { return StateFolder + "/" + name + ".lock" }

const (
	// claimPace is how often a claim is renewed.
	claimPace = 30 * time.Second
	// claimLease is how long a claim holds that is not renewed: so long after a
	// machine was lost another one goes on. It is far more than clocks should differ.
	claimLease = 5 * time.Minute
	// claimRetry is how often a claim that another machine holds is tried again.
	claimRetry = 5 * time.Second
)

// claimed is what a claim says.
type claimed struct {
	ledger.Owner
	Token string `json:"token"`
}

// ClaimOptions say how a batch is claimed.
type ClaimOptions struct {
	File    string             // beside the ledger, in which this machine keeps the token of its claim
	Wait    bool               // for another machine
	Waiting func(ledger.Owner) // it is being waited for; may be nil
	Lost    func(error)        // another machine has taken the claim over; may be nil

	pace time.Duration // of renewals, for tests
}

// A Claim is held until it is released, or not renewed for long.
type Claim struct {
	store storage.Store
	name  string
	file  string
	own   claimed
	stop  func()
	done  chan struct{}
}

// ClaimBatch claims a batch for this machine, whose lock of the ledger is held. One
// that another machine holds is a *ledger.LockedError, or waited for.
func ClaimBatch(ctx context.Context, store storage.Store, name string, o ClaimOptions) (*Claim, error) {
	host, _ := os.Hostname() // only to be shown
	c := &Claim{store: store, name: ClaimName(name), file: o.File, done: make(chan struct{})}
	c.own = claimed{ledger.Owner{PID: os.Getpid(), Host: host, Since: time.Now().UTC()}, strings.ToLower(rand.Text())}
	kept, _ := os.ReadFile(o.File) // none = this machine never held one
	former := strings.Fields(string(kept))
	if err := c.remember(append(former, c.own.Token)); err != nil {
		return nil, err
	}
	for told := false; ; told = true {
		err := c.put(ctx, false)
		if err == nil {
			break
		}
		if !errors.Is(err, storage.ErrExist) {
			return nil, err
		}
		there, since, err := c.read(ctx)
		if errors.Is(err, storage.ErrNotExist) {
			continue // it was just released
		}
		if err != nil {
			return nil, err
		}
		if there.Token == c.own.Token || slices.Contains(former, there.Token) {
			if err := c.put(ctx, true); err != nil {
				return nil, err
			}
			break
		}
		if time.Since(since) > claimLease {
			if err := store.Remove(ctx, c.name); err != nil {
				return nil, err
			}
			continue
		}
		if !o.Wait {
			return nil, &ledger.LockedError{File: store.Location(c.name), Owner: there.Owner}
		}
		if !told && o.Waiting != nil {
			o.Waiting(there.Owner)
		}
		select {
		case <-time.After(claimRetry):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err := c.remember([]string{c.own.Token}); err != nil {
		return nil, err
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	pace := o.pace
	if pace == 0 {
		pace = claimPace
	}
	go c.renew(renewing, pace, o.Lost)
	return c, nil
}

// remember keeps the tokens of this machine: that of a process that died stays
// among them until the claim is ours.
func (c *Claim) remember(tokens []string) error {
	return atomicfile.Write(c.file, []byte(strings.Join(tokens, "\n")+"\n"), atomicfile.Options{Mode: 0o600, DirMode: 0o755})
}

func (c *Claim) put(ctx context.Context, replace bool) error {
	data, err := json.Marshal(c.own)
	if err == nil {
		_, _, err = storage.Put(ctx, c.store, storage.Object{Name: c.name, Replace: replace, MediaType: "application/json"}, bytes.NewReader(append(data, '\n')))
	}
	return err
}

// read says who holds the claim, and since when it was not renewed.
func (c *Claim) read(ctx context.Context) (there claimed, renewed time.Time, err error) {
	body, info, err := c.store.Open(ctx, c.name)
	if err != nil {
		return there, renewed, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, 4096))
	if err == nil && json.Unmarshal(data, &there) != nil {
		there = claimed{} // somebody else's, which ends by its age too
	}
	return there, info.Modified, err
}

// renew keeps the claim young, and sees whether another machine has taken it.
func (c *Claim) renew(ctx context.Context, pace time.Duration, lost func(error)) {
	defer close(c.done)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		there, _, err := c.read(ctx)
		switch {
		case err == nil && there.Token != c.own.Token:
			if lost != nil {
				lost(&ledger.LockedError{File: c.store.Location(c.name), Owner: there.Owner})
			}
			return
		case err == nil, errors.Is(err, storage.ErrNotExist):
			_ = c.put(ctx, true) // a store that is away is tried again
		}
	}
}

// Release gives the claim up, unless another machine has it by now.
func (c *Claim) Release(ctx context.Context) error {
	if c == nil {
		return nil
	}
	c.stop()
	<-c.done
	there, _, err := c.read(ctx)
	if err == nil && there.Token == c.own.Token {
		err = c.store.Remove(ctx, c.name)
	}
	if errors.Is(err, storage.ErrNotExist) {
		err = nil
	}
	if err == nil {
		_ = os.Remove(c.file)
	}
	return err
}
