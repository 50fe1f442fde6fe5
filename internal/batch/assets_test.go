package batch

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

func seedPointer(n uint64) *run.Seed {
	s := run.Seed(n)
	return &s
}

// A lock file keeps every plan, exact seeds, and is written in the same order each
// time, so that it can be compared line by line.
func TestAssetsRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "art", AssetsFile)
	hero := Asset{
		Digest: "d1", Seed: seedPointer(18446744073709551615), Fields: map[string]string{"prompt": "aa", "steps": "bb"},
		Files: []AssetFile{{"hero.png", "s1"}, {"sub/hero_2.png", "s2"}},
	}
	fox := Asset{Digest: "d2", Fields: map[string]string{}}
	if err := WriteAssets(path, "b", inOrder(map[string]Asset{"hero": hero, "fox \"x\"": fox})); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(before) {
		t.Fatalf("not JSON:\n%s", before)
	}
	if err := WriteAssets(path, "a", inOrder(map[string]Asset{"cat": fox})); err != nil {
		t.Fatal(err)
	}
	if err := WriteAssets(path, "b", inOrder(map[string]Asset{"fox \"x\"": fox, "hero": hero})); err != nil {
		t.Fatal(err)
	}
	a, err := ReadAssets(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Asset{"hero": hero, "fox \"x\"": fox}, a.Of("b")); diff != "" {
		t.Error(diff)
	}
	if len(a.Of("a")) != 1 || a.Of("c") != nil {
		t.Error("other plans are not as they were")
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for line := range strings.Lines(string(after)) {
		if !strings.Contains(string(before), strings.TrimRight(line, "\n")) {
			changed++
		}
	}
	if changed > 3 { // plan a, its item, and the comma behind it
		t.Errorf("%d lines changed:\n%s", changed, after)
	}
}

func TestAssetsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{":                 "is no lock file",
		"{\n<<<<<<< HEAD\n": "has the marks of a merge in it",
		"<<<<<<< HEAD\n{":   "has the marks of a merge in it",
		`{"easel_lock": 1, "plans": {"a": {"x": {"digest": "`:        "cannot be read for plan a",
		`{"easel_lock": 1, "plans": {}} {}`:                          "goes on behind its end",
		`{"easel_lock": 1, "plans": {"a": {}},` + "\n<<<<<<< HEAD\n": "has the marks of a merge in it",
		`{"easel_lock": 9}`:                   "has the form 9",
		`{"easel_lock": 1, "plans": {"a":3}}`: "cannot be read for plan a",
		`{"easel_lock": 1, "plans": {"a": {"x": {"files": [["../x.png", "s"]]}}}}`: "names a file outside",
		`{"easel_lock": 1, "plans": {"a": {"x": {"files": [["/x.png", "s"]]}}}}`:   "names a file outside",
	} {
		path := filepath.Join(t.TempDir(), AssetsFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAssets(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if err := WriteAssets(path, "p", inOrder(nil)); err == nil {
			t.Errorf("%s is written over", text)
		}
	}
}

func TestAssetsPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct{ out, plan, want string }{
		{dir, "", filepath.Join(dir, AssetsFile)},
		{dir, "/p/art.yaml", filepath.Join(dir, AssetsFile)},
		{"s3://b/x", "/p/art.yaml", "/p/art.lock"},
		{"s3://b/x", "", ""},
	} {
		if got := AssetsPath(test.out, test.plan); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.out, test.plan, got, test.want)
		}
	}
}

// whole is the file with all plans that were read.
func whole(a *Assets) ([]byte, error) {
	var b bytes.Buffer
	err := a.encode(&b, "a", inOrder(a.plans["a"]))
	return b.Bytes(), err
}

// FuzzAssets holds that a lock file is read, or refused, and that what was read is
// written as the same.
func FuzzAssets(f *testing.F) {
	f.Add([]byte(`{"easel_lock": 1, "plans": {"a": {"x": {"digest": "d", "seed": 7, "files": [["x.png", "s"]], "fields": {"f": "1"}}}}}`))
	f.Add([]byte(`{"easel_lock": 1, "plans": {"a": null, "b": {}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decodeAssets(bytes.NewReader(data), "")
		if err != nil {
			return
		}
		text, err := whole(a)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeAssets(bytes.NewReader(text), "")
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		second, err := whole(again)
		if err != nil || string(second) != string(text) {
			t.Fatalf("%v:\n%s\n%s", err, text, second)
		}
	})
}
