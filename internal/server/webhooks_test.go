package server

import (
	"encoding/base64"
	"encoding/json"
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
	h := build(t, houseOptions{workers: 1})
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
