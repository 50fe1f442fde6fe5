package emulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A jobView is one job wherever it is, for the jobs API.
type jobView struct {
	server *Server
	job    *job
	status string // pending, in_progress, completed, failed, cancelled
	entry  *entry // of finished jobs
}

// jobViews looks at queue and history at once, as atomically as the server.
func (in *instance) jobViews() []jobView {
	running, pending := in.queue.snapshot()
	var list []jobView
	for _, j := range running {
		list = append(list, jobView{server: in.server, job: j, status: "in_progress"})
	}
	for _, j := range pending {
		list = append(list, jobView{server: in.server, job: j, status: "pending"})
	}
	for _, e := range in.history.window(nil, -1) {
		list = append(list, jobView{in.server, e.job, in.server.jobStatus(e), e})
	}
	return list
}

func (s *Server) jobStatus(e *entry) string {
	if e.success {
		return "completed"
	}
	if _, ok := e.last("execution_interrupted"); ok && s.since(cancelledVersion) {
		return "cancelled"
	}
	return "failed"
}

// fields is the short form; keys without a value are left out.
func (v jobView) fields() pyval.Fields {
	f := pyval.Fields{
		{Key: "id", Value: v.job.id},
		{Key: "status", Value: v.status},
		{Key: "priority", Value: v.job.number},
		{Key: "create_time", Value: stamp(v.job.created)},
	}
	add := func(key string, value any, ok bool) {
		if ok && value != nil {
			f = append(f, pyval.Member{Key: key, Value: value})
		}
	}
	var shown outputSummary
	if v.entry != nil {
		shown = summarize(v.entry.outputs)
		start, _ := v.entry.last("execution_start")
		add("execution_start_time", timestampOf(start), true)
		end, failed := v.entry.last("execution_error")
		for _, name := range []string{"execution_success", "execution_interrupted"} {
			if data, ok := v.entry.last(name); ok {
				end = data
			}
		}
		add("execution_end_time", timestampOf(end), true)
		add("execution_error", end, failed)
	}
	add("outputs_count", shown.count, true)
	add("previewable_outputs_count", shown.previewable, v.server.since(previewableVersion))
	add("preview_output", shown.preview, shown.preview != nil)
	add("workflow_id", v.workflowID(), true)
	return f
}

// timestampOf is the time in the data of an event; nil when there is none.
func timestampOf(data any) any {
	fields, _ := data.(pyval.Fields)
	for _, m := range fields {
		if m.Key == "timestamp" {
			return m.Value
		}
	}
	return nil
}

// duration is how long a finished job executed, in milliseconds, else 0.
func (v jobView) duration() int64 {
	if v.entry == nil {
		return 0
	}
	return v.entry.ended.Sub(v.entry.started).Milliseconds()
}

// getJobs is GET /api/jobs.
func (in *instance) getJobs(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	list := in.jobViews()
	problem := filterJobs(&list, q)
	limit, offset := 0, 0
	if problem == "" {
		limit, offset, problem = pageOf(q)
	}
	if problem != "" {
		writeJSON(w, http.StatusBadRequest, pyval.Fields{{Key: "error", Value: problem}})
		return
	}
	total := len(list)
	list = list[min(offset, total):]
	var shownLimit any
	if limit > 0 {
		list = list[:min(limit, len(list))]
		shownLimit = limit
	}
	jobs := make([]pyval.Fields, len(list))
	for i, v := range list {
		jobs[i] = v.fields()
	}
	writeJSON(w, http.StatusOK, pyval.Fields{
		{Key: "jobs", Value: jobs},
		{Key: "pagination", Value: pyval.Fields{
			{Key: "offset", Value: offset},
			{Key: "limit", Value: shownLimit},
			{Key: "total", Value: total},
			{Key: "has_more", Value: offset+len(list) < total},
		}},
	})
}

// pageOf reads limit, 0 = none, and offset.
func pageOf(q url.Values) (limit, offset int, problem string) {
	n, err := queryInt(q, "limit")
	switch {
	case err != nil:
		return 0, 0, "limit must be an integer"
	case n != nil && *n <= 0:
		return 0, 0, "limit must be a positive integer"
	case n != nil:
		limit = *n
	}
	n, err = queryInt(q, "offset")
	switch {
	case err != nil:
		return 0, 0, "offset must be an integer"
	case n != nil:
		offset = max(*n, 0)
	}
	return limit, offset, ""
}

// filterJobs applies status, workflow_id and order.
func filterJobs(list *[]jobView, q url.Values) (problem string) {
	known := []string{"pending", "in_progress", "completed", "failed", "cancelled"}
	if text := q.Get("status"); text != "" {
		var wanted, invalid []string
		for s := range strings.SplitSeq(strings.ToLower(text), ",") {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			wanted = append(wanted, s)
			if !slices.Contains(known, s) {
				invalid = append(invalid, s)
			}
		}
		if invalid != nil {
			return "Invalid status value(s): " + strings.Join(invalid, ", ") + ". Valid values: " + strings.Join(known, ", ")
		}
		*list = slices.DeleteFunc(*list, func(v jobView) bool { return !slices.Contains(wanted, v.status) })
	}
	chosen := func(name, fallback string) string {
		if q.Has(name) {
			return strings.ToLower(q.Get(name))
		}
		return fallback
	}
	by, order := chosen("sort_by", "created_at"), chosen("sort_order", "desc")
	key := func(v jobView) int64 { return v.job.created.UnixMilli() }
	switch by {
	case "created_at":
	case "execution_duration":
		key = jobView.duration
	default:
		return "sort_by must be 'created_at' or 'execution_duration'"
	}
	if order != "asc" && order != "desc" {
		return "sort_order must be 'asc' or 'desc'"
	}
	if id := q.Get("workflow_id"); id != "" {
		*list = slices.DeleteFunc(*list, func(v jobView) bool { return v.workflowID() != any(id) })
	}
	slices.SortStableFunc(*list, func(a, b jobView) int {
		if order == "desc" {
			a, b = b, a
		}
		return cmp.Compare(key(a), key(b))
	})
	return ""
}

// workflowID is what the client wrote into the workflow it sent along, nil
// when it did not.
func (v jobView) workflowID() any {
	at := v.job.extra
	for _, key := range []string{"extra_pnginfo", "workflow", "id"} {
		o, ok := at.(*pyval.Object)
		if !ok {
			return nil
		}
		at, _ = o.Get(key)
	}
	return at
}

// getJob is GET /api/jobs/{id}.
func (in *instance) getJob(w http.ResponseWriter, _ *http.Request, id string) {
	list := in.jobViews()
	i := slices.IndexFunc(list, func(v jobView) bool { return v.job.id == id })
	if i < 0 {
		writeJSON(w, http.StatusNotFound, pyval.Fields{{Key: "error", Value: "Job not found"}})
		return
	}
	v := list[i]
	f := v.fields()
	if v.entry != nil {
		f = append(f,
			pyval.Member{Key: "outputs", Value: v.entry.outputs},
			pyval.Member{Key: "execution_status", Value: v.entry.status()},
			pyval.Member{Key: "workflow", Value: pyval.Fields{
				{Key: "prompt", Value: v.job.prompt}, {Key: "extra_data", Value: v.job.withoutSecrets().extra},
			}})
	}
	writeJSON(w, http.StatusOK, f)
}

// cancelJob dequeues or interrupts, whichever fits.
func (in *instance) cancelJob(id string) bool {
	if in.queue.remove(id) {
		return true
	}
	if !in.queue.isRunning(id) {
		return false
	}
	in.interrupt(id)
	return true
}

// postJobCancel is POST /api/jobs/{id}/cancel.
func (in *instance) postJobCancel(w http.ResponseWriter, _ *http.Request, id string) {
	writeJSON(w, http.StatusOK, pyval.Fields{{Key: "cancelled", Value: in.cancelJob(id)}})
}

// postJobsCancel is POST /api/jobs/cancel.
func (in *instance) postJobsCancel(w http.ResponseWriter, r *http.Request, _ string) {
	data, ok := in.readBody(w, r)
	if !ok {
		return
	}
	refuse := func(why string, more ...pyval.Member) {
		writeJSON(w, http.StatusBadRequest, append(pyval.Fields{{Key: "error", Value: why}}, more...))
	}
	v, err := pyval.Decode(data)
	if err != nil {
		refuse("Request body must be valid JSON")
		return
	}
	var list any
	if body, ok := v.(*pyval.Object); ok {
		list, _ = body.Get("job_ids")
	}
	ids, ok := list.([]any)
	if !ok {
		refuse("job_ids must be a list")
		return
	}
	var invalid []string
	for _, id := range ids {
		switch s, ok := id.(string); {
		case !ok:
			invalid = append(invalid, pyval.Repr(id))
		case !canonicalUUID(s):
			invalid = append(invalid, s)
		}
	}
	if invalid != nil {
		refuse("job_ids contains invalid id(s)", pyval.Member{Key: "invalid_ids", Value: invalid})
		return
	}
	hit := false
	for _, id := range ids {
		hit = in.cancelJob(id.(string)) || hit
	}
	writeJSON(w, http.StatusOK, pyval.Fields{{Key: "cancelled", Value: hit}})
}
