package server

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// TestAWebhookIsToldUntilItListens: the receiver fails, then asks to be left
// alone, then listens; each try has the same id and a signature that holds.
func TestAWebhookIsToldUntilItListens(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, private: true})
	type message struct {
		id, signed, want string
		body             []byte
	}
	got := make(chan message, 10)
	answers := make(chan int, 10)
	for _, status := range []int{500, 429, 204} {
		answers <- status
	}
	secret := []byte("a secret of the receiver")
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		id := r.Header.Get("webhook-id")
		got <- message{id, r.Header.Get("webhook-signature"), "v1," + signature(secret, id, r.Header.Get("webhook-timestamp"), body), body}
		status := <-answers
		if status == 429 {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	hooks := &Webhooks{DB: h.db, Body: h.s.WebhookBody, Secret: secret, Private: true, Log: slog.New(slog.DiscardHandler), Delays: []time.Duration{time.Millisecond, time.Millisecond}}
	go hooks.Run(t.Context())
	body, err := json.Marshal(map[string]any{"workflow_id": "flux_single", "prompt": "x", "webhook": receiver.URL + "/hook", "params": map[string]any{"steps": 1}})
	if err != nil {
		t.Fatal(err)
	}
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", string(body))).into(t, &job)
	var first message
	for i := range 3 {
		m := <-got
		if i == 0 {
			first = m
		}
		if m.id != first.id || m.signed != m.want {
			t.Errorf("try %d: id %s, signature %s, want %s", i+1, m.id, m.signed, m.want)
		}
	}
	var told struct {
		Type string  `json:"type"`
		Data jobView `json:"data"`
	}
	if err := json.Unmarshal(first.body, &told); err != nil || told.Type != "job.succeeded" || told.Data.ID != job.ID || len(told.Data.Outputs) != 1 {
		t.Errorf("the message is %s, %v", first.body, err)
	}
	for { // the last answer is written down after it was given
		log, err := h.db.Deliveries(t.Context(), job.ID)
		if err != nil || len(log) != 1 {
			t.Fatalf("%v, %v", log, err)
		}
		if log[0].State == jobs.Delivered {
			if log[0].Attempt != 3 {
				t.Errorf("the log says %+v", log[0])
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A message that waits for hours is sent now when somebody asks; one that is due within
// a minute is as it was.
func TestAMessageThatWaitsIsSentNow(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x","webhook":"https://example.org/hook","params":{"steps":1}}`)).into(t, &job)
	d, err := h.db.TakeDelivery(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	again := "/api/v1/jobs/" + job.ID + "/deliveries/" + d.ID + "/redeliver"
	h.want(200, h.ask("POST", again, ""))
	if _, err := h.db.TakeDelivery(t.Context(), time.Minute); !errors.Is(err, jobs.ErrNotFound) {
		t.Errorf("what is being sent is sent beside: %v", err)
	}
	d.Error, d.Next = "it answers 500", time.Now().Add(5*time.Hour)
	if err := h.db.EndDelivery(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	h.want(200, h.ask("POST", again, ""))
	if now, err := h.db.TakeDelivery(t.Context(), time.Minute); err != nil || now.ID != d.ID || now.Attempt != 2 {
		t.Errorf("the next message is %+v, %v", now, err)
	}
	h.want(404, h.ask("POST", "/api/v1/jobs/"+job.ID+"/deliveries/msg_none/redeliver", ""))
}

// A sender that rests for a minute is woken by who wants a message again.
func TestAMessageThatIsWantedAgainIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, private: true})
	told, hold := make(chan string), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told <- r.Header.Get("webhook-id")
		<-hold
	}))
	t.Cleanup(func() { close(hold); receiver.Close() })
	ask := func() (job jobView) {
		t.Helper()
		h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x","webhook":"`+receiver.URL+`","params":{"steps":1}}`)).into(t, &job)
		return job
	}
	job := ask()
	d := h.giveUp()
	ask()
	hooks := &Webhooks{DB: h.db, Body: h.s.WebhookBody, Private: true, Log: slog.New(slog.DiscardHandler)}
	go hooks.Run(t.Context())
	if other := <-told; other == d.ID {
		t.Fatal("what was given up is sent")
	}
	w := httptest.NewRecorder()
	if err := h.s.tell(newSender(w), jobs.Event{Job: job.ID, Type: jobs.EventDeliver}); err != nil || w.Body.Len() > 0 {
		t.Errorf("clients are told %q, %v", w.Body, err)
	}
	// The sender has nothing to do: the other message is held, and no more is due.
	h.want(200, h.ask("POST", "/api/v1/jobs/"+job.ID+"/deliveries/"+d.ID+"/redeliver", ""))
	select {
	case id := <-told:
		if id != d.ID {
			t.Errorf("%s is sent, not %s", id, d.ID)
		}
	case <-time.After(20 * time.Second):
		t.Error("nobody woke the sender")
	}
}

// TestTheSignatureIsThatOfTheStandard holds ours against the example of the
// specification of Standard Webhooks.
func TestTheSignatureIsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
