package jobs

import (
	"context"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// DeliveryState says how far a webhook message is.
type DeliveryState string

// States of a delivery.
const (
	DeliveryWaiting  DeliveryState = "waiting"
	Delivered        DeliveryState = "delivered"
	DeliveryFailed   DeliveryState = "failed"   // it was tried often enough
	DeliveryDisabled DeliveryState = "disabled" // its address said that it is gone
)

// A Delivery is one message to a webhook: that a job ended. It is written in
// the transaction that ends the job, so none is lost.
type Delivery struct {
	ID        string // the same at each try
	Job       string
	URL       string
	Event     string // job.succeeded, job.failed, job.cancelled
	State     DeliveryState
	Attempt   int64
	Next      time.Time
	Status    *int64 // of the last answer, nil without
	Error     string
	Created   time.Time
	Delivered time.Time
}

func (db *DB) deliver(ctx context.Context, t *tx, job Job, end State, now time.Time) error {
	if job.Webhook == "" {
		return nil
	}
	return t.q.InsertDelivery(ctx, dbq.InsertDeliveryParams{
		ID: "msg_" + newID(), JobID: job.ID, Url: job.Webhook, Event: "job." + string(end), Now: millis(now),
	})
}

// TakeDelivery takes the message that is due for as long as lease says; it is
// due again after that, unless EndDelivery was called. Messages of one job to
// one address go one after the other. None due is ErrNotFound.
func (db *DB) TakeDelivery(ctx context.Context, lease time.Duration) (Delivery, error) {
	now := db.now()
	row, err := db.q.TakeDelivery(ctx, dbq.TakeDeliveryParams{Now: millis(now), LeaseUntil: millis(now.Add(lease))})
	if err != nil {
		return Delivery{}, db.failure(err)
	}
	return deliveryOf(row), nil
}

// EndDelivery says what became of a try. With DeliveryWaiting it is tried again
// at d.Next. A try that took longer than its lease says nothing any more:
// ErrTaken.
func (db *DB) EndDelivery(ctx context.Context, d Delivery) error {
	p := dbq.EndDeliveryParams{ID: d.ID, Attempt: d.Attempt, State: string(d.State), NextAt: millis(d.Next), Status: d.Status, Error: given(d.Error)}
	if d.State == Delivered {
		p.DeliveredAt = at(db.now())
	}
	rows, err := db.q.EndDelivery(ctx, p)
	return fenced(rows, db.failure(err))
}

// DisableWebhook gives up all messages that wait for an address.
func (db *DB) DisableWebhook(ctx context.Context, url string) error {
	_, err := db.q.DisableURL(ctx, url)
	return db.failure(err)
}

// NextDelivery is when the next message is due; zero when none waits.
func (db *DB) NextDelivery(ctx context.Context) (time.Time, error) {
	ms, err := db.r.NextDelivery(ctx)
	return timeOf(&ms), db.failure(err)
}

// Deliveries are the messages about a job, oldest first.
func (db *DB) Deliveries(ctx context.Context, job string) ([]Delivery, error) {
	rows, err := db.r.DeliveriesOfJob(ctx, job)
	if err != nil {
		return nil, db.failure(err)
	}
	all := make([]Delivery, len(rows))
	for i, r := range rows {
		all[i] = deliveryOf(r)
	}
	return all, nil
}

// Redeliver sends a message of a job once more, or one that waits for longer than a
// minute now. One that is tried now or within that minute, or is not there, is
// ErrNotFound.
func (db *DB) Redeliver(ctx context.Context, job, id string) error {
	now := db.now()
	if err := db.one(db.q.RedeliverDelivery(ctx, dbq.RedeliverDeliveryParams{ID: id, JobID: job, Now: millis(now), Soon: millis(now.Add(time.Minute))})); err != nil {
		return err
	}
	db.hub.spread(Event{Job: job, Type: EventDeliver, Created: now})
	return nil
}

func deliveryOf(r dbq.Delivery) Delivery {
	return Delivery{
		ID: r.ID, Job: r.JobID, URL: r.Url, Event: r.Event, State: DeliveryState(r.State), Attempt: r.Attempt, Next: timeOf(&r.NextAt),
		Status: r.Status, Error: text(r.Error), Created: timeOf(&r.CreatedAt), Delivered: timeOf(r.DeliveredAt),
	}
}
