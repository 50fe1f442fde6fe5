package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func (s *Server) queueRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/queue", "get-queue", "Show how much waits, and whether it is held back", "queue"), s.getQueue)
	huma.Register(s.api, operation(http.MethodPost, "/queue/pause", "pause-queue", "Hold waiting jobs back; what runs goes on", "queue"), s.pausing(true))
	huma.Register(s.api, operation(http.MethodPost, "/queue/resume", "resume-queue", "Let waiting jobs go on", "queue"), s.pausing(false))
	clear := operation(http.MethodPost, "/queue/clear", "clear-queue", "Take ended jobs out of the list, and keep their results", "queue")
	clear.Description = "Of the key's jobs, or of all with the scope manage. GET /jobs?cleared=true still shows them."
	huma.Register(s.api, clear, s.clearQueue)
	cancel := operation(http.MethodPost, "/queue/cancel", "cancel-queue", "Cancel all jobs that wait", "queue")
	cancel.Description = "Of the key's jobs, or of all with the scope manage. What runs goes on."
	huma.Register(s.api, cancel, s.cancelQueue)
	huma.Register(s.api, operation(http.MethodGet, "/session", "get-session", "Show who asks, and what that allows", "queue"), s.getSession)
}

type queueView struct {
	Paused bool                 `json:"paused"`
	Counts map[jobs.State]int64 `json:"counts" doc:"jobs by state, of all keys"`
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

// mine is the key whose jobs who asks means: its own, and with the scope manage
// those of all.
func mine(ctx context.Context) *string {
	if p := asking(ctx); !p.allows(jobs.ScopeManage) {
		return &p.key.ID
	}
	return nil
}

type changedAnswer struct {
	Body struct {
		Jobs int64 `json:"jobs" doc:"how many there were"`
	}
}

func (s *Server) clearQueue(ctx context.Context, in *struct {
	Body *struct {
		States []jobs.State `json:"states,omitempty" doc:"succeeded, failed, cancelled; all three when it is left out"`
	}
},
) (*changedAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	states := []jobs.State{jobs.Succeeded, jobs.Failed, jobs.Cancelled}
	if in.Body != nil && len(in.Body.States) > 0 {
		states = in.Body.States
	}
	if i := slices.IndexFunc(states, func(st jobs.State) bool { return !st.Ended() }); i >= 0 {
		return nil, s.refused(invalid("states", "only jobs that ended are cleared, and "+string(states[i])+" is none of their states", "succeeded, failed, cancelled"))
	}
	n, err := s.o.DB.Clear(ctx, mine(ctx), states)
	if err != nil {
		return nil, s.refused(err)
	}
	out := &changedAnswer{}
	out.Body.Jobs = n
	return out, nil
}

func (s *Server) cancelQueue(ctx context.Context, _ *struct{}) (*changedAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	n, err := s.o.DB.CancelWaiting(ctx, mine(ctx))
	if err != nil {
		return nil, s.refused(err)
	}
	out := &changedAnswer{}
	out.Body.Jobs = int64(n)
	return out, nil
}

type sessionAnswer struct {
	Body struct {
		Version  string       `json:"version" doc:"of easel"`
		Name     *string      `json:"name" doc:"of the key; null for the owner of the machine"`
		Scopes   []jobs.Scope `json:"scopes" doc:"generate, manage, graphs"`
		Local    bool         `json:"local" doc:"the owner of the machine asks"`
		Loopback bool         `json:"loopback" doc:"only this machine can reach the server"`
		Editable bool         `json:"editable" doc:"workflows and characters can be changed here"`
	}
}

func (s *Server) getSession(ctx context.Context, _ *struct{}) (*sessionAnswer, error) {
	p := asking(ctx)
	out := &sessionAnswer{}
	out.Body.Version, out.Body.Name, out.Body.Local = s.o.Version, known(p.key.Name), p.local
	out.Body.Loopback, out.Body.Editable = s.o.Listen.Addr().IsLoopback(), s.o.Own != nil && p.allows(jobs.ScopeManage)
	out.Body.Scopes = []jobs.Scope{}
	for _, scope := range []jobs.Scope{jobs.ScopeGenerate, jobs.ScopeManage, jobs.ScopeGraphs} {
		if p.allows(scope) {
			out.Body.Scopes = append(out.Body.Scopes, scope)
		}
	}
	return out, nil
}
