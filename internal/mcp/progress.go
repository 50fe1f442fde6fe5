package mcp

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// States of Progress that are ours.
const waits = "waiting" // for another run of this server

// A reporter sends how far a run is, to a client that asked for it. A client that
// reads slowly gets the latest and delays nothing.
type reporter struct {
	token   any
	session *sdk.ServerSession
	latest  chan Progress // holds one
	ctx     context.Context
	stop    context.CancelFunc
	over    sync.WaitGroup
	state   string
}

// reportEvery is how far two messages about the same node are apart.
const reportEvery = 100 * time.Millisecond

func newReporter(ctx context.Context, req *sdk.CallToolRequest) *reporter {
	r := &reporter{token: req.Params.GetProgressToken(), session: req.Session, latest: make(chan Progress, 1)}
	r.ctx, r.stop = context.WithCancel(ctx)
	if r.token != nil {
		r.over.Go(r.send)
	}
	return r
}

// tell is called by one goroutine at a time.
func (r *reporter) tell(p Progress) {
	if r.token == nil {
		return
	}
	if p.State == "" {
		p.State = r.state
	}
	r.state = p.State
	select {
	case <-r.latest: // nobody has taken it
	default:
	}
	select {
	case r.latest <- p:
	default:
	}
}

// close returns when nothing more is sent.
func (r *reporter) close() {
	r.stop()
	r.over.Wait()
}

func (r *reporter) send() {
	var last float64 // what was sent must grow
	var node string
	for {
		var p Progress
		select {
		case p = <-r.latest:
		case <-r.ctx.Done():
			return
		}
		value := max(p.Fraction, last+1e-6)
		last = value
		meta := sdk.Meta{"easel/step": p.Step, "easel/steps": p.Steps}
		if p.ETA > 0 {
			meta["easel/eta_ms"] = p.ETA
		}
		if r.session.NotifyProgress(r.ctx, &sdk.ProgressNotificationParams{
			Meta: meta, ProgressToken: r.token, Progress: value, Total: 1, Message: p.message(),
		}) != nil {
			return
		}
		if p.Node != node {
			node = p.Node
			continue
		}
		select {
		case <-time.After(reportEvery):
		case <-r.ctx.Done():
			return
		}
	}
}

// message says it in words.
func (p Progress) message() string {
	var parts []string
	switch {
	case p.State == waits:
		return "waiting for another run"
	case p.State == "queued" && p.Position > 0:
		return fmt.Sprintf("queued, %d ahead", p.Position)
	case p.Node == "":
		return p.State
	}
	parts = append(parts, "node "+data(p.Node))
	if p.Steps > 0 {
		parts = append(parts, fmt.Sprintf("step %d of %d", p.Step, p.Steps))
	}
	if p.ETA > 0 {
		left := time.Duration(p.ETA) * time.Millisecond
		round := time.Second
		if left < 10*time.Second {
			round = 100 * time.Millisecond
		}
		parts = append(parts, left.Round(round).String()+" left")
	}
	return strings.Join(parts, ", ")
}
