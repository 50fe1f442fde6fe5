package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/supabasetest"
)

// projects are the Supabase projects of the stories that run, by their address.
var projects sync.Map

// startSupabase runs a Supabase project with the buckets art (public) and closed and
// the table easel_outputs until the story ends, and puts its address and key into $SUPABASE_URL and
// $SUPABASE_SERVICE_ROLE_KEY. While there is a file away in the story's folder,
// it cuts every connection.
func startSupabase(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: supabase")
	}
	const key = "story-service-role-key"
	service, away := supabasetest.New(key), ts.MkAbs("away")
	service.AddBucket("art", true)
	service.AddBucket("closed", false)
	service.AddTable("easel_outputs")
	service.Intercept = func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		if _, err := os.Stat(away); err == nil {
			panic(http.ErrAbortHandler)
		}
		serve.ServeHTTP(w, r)
	}
	server := httptest.NewServer(service)
	projects.Store(server.URL, service)
	ts.Defer(func() {
		projects.Delete(server.URL)
		server.CloseClientConnections()
		server.Close()
	})
	ts.Setenv("SUPABASE_URL", server.URL)
	ts.Setenv("SUPABASE_SERVICE_ROLE_KEY", key)
}

func projectOf(ts *testscript.TestScript) *supabasetest.Service {
	service, ok := projects.Load(ts.Getenv("SUPABASE_URL"))
	if !ok {
		ts.Fatalf("no supabase was started")
	}
	return service.(*supabasetest.Service)
}

// countRows checks how many rows a table holds, of which one has a value in a
// column: rows 2 easel_outputs [COLUMN VALUE].
func countRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 4 {
		ts.Fatalf("usage: rows N TABLE [COLUMN VALUE]")
	}
	rows := projectOf(ts).Rows(args[1])
	found := len(args) == 2 || slices.ContainsFunc(rows, func(row map[string]any) bool { return fmt.Sprint(row[args[2]]) == args[3] })
	if strconv.Itoa(len(rows)) != args[0] || !found {
		ts.Fatalf("the table holds %v", rows)
	}
}

// countObjects checks how many objects a bucket holds: objects 2 art today/*.png.
func countObjects(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: objects N BUCKET GLOB")
	}
	keys := projectOf(ts).Keys(args[1])
	found := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		ok, err := path.Match(args[2], key)
		ts.Check(err)
		return !ok
	})
	if strconv.Itoa(len(found)) != args[0] {
		ts.Fatalf("%d objects like %s, want %s; there are %q", len(found), args[2], args[0], keys)
	}
}
