package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A jobView is one job wherever it is, for the jobs API.
type jobView struct {
	job    *job
	status string // pending, in_progress, completed, failed, cancelled
	entry  *entry // of finished jobs
}

// jobViews looks at queue and history at once, as atomically as the server.
func (in *instance) jobViews() []jobView {
	running, pending := in.queue.snapshot()
	var list []jobView
	for _, e := range in.history.window(nil, -1) {
		list = append(list, jobView{e.job, e.jobStatus(), e})
	}
	for _, j := range running {
		list = append(list, jobView{job: j, status: "in_progress"})
	}
	for _, j := range pending {
		list = append(list, jobView{job: j, status: "pending"})
	}
	return list
}

func (e *entry) jobStatus() string {
	if _, ok := e.last("execution_interrupted"); ok {
		return "cancelled"
	}
	if e.success {
		return "completed"
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
	if v.entry == nil {
		return append(f, pyval.Member{Key: "outputs_count", Value: 0})
	}
	first, count := v.outputs()
	f = append(f,
		pyval.Member{Key: "execution_start_time", Value: stamp(v.entry.started)},
		pyval.Member{Key: "execution_end_time", Value: stamp(v.entry.ended)})
	if data, ok := v.entry.last("execution_error"); ok {
		f = append(f, pyval.Member{Key: "execution_error", Value: data})
	}
	f = append(f, pyval.Member{Key: "outputs_count", Value: count})
	if first != nil {
		f = append(f, pyval.Member{Key: "preview_output", Value: first})
	}
	return f
}

// outputs counts the files of a finished job and picks the first as its face.
func (v jobView) outputs() (first any, count int) {
	for _, node := range v.entry.outputs {
		ui, _ := node.Value.(map[string][]any)
		for key, items := range ui {
			for _, item := range items {
				f, ok := item.(map[string]any)
				if !ok || key == "animated" {
					continue
				}
				count++
				if first == nil {
					first = pyval.Fields{
						{Key: "filename", Value: f["filename"]},
						{Key: "subfolder", Value: f["subfolder"]},
						{Key: "type", Value: f["type"]},
						{Key: "nodeId", Value: node.Key},
						{Key: "mediaType", Value: key},
					}
				}
			}
		}
	}
	return first, count
}

// getJobs is GET /api/jobs.
func (in *instance) getJobs(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	limit, offset, complaint := pageOf(q)
	list := in.jobViews()
	if complaint == "" {
		complaint = filterJobs(&list, q)
	}
	if complaint != "" {
		writeJSON(w, http.StatusBadRequest, pyval.Fields{{Key: "error", Value: complaint}})
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

func pageOf(q url.Values) (limit, offset int, complaint string) {
	var err error
	if q.Has("limit") {
		if limit, err = strconv.Atoi(q.Get("limit")); err != nil || limit <= 0 {
			return 0, 0, "limit must be a positive integer"
		}
	}
	if q.Has("offset") {
		if offset, err = strconv.Atoi(q.Get("offset")); err != nil {
			return 0, 0, "offset must be an integer"
		}
	}
	return limit, max(offset, 0), ""
}

// filterJobs applies status, workflow_id and order.
func filterJobs(list *[]jobView, q url.Values) (complaint string) {
	known := []string{"pending", "in_progress", "completed", "failed", "cancelled"}
	if text := q.Get("status"); text != "" {
		wanted := strings.Split(text, ",")
		for i, s := range wanted {
			wanted[i] = strings.TrimSpace(s)
			if !slices.Contains(known, wanted[i]) {
				return "Invalid status value(s): " + wanted[i] + ". Valid values: " + strings.Join(known, ", ")
			}
		}
		*list = slices.DeleteFunc(*list, func(v jobView) bool { return !slices.Contains(wanted, v.status) })
	}
	if q.Has("workflow_id") {
		*list = slices.DeleteFunc(*list, func(v jobView) bool { return v.workflowID() != q.Get("workflow_id") })
	}
	key := func(v jobView) int64 { return v.job.created.UnixNano() }
	switch q.Get("sort_by") {
	case "", "created_at":
	case "execution_duration":
		key = func(v jobView) int64 {
			if v.entry == nil {
				return 0
			}
			return int64(v.entry.ended.Sub(v.entry.started))
		}
	default:
		return "sort_by must be 'created_at' or 'execution_duration'"
	}
	sign := int64(-1)
	switch q.Get("sort_order") {
	case "", "desc":
	case "asc":
		sign = 1
	default:
		return "sort_order must be 'asc' or 'desc'"
	}
	slices.SortStableFunc(*list, func(a, b jobView) int {
		d := sign * (key(a) - key(b))
		return int(max(min(d, 1), -1))
	})
	return ""
}

// workflowID is what the client wrote into the workflow it sent along.
func (v jobView) workflowID() string {
	at := v.job.extra
	for _, key := range []string{"extra_pnginfo", "workflow", "id"} {
		o, ok := at.(*pyval.Object)
		if !ok {
			return ""
		}
		at, _ = o.Get(key)
	}
	id, _ := at.(string)
	return id
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
		verdict := "error"
		if v.entry.success {
			verdict = "success"
		}
		f = append(f, pyval.Member{Key: "outputs", Value: v.entry.outputs}, pyval.Member{Key: "execution_status", Value: v.entry.status(verdict)})
	}
	f = append(f, pyval.Member{Key: "workflow", Value: pyval.Fields{
		{Key: "prompt", Value: v.job.prompt}, {Key: "extra_data", Value: v.job.withoutSecrets().extra},
	}})
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
	v, ok := in.readJSON(w, r)
	if !ok {
		return
	}
	var list any
	if body, ok := v.(*pyval.Object); ok {
		list, _ = body.Get("job_ids")
	}
	ids, ok := list.([]any)
	if !ok {
		writeJSON(w, http.StatusBadRequest, pyval.Fields{{Key: "error", Value: "job_ids must be a list of job ids"}})
		return
	}
	var invalid []any
	for _, id := range ids {
		if s, _ := id.(string); !canonicalUUID(s) {
			invalid = append(invalid, id)
		}
	}
	if invalid != nil {
		writeJSON(w, http.StatusBadRequest, pyval.Fields{{Key: "error", Value: "job_ids must be UUIDs"}, {Key: "invalid_ids", Value: invalid}})
		return
	}
	hit := false
	for _, id := range ids {
		hit = in.cancelJob(id.(string)) || hit
	}
	writeJSON(w, http.StatusOK, pyval.Fields{{Key: "cancelled", Value: hit}})
}
