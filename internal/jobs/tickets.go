package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// next is a ticket of River: whoever gets it takes the job that is next.
type next struct{}

func (next) Kind() string { return "easel_next" }

const (
	queueName = river.QueueDefault
	// fetchCooldown is how long River waits at least between two looks for
	// tickets. Notifications wake it; this bounds how often.
	fetchCooldown = 20 * time.Millisecond
	// ticketInsert bounds the tickets of one insertion: River sends a
	// parameter or more for each, and PostgreSQL takes 65 535 of them.
	ticketInsert = 1000
)

// A tickets delivers work by River, in a transaction of the kind Tx.
type tickets[Tx any] struct {
	client *river.Client[Tx]
}

// newTickets opens River on a database. With a nil work it only hands tickets
// out, and other processes use them.
func newTickets[Tx any](driver riverdriver.Driver[Tx], workers int, log *slog.Logger, work func(context.Context) error) (*tickets[Tx], error) {
	config := &river.Config{
		Logger:     log,
		JobTimeout: -1, // a video takes as long as it takes; a job has its own limit
	}
	if work != nil {
		config.Workers = river.NewWorkers()
		if err := river.AddWorkerSafely(config.Workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[next]) error { return work(ctx) })); err != nil {
			return nil, err
		}
		config.Queues = map[string]river.QueueConfig{queueName: {MaxWorkers: workers}}
		config.FetchCooldown = fetchCooldown
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, err
	}
	return &tickets[Tx]{client}, nil
}

// mostAhead is how many tickets may lie ready: a worker that uses one goes on until
// no job waits, so that more than there are workers are work for nothing. Where more
// than these are idle, handIdle wakes the rest.
const mostAhead = 64

// ticketsAhead counts those that lie ready, up to mostAhead.
const ticketsAhead = "SELECT COUNT(*) FROM (SELECT 1 FROM river_job WHERE state = 'available' AND queue = '" + queueName + "' LIMIT 64) AS ahead"

// ticketsFor is how many more are handed out for n jobs.
func ticketsFor(n, ahead int) int { return max(min(n, mostAhead-ahead), 0) }

// hand puts n tickets into a transaction, and one more for each time that a job is
// due at.
func (t *tickets[Tx]) hand(ctx context.Context, tx Tx, n int, due []time.Time) error {
	for params := range slices.Chunk(ticketParams(n, due), ticketInsert) {
		if _, err := t.client.InsertManyFastTx(ctx, tx, params); err != nil {
			return err
		}
	}
	return nil
}

// handNow is hand in a transaction of its own.
func (t *tickets[Tx]) handNow(ctx context.Context, n int, due []time.Time) error {
	for params := range slices.Chunk(ticketParams(n, due), ticketInsert) {
		if _, err := t.client.InsertManyFast(ctx, params); err != nil {
			return err
		}
	}
	return nil
}

func ticketParams(n int, due []time.Time) []river.InsertManyParams {
	params := make([]river.InsertManyParams, n, n+len(due))
	for i := range params {
		params[i] = river.InsertManyParams{Args: next{}}
	}
	for _, at := range due {
		params = append(params, river.InsertManyParams{Args: next{}, InsertOpts: &river.InsertOpts{ScheduledAt: at}})
	}
	return params
}

// start begins to use tickets.
func (t *tickets[Tx]) start(ctx context.Context) error {
	return t.client.Start(context.WithoutCancel(ctx))
}

// stop waits for the tickets in use until ctx ends.
func (t *tickets[Tx]) stop(ctx context.Context) error {
	err := t.client.StopAndCancel(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil // it was not started
}
