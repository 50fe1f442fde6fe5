package emulator

import (
	"net/http"
	"net/url"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// getQueue is GET /queue: whole graphs, pending in the order of the raw heap.
func (in *instance) getQueue(w http.ResponseWriter, _ *http.Request, _ string) {
	running, pending := in.queue.snapshot()
	writeJSON(w, http.StatusOK, pyval.Fields{
		{Key: "queue_running", Value: in.tuples(running)},
		{Key: "queue_pending", Value: in.tuples(pending)},
	})
}

// tuples shows jobs; the old dialect leaks the clients' secrets.
func (in *instance) tuples(jobs []*job) []any {
	list := make([]any, len(jobs))
	for i, j := range jobs {
		if in.server.since(jobsVersion) {
			j = j.withoutSecrets()
		}
		list[i] = j.tuple()
	}
	return list
}

// postQueue is POST /queue: clear and delete, for waiting jobs only.
func (in *instance) postQueue(w http.ResponseWriter, r *http.Request, _ string) {
	in.postClearDelete(w, r, in.queue.clear, func(id any) bool {
		if s, ok := id.(string); ok {
			in.queue.remove(s)
		}
		return true
	})
}

// postHistory is POST /history: the same for finished ones.
func (in *instance) postHistory(w http.ResponseWriter, r *http.Request, _ string) {
	in.postClearDelete(w, r, in.history.clear, func(id any) bool {
		switch id := id.(type) {
		case string:
			in.history.remove(id)
		case []any, *pyval.Object:
			return in.history.empty() // cannot be a key, which Python notices when it looks for it
		}
		return true
	})
}

// postClearDelete reads {"clear": true} and {"delete": [ids]}. remove reports
// whether Python survives that id.
func (in *instance) postClearDelete(w http.ResponseWriter, r *http.Request, clear func(), remove func(id any) bool) {
	v, ok := in.readJSON(w, r)
	if !ok {
		return
	}
	asked, valid := has(v, "clear")
	deleting, _ := has(v, "delete")
	body, isObject := v.(*pyval.Object)
	if !valid || !isObject && (asked || deleting) {
		writeCrash(w)
		return
	}
	if isObject {
		if all, _ := body.Get("clear"); pyval.Truthy(all) {
			clear()
		}
		if ids, ok := body.Get("delete"); ok {
			list, iterable := elements(ids)
			for _, id := range list {
				iterable = iterable && remove(id)
			}
			if !iterable {
				writeCrash(w)
				return
			}
		}
	}
	w.WriteHeader(http.StatusOK)
}

// elements is what Python's for walks over.
func elements(v any) (list []any, iterable bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *pyval.Object:
		for _, m := range v.Members() {
			list = append(list, m.Key)
		}
		return list, true
	case string:
		for _, r := range v {
			list = append(list, string(r))
		}
		return list, true
	}
	return nil, false
}

// postInterrupt is POST /interrupt: everything, or one job if it runs now.
func (in *instance) postInterrupt(w http.ResponseWriter, r *http.Request, _ string) {
	data, ok := in.readBody(w, r)
	if !ok {
		return
	}
	id := ""
	if v, err := pyval.Decode(data); err == nil {
		body, ok := v.(*pyval.Object)
		if !ok {
			writeCrash(w)
			return
		}
		wanted, _ := body.Get("prompt_id")
		if pyval.Truthy(wanted) {
			if id, ok = wanted.(string); !ok || !in.queue.isRunning(id) {
				w.WriteHeader(http.StatusOK) // nobody it could mean
				return
			}
		}
	}
	in.interrupt(id)
	w.WriteHeader(http.StatusOK)
}

// postFree is POST /free: unload models, forget cached results, after the
// current job.
func (in *instance) postFree(w http.ResponseWriter, r *http.Request, _ string) {
	v, ok := in.readJSON(w, r)
	if !ok {
		return
	}
	body, ok := v.(*pyval.Object)
	if !ok {
		writeCrash(w)
		return
	}
	models, _ := body.Get("unload_models")
	memory, _ := body.Get("free_memory")
	if pyval.Truthy(models) || pyval.Truthy(memory) {
		in.askFree(pyval.Truthy(models), pyval.Truthy(memory))
	}
	w.WriteHeader(http.StatusOK)
}

// getHistory is GET /history.
func (in *instance) getHistory(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	maxItems, err1 := queryInt(q, "max_items")
	offset, err2 := queryInt(q, "offset")
	if err1 != nil || err2 != nil {
		writeCrash(w)
		return
	}
	from := -1
	if offset != nil {
		from = *offset
	}
	all := pyval.Fields{}
	for _, e := range in.history.window(maxItems, from) {
		all = append(all, pyval.Member{Key: e.job.id, Value: e.value()})
	}
	writeJSON(w, http.StatusOK, all)
}

// getHistoryEntry is GET /history/{id}: an empty object while the job is not
// finished, or never was.
func (in *instance) getHistoryEntry(w http.ResponseWriter, _ *http.Request, id string) {
	found := pyval.Fields{}
	if e := in.history.get(id); e != nil {
		found = pyval.Fields{{Key: id, Value: e.value()}}
	}
	writeJSON(w, http.StatusOK, found)
}

// queryInt reads a number as Python's int does; nil when it is not there.
func queryInt(q url.Values, name string) (*int, error) {
	if !q.Has(name) {
		return nil, nil
	}
	v, err := pyval.Int(q.Get(name))
	if err != nil {
		return nil, err
	}
	n, ok := v.(int64)
	if !ok {
		n = 1 << 40
	}
	i := int(n)
	return &i, nil
}
