package emulator

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

func numbered(n any) *job {
	return newJob(n, fmt.Sprint(n), pyval.NewObject(pyval.Member{Key: "n", Value: n}), &pyval.Object{}, nil, time.Time{})
}

func heapOf(q *queue) []any {
	_, pending := q.snapshot()
	list := make([]any, len(pending))
	for i, j := range pending {
		list[i] = j.number
	}
	return list
}

// The arrays are those of Python's heapq for the same operations.
func TestQueueKeepsTheArrayOfHeapq(t *testing.T) {
	t.Parallel()
	q := newQueue(func(int) {})
	check := func(step string, want ...any) {
		t.Helper()
		if diff := cmp.Diff(want, heapOf(q)); diff != "" {
			t.Errorf("after %s (-heapq +queue):\n%s", step, diff)
		}
	}
	for _, n := range []int64{5, 3, 8, 1, 9, 2, 7, 4, 6, 0} {
		if err := q.put(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	i := func(n int64) any { return n }
	check("ten pushes", i(0), i(1), i(2), i(4), i(3), i(8), i(7), i(5), i(6), i(9))
	for range 4 {
		q.next()
	}
	check("four pops", i(4), i(5), i(6), i(7), i(9), i(8))
	q.remove("6")
	check("removal of 6", i(4), i(5), i(7), i(9), i(8))
	for _, n := range []any{int64(-1), 2.5, int64(0)} {
		if err := q.put(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	check("three more pushes", i(-1), i(0), 2.5, i(5), i(8), i(7), i(4), i(9))
}

func TestQueueOrdersEqualNumbersByID(t *testing.T) {
	t.Parallel()
	q := newQueue(func(int) {})
	for _, id := range []string{"c", "a", "b"} {
		if err := q.put(newJob(1.0, id, &pyval.Object{}, &pyval.Object{}, nil, time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	var got string
	for j := q.next(); j != nil; j = q.next() {
		got += j.id
	}
	if got != "abc" {
		t.Errorf("order: got %s", got)
	}
}

func TestQueueCannotOrderTwins(t *testing.T) {
	t.Parallel()
	q := newQueue(func(int) {})
	twin := func(n int64) *job {
		return newJob(1.0, "same", pyval.NewObject(pyval.Member{Key: "n", Value: n}), &pyval.Object{}, nil, time.Time{})
	}
	if err := q.put(twin(1)); err != nil {
		t.Fatal(err)
	}
	if err := q.put(twin(1)); err != nil {
		t.Errorf("the same prompt again: %v", err)
	}
	if err := q.put(twin(2)); !errors.Is(err, errUnordered) {
		t.Errorf("another prompt under the same number and id: got %v", err)
	}
	if got := q.remaining(); got != 3 {
		t.Errorf("remaining: got %d, the refused one is in the queue, too", got)
	}
}

func TestQueueAnnouncesTheLastRemovalTwice(t *testing.T) {
	t.Parallel()
	var told []int
	q := newQueue(func(n int) { told = append(told, n) })
	for n := range int64(2) {
		if err := q.put(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	q.remove("1")
	q.remove("none")
	q.remove("0")
	q.clear()
	if diff := cmp.Diff([]int{1, 2, 1, 0, 0, 0}, told); diff != "" {
		t.Errorf("announcements (-want +got):\n%s", diff)
	}
}
