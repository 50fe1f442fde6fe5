package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

func (s *Server) generateRoutes() {
	for _, op := range []struct {
		path, id, summary string
		do                func(context.Context, *generateInput) (*queued, error)
		job, batch        bool // what is answered
	}{
		{"/generate", "generate", "Run a workflow: one job, or a batch with count, sweep or input_images", s.generate, true, true},
		{"/generate/single", "generate-single", "Run a workflow once", s.generateSingle, true, false},
		{"/generate/batch", "generate-batch", "Run a workflow for each of several items or images", s.generateBatch, false, true},
		{"/edit/inpaint", "inpaint", "Paint a part of a picture anew", s.inpaint, true, true},
	} {
		o := operation(http.MethodPost, op.path, op.id, op.summary, "generate")
		o.DefaultStatus = http.StatusAccepted
		o.MaxBodyBytes = s.o.Limits.Body
		o.Errors = append(o.Errors, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: bodySchema(requestSchema(op.id))}}}
		o.SkipValidateBody = true // the registry does that, with the command line's words
		s.answers(&o, op.job, op.batch)
		huma.Register(s.api, o, op.do)
		s.bodyIs(o, requestSchema(op.id))
	}
	s.countRoutes()
	s.describeRequests()
}

type generateInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"the same again returns the first answer"`
	Prefer         string `header:"Prefer" doc:"wait=SECONDS"`
	Wait           int    `query:"wait" minimum:"0" maximum:"600" doc:"seconds to wait for the end of one job; a batch is answered at once"`
	RawBody        []byte `contentType:"application/json"`
}

// queued is the answer to a request for jobs: a job, or a batch.
type queued struct {
	Status            int
	Location          string `header:"Location"`
	RetryAfter        string `header:"Retry-After"`
	PreferenceApplied string `header:"Preference-Applied"`
	Body              json.RawMessage
}

// inpaintDefault is the workflow of an inpaint request that names none.
const inpaintDefault = "qwen_inpaint"

func (s *Server) generate(ctx context.Context, in *generateInput) (*queued, error) {
	return s.accept(ctx, in, "generate", func(*plan.Request) error { return nil })
}

func (s *Server) generateSingle(ctx context.Context, in *generateInput) (*queued, error) {
	return s.accept(ctx, in, single, func(*plan.Request) error { return nil })
}

func (s *Server) inpaint(ctx context.Context, in *generateInput) (*queued, error) {
	return s.accept(ctx, in, "edit/inpaint", func(r *plan.Request) error {
		if r.Workflow == "" {
			r.Workflow = inpaintDefault
		}
		return nil
	})
}

// The paths whose answer has one form, whatever the request asks for.
const (
	single  = "generate/single" // a job
	batched = "generate/batch"  // a batch
)

func invalid(field, message, hint string) error {
	return &statusError{Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: message, Hint: hint, Errors: []fieldError{{Field: field, Message: message}}}
}

// ours are the keys of a request that are about the job and not about the run.
type ours struct {
	Priority int64
	Webhook  string
	Sweep    json.RawMessage // an object of values by parameter; nil without
	Zip      bool
}

// prepared is what one request asks for, checked.
type prepared struct {
	request  *plan.Request
	workflow *registry.Workflow
	points   []plan.Point
	job      ours
}

// prepare checks a request.
func (s *Server) prepare(ctx context.Context, body []byte, check func(*plan.Request) error) (*prepared, error) {
	rest, job, err := cutOurs(body)
	if err != nil {
		return nil, err
	}
	if err := s.checkWebhook(job.Webhook); err != nil {
		return nil, err
	}
	p := &prepared{job: job}
	if p.request, err = plan.DecodeRequest(requestBody, rest); err != nil {
		return nil, err
	}
	if err := check(p.request); err != nil {
		return nil, err
	}
	p.points, p.workflow, err = s.points(ctx, p.request, job)
	return p, err
}

// jobs are the rows of what was prepared.
func (p *prepared) jobs(body []byte) ([]jobs.New, error) {
	all := make([]jobs.New, len(p.points))
	for i, point := range p.points {
		var err error
		if all[i], err = newJob(point, p.request, body, p.job.Webhook); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// permit refuses who may not generate, and leaves the request's body as one JSON object.
func (s *Server) permit(ctx context.Context, in *generateInput) error {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return s.refused(err)
	}
	body, err := jsonObject(requestBody, in.RawBody)
	if err != nil {
		return s.refused(err)
	}
	in.RawBody = body
	return nil
}

// accept queues what one request asks for.
func (s *Server) accept(ctx context.Context, in *generateInput, path string, check func(*plan.Request) error) (*queued, error) {
	if err := s.permit(ctx, in); err != nil {
		return nil, err
	}
	p, err := s.prepare(ctx, in.RawBody, check)
	if err != nil {
		return nil, s.refused(err)
	}
	if path == single && len(p.points) > 1 {
		return nil, s.refused(invalid("count", fmt.Sprintf("one run is made here, and this asks for %d", len(p.points)), "POST "+apiPath+"/generate makes several"))
	}
	e := jobs.Enqueue{Key: asking(ctx).key.ID, Priority: p.job.Priority}
	if e.Jobs, err = p.jobs(in.RawBody); err != nil {
		return nil, s.refused(err)
	}
	if len(e.Jobs) > 1 || path == batched {
		e.Batch = &jobs.NewBatch{Workflow: p.workflow.ID, Request: in.RawBody}
		for i := range e.Jobs {
			e.Jobs[i].Item = strconv.Itoa(i + 1)
		}
	}
	return s.enqueue(ctx, in, path, e)
}

// oursForm says what the keys of a request take that are about the job.
var oursForm = map[string]string{
	"priority": "a whole number from -100 to 100", "webhook": "text, an https address", "sweep": "an object of values by parameter", "zip": "true or false",
}

// cutOurs takes the keys that are about the job out of a body.
func cutOurs(body []byte) ([]byte, ours, error) {
	if !utf8.Valid(body) {
		return nil, ours{}, jobs.ErrText
	}
	members, err := registry.DecodeObject(requestBody, body)
	if err != nil {
		return nil, ours{}, err
	}
	var o ours
	var rest []string
	for _, m := range members {
		var into any
		switch m.Name {
		case "priority":
			into = &o.Priority
		case "webhook":
			into = &o.Webhook
		case "sweep":
			into = &o.Sweep
		case "zip":
			into = &o.Zip
		default:
			name, _ := json.Marshal(m.Name) // a string does not fail
			rest = append(rest, string(name)+":"+string(m.JSON))
			continue
		}
		if err := json.Unmarshal(m.JSON, into); err != nil {
			return nil, o, invalid(m.Name, m.Name+" must be "+oursForm[m.Name], "")
		}
	}
	if o.Priority < -100 || o.Priority > 100 {
		return nil, o, invalid("priority", "priority is between -100 and 100", "")
	}
	return []byte("{" + strings.Join(rest, ",") + "}"), o, nil
}

// mostValues bounds the values of a request: each that no workflow has is compared
// with all that there are, to name the nearest.
const mostValues = 200

func noWorkflow() error {
	return invalid("workflow_id", "workflow_id is required", "GET "+apiPath+"/workflows lists them")
}

// points makes the checked orders of a request, one per run.
func (s *Server) points(ctx context.Context, req *plan.Request, job ours) ([]plan.Point, *registry.Workflow, error) {
	if req.Workflow == "" {
		return nil, nil, noWorkflow()
	}
	if n := len(req.Params) + len(req.Inputs); n > mostValues {
		return nil, nil, invalid("params", fmt.Sprintf("a request has at most %d values, not %d", mostValues, n), "send those that differ from the defaults")
	}
	wf, err := s.workflow(req.Workflow)
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(reachAll(ctx, wf, req.Params), reachAll(ctx, wf, req.Inputs)); err != nil {
		return nil, nil, err
	}
	o, err := req.Order(wf)
	if err != nil {
		return nil, nil, err
	}
	if spec := o.Mask.Spec(); spec != nil {
		if _, err := spec.Plan(); err != nil {
			return nil, nil, err
		}
	}
	if err := s.findInputs(ctx, wf, &o); err != nil {
		return nil, nil, err
	}
	product, zip, err := s.sweeps(ctx, wf, job)
	if err != nil {
		return nil, nil, err
	}
	o.Provenance = plan.ProvenanceNone // the row is the record
	points, err := s.o.Catalog.Points(o, product, zip)
	if err != nil {
		return nil, nil, sweepFailure(err)
	}
	for _, point := range points {
		resolved, err := s.o.Catalog.Resolve(point.Order)
		if err != nil {
			return nil, nil, err
		}
		call, err := resolved.Resolve()
		if err != nil {
			return nil, nil, err
		}
		if err := s.checkPixels(resolved.Workflow, func(p *registry.Parameter) json.RawMessage { v, _ := call.Value(p.Name); return v.JSON }); err != nil {
			return nil, nil, err
		}
	}
	return points, wf, nil
}

func newJob(p plan.Point, req *plan.Request, body []byte, webhook string) (jobs.New, error) {
	o := p.Order
	if strings.ContainsRune(plan.JSONText(req.Texts[registry.RolePrompt]), 0) {
		return jobs.New{}, invalid("prompt", "the prompt has the character U+0000", "leave it out")
	}
	order, err := json.Marshal(o)
	if err != nil {
		return jobs.New{}, err
	}
	return jobs.New{
		Sweep: sweepPoint(p.Axes), Workflow: o.Workflow, Character: o.Character, Prompt: plan.JSONText(req.Texts[registry.RolePrompt]), Webhook: webhook,
		Request: body, Order: order,
	}, nil
}

// enqueue writes jobs down and answers with them.
func (s *Server) enqueue(ctx context.Context, in *generateInput, path string, e jobs.Enqueue) (*queued, error) {
	if in.IdempotencyKey != "" {
		sum := sha256.Sum256(append([]byte(path+"\n"), in.RawBody...))
		e.Idempotency = jobs.Idempotency{Name: in.IdempotencyKey, Body: hex.EncodeToString(sum[:])}
	}
	made, err := s.admit(ctx, e)
	if err != nil {
		return nil, s.refused(err)
	}
	crashpoint.Here(crashpoint.Queued)
	out := &queued{Status: http.StatusAccepted}
	if made.Batch != "" {
		out.Location = apiPath + "/batches/" + made.Batch
		out.Body, err = s.batchJSON(ctx, made.Batch)
		return out, s.refused(err)
	}
	out.Location = apiPath + "/jobs/" + made.Jobs[0]
	job, err := s.o.DB.Job(ctx, made.Jobs[0])
	if err != nil {
		return nil, s.refused(err)
	}
	if wait, preferred := in.patience(); wait > 0 {
		job, err = s.await(ctx, job.ID, wait)
		if err != nil {
			return nil, s.refused(err)
		}
		if preferred != "" {
			out.PreferenceApplied = preferred
		}
		if job.State.Ended() {
			out.Status = http.StatusOK
		}
	}
	out.Body, err = s.jobJSON(ctx, job)
	return out, s.refused(err)
}

// admit writes jobs down, as far as their key may have more.
func (s *Server) admit(ctx context.Context, e jobs.Enqueue) (jobs.Enqueued, error) {
	if len(e.Jobs) > s.o.Limits.Batch {
		return jobs.Enqueued{}, invalid("count", fmt.Sprintf("a batch has at most %d jobs", s.o.Limits.Batch), "send several batches")
	}
	waiting, err := s.o.DB.Waiting(ctx, e.Key)
	if err != nil {
		return jobs.Enqueued{}, err
	}
	if waiting+int64(len(e.Jobs)) > s.o.Limits.Waiting {
		return jobs.Enqueued{}, &statusError{
			Status: http.StatusTooManyRequests, Code: "queue_full",
			Detail: fmt.Sprintf("%d jobs of this key wait already", waiting), RetryAfter: 30,
		}
	}
	if !asking(ctx).local {
		if wait := s.pace.take(e.Key, len(e.Jobs), s.o.Limits.Rate, s.o.Now()); wait > 0 {
			return jobs.Enqueued{}, tooFast(s.o.Limits.Rate, wait)
		}
	}
	made, err := s.o.DB.Enqueue(ctx, e)
	if err == nil {
		s.o.Log.Info("jobs queued", "request", requestID(ctx), "jobs", len(made.Jobs), "first", made.Jobs[0], "batch", made.Batch, "replay", made.Replay)
	}
	return made, err
}

// patience is how long the client waits for the end.
func (in *generateInput) patience() (wait time.Duration, preferred string) {
	if in.Wait > 0 {
		return time.Duration(in.Wait) * time.Second, ""
	}
	for part := range strings.SplitSeq(in.Prefer, ",") {
		value, ok := strings.CutPrefix(strings.TrimSpace(part), "wait=")
		if n, err := strconv.Atoi(value); ok && err == nil && n > 0 {
			n = min(n, 600)
			return time.Duration(n) * time.Second, "wait=" + strconv.Itoa(n)
		}
	}
	return 0, ""
}

// await waits for the end of a job, and returns it as it is then or when the
// time is over.
func (s *Server) await(ctx context.Context, id string, wait time.Duration) (jobs.Job, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		w := s.o.DB.Watch(func(e jobs.Event) bool { return e.Job == id && e.Type == jobs.EventState })
		job, err := s.o.DB.Job(ctx, id)
		if err != nil || job.State.Ended() {
			w.Close()
			return job, err
		}
		select {
		case <-w.C: // something happened, or it fell behind
		case <-timer.C:
			w.Close()
			return job, nil
		case <-s.closing:
			w.Close()
			return job, nil
		case <-ctx.Done():
			w.Close()
			return job, ctx.Err()
		}
		w.Close()
	}
}
