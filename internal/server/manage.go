package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
)

func (s *Server) manageRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/presets", "list-presets", "List the presets of a key", "presets"), s.listPresets)
	one := operation(http.MethodGet, "/presets/{name}", "get-preset", "Show a preset", "presets")
	one.Errors = append(one.Errors, http.StatusNotFound)
	huma.Register(s.api, one, s.getPreset)
	put := operation(http.MethodPut, "/presets/{name}", "put-preset", "Keep a request under a name", "presets")
	put.SkipValidateBody, put.MaxBodyBytes = true, s.o.Limits.Body
	put.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: bodySchema(requestSchema("generate"))}}}
	huma.Register(s.api, put, s.putPreset)
	s.bodyIs(put, requestSchema("generate"))
	remove := operation(http.MethodDelete, "/presets/{name}", "delete-preset", "Forget a preset", "presets")
	remove.DefaultStatus = http.StatusNoContent
	huma.Register(s.api, remove, s.deletePreset)

	huma.Register(s.api, operation(http.MethodGet, "/jobs/{id}/deliveries", "list-deliveries", "List the webhook messages of a job", "webhooks"), s.listDeliveries)
	again := operation(http.MethodPost, "/jobs/{id}/deliveries/{delivery}/redeliver", "redeliver", "Send a webhook message once more", "webhooks")
	huma.Register(s.api, again, s.redeliver)
}

type presetView struct {
	Name    string        `json:"name"`
	Request presetRequest `json:"request"`
	Updated time.Time     `json:"updated_at"`
}

// A presetRequest is a request as it was kept.
type presetRequest struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (presetRequest) Schema(huma.Registry) *huma.Schema { return bodySchema(requestSchema("generate")) }

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
		out.Body.Presets = append(out.Body.Presets, presetView{p.Name, presetRequest{p.Order}, p.Updated})
	}
	return out, nil
}

func (s *Server) getPreset(ctx context.Context, in *NamePath) (*presetAnswer, error) {
	p, err := s.o.DB.Preset(ctx, asking(ctx).key.ID, in.Name)
	if err != nil {
		return nil, s.refused(err)
	}
	return &presetAnswer{presetView{p.Name, presetRequest{p.Order}, p.Updated}}, nil
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
	if strings.TrimSpace(in.Name) != in.Name || strings.ContainsFunc(in.Name, unicode.IsControl) {
		return nil, s.refused(invalid("name", "the name of a preset has no space around it, and no control characters", ""))
	}
	body, err := jsonObject(presetBody, in.RawBody)
	if err != nil {
		return nil, s.refused(err)
	}
	in.RawBody = body
	req, err := plan.DecodeRequest(presetBody, in.RawBody)
	if err != nil {
		return nil, s.refused(err)
	}
	if req.Workflow == "" {
		return nil, s.refused(noWorkflow())
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
	return &presetAnswer{presetView{p.Name, presetRequest{p.Order}, p.Updated}}, nil
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
	asked := s.o.DB.Redeliver(ctx, in.ID, in.Delivery)
	list, err := s.listDeliveries(ctx, &in.IDPath)
	if err != nil {
		return nil, err
	}
	soon := func(d deliveryView) bool { return d.ID == in.Delivery && d.State == jobs.DeliveryWaiting }
	if errors.Is(asked, jobs.ErrNotFound) && slices.ContainsFunc(list.Body.Deliveries, soon) {
		return list, nil // it is tried within a minute anyway
	}
	return list, s.refused(asked)
}
