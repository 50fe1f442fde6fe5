package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// Webhooks sends messages about jobs that ended, in the form of Standard
// Webhooks 1.0: signed, with the same id at each try, until the receiver
// answers 2xx or ten tries have failed over three days.
type Webhooks struct {
	DB      *jobs.DB
	Body    func(ctx context.Context, d jobs.Delivery) (json.RawMessage, error)
	Secret  []byte // of the signatures
	Private bool   // addresses of this network may be told too
	Log     *slog.Logger
	Delays  []time.Duration // between the tries; nil = those of Standard Webhooks
}

const (
	webhookSenders  = 4
	webhookPatience = 20 * time.Second
	webhookLease    = time.Minute
	webhookAnswer   = 64 << 10 // bytes that are read of an answer
)

// webhookDelays are the times between the tries, those of Standard Webhooks. Drills
// shorten two: a try that ends with its process counts as well.
var webhookDelays = []time.Duration{
	crashpoint.Duration("EASEL_WEBHOOK_DELAY", 5*time.Second), crashpoint.Duration("EASEL_WEBHOOK_DELAY", 5*time.Minute), 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Run sends until ctx ends.
func (w *Webhooks) Run(ctx context.Context) {
	client := guardedClient(w.Private, 0, webhookPatience)
	places := make(chan struct{}, webhookSenders)
	ended := make(chan struct{}, 1) // a try: when the next is due may be sooner now
	for {
		watch := w.DB.Watch(func(e jobs.Event) bool {
			return e.Type == jobs.EventDeliver || e.Type == jobs.EventState && stateOf(e).Ended()
		})
		for {
			d, err := w.DB.TakeDelivery(ctx, webhookLease)
			if err != nil {
				if !errors.Is(err, jobs.ErrNotFound) && ctx.Err() == nil {
					w.Log.Warn("looking for webhook messages", "error", err)
				}
				break
			}
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				watch.Close()
				return
			}
			go func() {
				defer func() { <-places }()
				w.send(ctx, client, d)
				select {
				case ended <- struct{}{}:
				default:
				}
			}()
		}
		w.rest(ctx, watch, ended)
		watch.Close()
		if ctx.Err() != nil {
			return
		}
	}
}

// rest waits until a job ends, a message is wanted again, a try ends, or one is due.
func (w *Webhooks) rest(ctx context.Context, watch *jobs.Watch, ended <-chan struct{}) {
	wait := time.Minute
	if next, err := w.DB.NextDelivery(ctx); err == nil && !next.IsZero() {
		wait = min(wait, max(time.Until(next), 50*time.Millisecond))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-watch.C:
	case <-ended:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (w *Webhooks) delays() []time.Duration {
	if w.Delays != nil {
		return w.Delays
	}
	return webhookDelays
}

// send tries once, and writes down what came of it.
func (w *Webhooks) send(ctx context.Context, client *http.Client, d jobs.Delivery) {
	status, wait, err := w.post(ctx, client, d)
	if ctx.Err() != nil {
		return // it is due again when its lease is over
	}
	d.Status, d.Error = nil, ""
	if status > 0 {
		code := int64(status)
		d.Status = &code
	}
	switch {
	case err == nil && status/100 == 2:
		d.State = jobs.Delivered
	case status == http.StatusGone:
		d.State, d.Error = jobs.DeliveryDisabled, "the receiver says that it is gone"
	case int(d.Attempt) > len(w.delays()):
		d.State, d.Error = jobs.DeliveryFailed, reason(status, err)
	default:
		d.Error = reason(status, err)
		d.Next = time.Now().Add(max(w.delays()[d.Attempt-1], wait))
	}
	if err := w.DB.EndDelivery(ctx, d); err != nil && !errors.Is(err, jobs.ErrTaken) {
		w.Log.Warn("writing down a webhook message", "id", d.ID, "error", err)
	}
	if d.State == jobs.DeliveryDisabled {
		if err := w.DB.DisableWebhook(ctx, d.URL); err != nil {
			w.Log.Warn("giving a webhook up", "error", err)
		}
	}
}

func reason(status int, err error) string {
	var reach *reachError
	switch {
	case errors.As(err, &reach):
		return "its address is not on the open internet; " + reach.Hint()
	case err != nil:
		return "no answer" // the error names the address, which may hold a secret
	}
	return fmt.Sprintf("it answers %d", status)
}

// post sends a message. wait is how long the receiver asks to be left alone.
func (w *Webhooks) post(ctx context.Context, client *http.Client, d jobs.Delivery) (status int, wait time.Duration, err error) {
	body, err := w.Body(ctx, d)
	if err != nil {
		return 0, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, strings.NewReader(string(body)))
	if err != nil {
		return 0, 0, err
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "easel")
	req.Header.Set("Webhook-Id", d.ID)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", "v1,"+signature(w.Secret, d.ID, at, body))
	res, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, webhookAnswer)) // so that the connection can be used again
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n > 0 {
		wait = min(time.Duration(n)*time.Second, 24*time.Hour)
	}
	return res.StatusCode, wait, nil
}

// signature is that of Standard Webhooks: HMAC-SHA256 of id, time and body.
func signature(secret []byte, id, at string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%s.", id, at)
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// WebhookBody is the message about a job: its type, the time, and the job as
// the API shows it.
func (s *Server) WebhookBody(ctx context.Context, d jobs.Delivery) (json.RawMessage, error) {
	j, err := s.o.DB.Job(ctx, d.Job)
	if err != nil {
		return nil, err
	}
	v, err := s.jobView(ctx, j)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      jobView   `json:"data"`
	}{d.Event, d.Created, v})
}
