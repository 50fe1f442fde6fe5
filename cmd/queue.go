package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

func newQueueCmd(a *app) *cobra.Command {
	return group("queue", "The queue of a backend or of an easel serve: list, cancel, move, pause, resume",
		"  easel queue list\n  easel queue cancel last\n  easel queue pause --backend studio",
		newQueueListCmd(a), newQueueCancelCmd(a), newQueueMoveCmd(a), newQueuePauseCmd(a), newQueueResumeCmd(a))
}

// queueOptions say whose queue is meant.
type queueOptions struct {
	app     *app
	backend string
	server  string // of an easel serve whose queue is meant instead
	out     string // where the batches are whose items are ours too
}

func (o *queueOptions) addFlags(c *cobra.Command) {
	c.Flags().StringVarP(&o.backend, "backend", "b", "", "`NAME|URL` of the backend")
	_ = c.RegisterFlagCompletionFunc("backend", o.app.completeBackends)
	c.Flags().StringVarP(&o.out, "out", "o", "", "runs of the batches into `DIR` or a bucket are ours too (default: the usual folder)")
	o.addServer(c)
}

// queueTime bounds how long a backend that does not answer is waited for.
const queueTime = 5 * time.Second

func (o *queueOptions) open(ctx context.Context) (*backends.Backend, error) {
	return o.app.openBackend(ctx, o.backend, queueTime)
}

// An ourRun is a run of this machine that has not ended, by its records: that of the
// history, or the ledger of a batch.
type ourRun struct {
	id       string
	promptID string
	handle   comfy.Handle
	workflow string
	backend  string // name
	address  string // to open it again; "" when it ended with its process

	batch  string // name; "" = none
	item   string
	ledger string // its file
}

// named reports whether the user means this run by a word: an id or the beginning of
// one, or an item of a batch.
func (r *ourRun) named(word string) bool {
	return strings.HasPrefix(r.id, word) || len(word) >= 8 && strings.HasPrefix(r.promptID, word) ||
		r.handle == comfy.Handle(word) || r.item == word
}

// ours are the runs of this machine that have not ended, the oldest first.
func (o *queueOptions) ours() ([]*ourRun, error) {
	h, err := o.app.history()
	if err != nil {
		return nil, err
	}
	records, err := h.Pending()
	if err != nil {
		return nil, err
	}
	var all []*ourRun
	for _, rec := range records {
		r := &ourRun{id: rec.ID, promptID: rec.PromptID, handle: comfy.Handle(rec.Handle), workflow: rec.Workflow, backend: rec.Backend}
		r.address, r.handle = placed(rec.Request, r.handle)
		all = append(all, r)
	}
	items, err := o.items()
	return append(all, items...), err
}

// placed reads of a ticket where its run is.
func placed(ticket json.RawMessage, known comfy.Handle) (address string, h comfy.Handle) {
	var t struct {
		Address string       `json:"address"`
		Handle  comfy.Handle `json:"handle"`
	}
	_ = json.Unmarshal(ticket, &t) // one that cannot be read is told where the run is named
	return t.Address, cmp.Or(known, t.Handle)
}

// items are the items of batches that a backend may have a run of.
func (o *queueOptions) items() ([]*ourRun, error) {
	var args []string
	if o.out != "" {
		args = []string{o.out}
	}
	place, err := o.app.batchesAt(args, "", "")
	if err != nil {
		return nil, err
	}
	files, err := place.ledgers()
	if err != nil {
		return nil, err
	}
	var all []*ourRun
	for _, file := range files {
		book, err := place.read(file)
		if err != nil {
			o.app.note("warning: %s", err)
			continue
		}
		for it, err := range book.Items() {
			if err != nil {
				return nil, errors.Join(err, book.Close())
			}
			if !it.State.Open() {
				continue
			}
			ticket, _ := book.Ticket(it.ID)
			r := &ourRun{id: it.Run, promptID: it.PromptID, backend: it.Backend, batch: batchName(file), item: it.ID, ledger: file}
			r.address, r.handle = placed(ticket, comfy.Handle(it.Handle))
			all = append(all, r)
		}
		if err := book.Close(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// find is the run of ours that a word means.
func (o *queueOptions) find(all []*ourRun, word string) (*ourRun, error) {
	if word == ledger.Last && len(all) > 0 {
		return slices.MaxFunc(all, func(a, b *ourRun) int { return strings.Compare(a.id, b.id) }), nil
	}
	var fit []*ourRun
	for _, r := range all {
		if r.named(strings.ToLower(word)) || r.named(word) {
			fit = append(fit, r)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		if h, err := o.app.history(); err == nil {
			if rec, err := h.Get(word); err == nil && rec.State.Ended() {
				return nil, &invalidError{fmt.Sprintf("run %s has ended: %s", rec.ID, rec.State), "easel history show " + rec.ID}
			}
		}
		return nil, &invalidError{
			fmt.Sprintf("no run of this machine that has not ended is %q", word),
			"easel queue list shows ours; what others have in the queue is left alone",
		}
	}
	ids := make([]string, len(fit))
	for i, r := range fit {
		ids[i] = r.id
	}
	return nil, &invalidError{fmt.Sprintf("%q fits several runs: %s", word, strings.Join(ids, ", ")), "write more of the id"}
}

// at opens the backend of a run: the one that the flag names, which must be where the
// run is, or the one of its record.
func (o *queueOptions) at(ctx context.Context, r *ourRun) (*backends.Backend, error) {
	opener, err := o.app.opener()
	if err != nil {
		return nil, err
	}
	switch {
	case r.address == "":
		return nil, &invalidError{"run " + r.id + " ended with its embedded emulator", "easel resume " + r.id + " closes its record"}
	case o.backend != "" && opener.Place(o.backend) != opener.Place(r.address):
		return nil, &invalidError{fmt.Sprintf("run %s is on %s", r.id, r.backend), "leave --backend out"}
	}
	return o.app.openBackend(ctx, r.address, queueTime)
}

// isAt reports whether a run is on a backend.
func (r *ourRun) isAt(opener *backends.Opener, be *backends.Backend) bool {
	return r.address != "" && opener.Place(r.address) == opener.Place(be.Reopen)
}

// pauses are the places that this machine leaves alone.
func (a *app) pauses() (*ledger.Pauses, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return pausesOf(cfg), nil
}

func pausesOf(cfg *config.Config) *ledger.Pauses {
	return ledger.OpenPauses(filepath.Join(cfg.DataDir, "paused"))
}

// pausedAt gives the question whether a backend is paused, for those who submit by
// themselves; nil where it cannot be.
func (a *app) pausedAt(opener *backends.Opener, be *backends.Backend) func() bool {
	place := opener.Place(be.Reopen)
	if be.Reopen == "" || place == "" {
		return nil
	}
	pauses := pausesOf(opener.Config)
	return func() bool { _, paused := pauses.Of(place); return paused }
}

// cannot says what a kind of backend has no way to.
func cannot(be *backends.Backend, what string) error {
	return usagef("easel queue cancel takes a run of ours off it, and easel rerun makes it again", "%s cannot %s: it takes runs in its own order", be.Name, what)
}

func isUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
