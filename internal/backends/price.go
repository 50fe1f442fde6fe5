package backends

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/runpod"
)

// priceTime bounds how long the account is asked for a price.
const priceTime = 5 * time.Second

// USDPerHour is what the place costs while it runs something, in US dollars: as the
// settings say, else the price of the pod, or of one worker of the endpoint, at most,
// where the account shows it. 0 = not known. The account is asked once.
func (b *Backend) USDPerHour(ctx context.Context) float64 {
	switch {
	case b.usd > 0:
		return b.usd
	case b.Pod != nil:
		return b.Pod.Cost
	case b.price != nil:
		return b.price(ctx)
	}
	return 0
}

// PriceSoon begins to ask for the price, so that a run does not wait for it, and
// gives the question for the answer.
func (b *Backend) PriceSoon(ctx context.Context) func() float64 {
	if b.usd > 0 || b.price == nil {
		return func() float64 { return b.USDPerHour(ctx) }
	}
	asked := make(chan float64, 1)
	go func() { asked <- b.price(ctx) }()
	return sync.OnceValue(func() float64 { return <-asked })
}

// priceOf asks the account once what a worker of an endpoint costs.
func priceOf(e *runpod.Endpoint) func(context.Context) float64 {
	var mu sync.Mutex
	var known float64
	return func(ctx context.Context) float64 {
		mu.Lock()
		defer mu.Unlock()
		if known == 0 {
			ctx, stop := context.WithTimeout(ctx, priceTime)
			defer stop()
			known, _ = e.USDPerHour(ctx) // a key may not be allowed to see it
		}
		return known
	}
}

// Estimate is what a backend costs in US dollars per hour, without opening it: of
// RunPod's, the account is asked. 0 = not known.
func (o *Opener) Estimate(ctx context.Context, spec string) float64 {
	b, named := o.Config.Backends[spec]
	if b.USDPerHour > 0 {
		return b.USDPerHour
	}
	address := spec
	if named {
		address = b.URL
	}
	word, _, isPod := cutPod(address)
	id, isEndpoint := cutEndpoint(address)
	if !isPod && !isEndpoint {
		return 0
	}
	account, err := o.OpenAccount()
	if err != nil {
		return 0
	}
	defer account.Close()
	ctx, stop := context.WithTimeout(ctx, priceTime)
	defer stop()
	if isPod {
		pod, err := account.FindPod(ctx, word)
		if err != nil {
			return 0
		}
		return pod.Cost
	}
	usd, _ := account.WorkerUSDPerHour(ctx, strings.TrimSpace(id))
	return usd
}
