package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
)

func (s *Server) manageRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/queue", "get-queue", "Show how much waits, and whether it is held back", "queue"), s.getQueue)
	huma.Register(s.api, operation(http.MethodPost, "/queue/pause", "pause-queue", "Hold waiting jobs back; what runs goes on", "queue"), s.pausing(true))
	huma.Register(s.api, operation(http.MethodPost, "/queue/resume", "resume-queue", "Let waiting jobs go on", "queue"), s.pausing(false))

	huma.Register(s.api, operation(http.MethodGet, "/presets", "list-presets", "List the presets of a key", "presets"), s.listPresets)
	put := operation(http.MethodPut, "/presets/{name}", "put-preset", "Keep a request under a name", "presets")
	put.SkipValidateBody, put.MaxBodyBytes = true, s.o.Limits.Body
	put.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/" + requestSchema("generate")}}}}
	huma.Register(s.api, put, s.putPreset)
	remove := operation(http.MethodDelete, "/presets/{name}", "delete-preset", "Forget a preset", "presets")
	remove.DefaultStatus = http.StatusNoContent
	huma.Register(s.api, remove, s.deletePreset)

	huma.Register(s.api, operation(http.MethodGet, "/jobs/{id}/deliveries", "list-deliveries", "List the webhook messages of a job", "webhooks"), s.listDeliveries)
	again := operation(http.MethodPost, "/jobs/{id}/deliveries/{delivery}/redeliver", "redeliver", "Send a webhook message once more", "webhooks")
	huma.Register(s.api, again, s.redeliver)
}

type queueView struct {
	Paused bool                 `json:"paused"`
	Counts map[jobs.State]int64 `json:"counts"`
}

type queueAnswer struct{ Body queueView }

func (s *Server) getQueue(ctx context.Context, _ *struct{}) (*queueAnswer, error) {
	counts, err := s.o.DB.Counts(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	paused, err := s.o.DB.Paused(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	return &queueAnswer{queueView{paused, counts}}, nil
}

func (s *Server) pausing(paused bool) func(context.Context, *struct{}) (*queueAnswer, error) {
	return func(ctx context.Context, in *struct{}) (*queueAnswer, error) {
		if err := may(ctx, jobs.ScopeManage); err != nil {
			return nil, s.refused(err)
		}
		if err := s.o.DB.Pause(ctx, paused); err != nil {
			return nil, s.refused(err)
		}
		return s.getQueue(ctx, in)
	}
}

type presetView struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request"`
	Updated time.Time       `json:"updated_at"`
}

type presetList struct {
	Body struct {
		Presets []presetView `json:"presets"`
	}
}

func (s *Server) listPresets(ctx context.Context, _ *struct{}) (*presetList, error) {
	found, err := s.o.DB.Presets(ctx, asking(ctx).key.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &presetList{}
	out.Body.Presets = []presetView{}
	for _, p := range found {
		out.Body.Presets = append(out.Body.Presets, presetView{p.Name, p.Order, p.Updated})
	}
	return out, nil
}

// NamePath is the name in a path.
type NamePath struct {
	Name string `path:"name" maxLength:"200"`
}

type presetAnswer struct{ Body presetView }

// putPreset keeps a request that a workflow takes, as it was sent.
func (s *Server) putPreset(ctx context.Context, in *struct {
	NamePath
	RawBody []byte `contentType:"application/json"`
},
) (*presetAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	req, err := plan.DecodeRequest("the preset", in.RawBody)
	if err != nil {
		return nil, s.refused(err)
	}
	wf, err := s.workflow(req.Workflow)
	if err != nil {
		return nil, s.refused(err)
	}
	o, err := req.Order(wf)
	if err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.Catalog.CheckPreset(o); err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.DB.PutPreset(ctx, asking(ctx).key.ID, in.Name, in.RawBody); err != nil {
		return nil, s.refused(err)
	}
	p, err := s.o.DB.Preset(ctx, asking(ctx).key.ID, in.Name)
	if err != nil {
		return nil, s.refused(err)
	}
	return &presetAnswer{presetView{p.Name, p.Order, p.Updated}}, nil
}

func (s *Server) deletePreset(ctx context.Context, in *NamePath) (*struct{}, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	return nil, s.refused(s.o.DB.DeletePreset(ctx, asking(ctx).key.ID, in.Name))
}

type deliveryView struct {
	ID        string             `json:"id"`
	Event     string             `json:"event"`
	State     jobs.DeliveryState `json:"state"`
	Attempt   int64              `json:"attempt"`
	Status    *int64             `json:"status" doc:"HTTP status of the last answer"`
	Error     string             `json:"error,omitempty"`
	Created   time.Time          `json:"created_at"`
	Delivered *time.Time         `json:"delivered_at"`
}

type deliveryList struct {
	Body struct {
		Deliveries []deliveryView `json:"deliveries"`
	}
}

func (s *Server) listDeliveries(ctx context.Context, in *IDPath) (*deliveryList, error) {
	if _, err := s.own(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	found, err := s.o.DB.Deliveries(ctx, in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &deliveryList{}
	out.Body.Deliveries = []deliveryView{}
	for _, d := range found {
		out.Body.Deliveries = append(out.Body.Deliveries, deliveryView{d.ID, d.Event, d.State, d.Attempt, d.Status, d.Error, d.Created, moment(d.Delivered)})
	}
	return out, nil
}

func (s *Server) redeliver(ctx context.Context, in *struct {
	IDPath
	Delivery string `path:"delivery" maxLength:"64"`
},
) (*deliveryList, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	if _, err := s.own(ctx, in.ID); err != nil {
		return nil, s.refused(err)
	}
	if err := s.o.DB.Redeliver(ctx, in.ID, in.Delivery); err != nil {
		return nil, s.refused(err)
	}
	return s.listDeliveries(ctx, &in.IDPath)
}
