package ledger

import (
	"context"
	"crypto/sha256"
	"iter"
)

// An entry is what is kept in memory of an item. There may be 100,000, most of which
// wait or have ended: of those the row in the file has the rest.
type entry struct {
	id      string
	digest  [sha256.Size]byte // over the item's own, which has no certain length
	state   ItemState
	bound   bool // to a run of which nothing is recorded yet: one that has ended is made again
	dropped bool
	touched bool
	live    *Item // the whole item, which the file has now or with the next commit; nil = it rests
}

// rests reports whether nothing is expected to happen to the item soon.
func (it *Item) rests() bool { return it.Dropped || it.State.Ended() || !it.touched() }

// touched reports whether the item is more than planned.
func (it *Item) touched() bool {
	return *it != Item{ID: it.ID, Digest: it.Digest, State: ItemPlanned, Dropped: it.Dropped, Updated: it.Updated}
}

// enter keeps an item that the file has, behind or instead of what was kept of it.
func (b *Batch) enter(n int, it Item) {
	e := entry{id: it.ID, digest: sha256.Sum256([]byte(it.Digest)), state: it.State, dropped: it.Dropped, touched: it.touched()}
	if b.lock != nil && !it.rests() {
		live := it
		e.live = &live
		if it.Run != "" {
			b.byRun[it.Run] = n
		}
	}
	if n == len(b.entries) {
		b.entries = append(b.entries, e)
	} else {
		b.entries[n] = e
	}
	b.byID[it.ID] = n
}

// hold keeps an item as it is from now on, until it rests. It is called with b.mu held.
func (b *Batch) hold(n int, it *Item) {
	e := &b.entries[n]
	e.state, e.dropped, e.touched, e.live = it.State, it.Dropped, it.touched(), it
	if it.Run != "" {
		b.byRun[it.Run] = n
	}
}

// release lets go of what the file has of items that rest.
func (b *Batch) release(written []write) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range written {
		if w.item == nil || b.entries[w.n].live != w.item || b.entries[w.n].bound || !w.item.rests() {
			continue // it has changed since
		}
		b.entries[w.n].live = nil
		if at, ok := b.byRun[w.item.Run]; ok && at == w.n {
			delete(b.byRun, w.item.Run)
		}
	}
}

// item is the n-th item as it is.
func (b *Batch) item(n int) (Item, error) {
	b.mu.Lock()
	live := b.entries[n].live
	b.mu.Unlock()
	if live != nil {
		return *live, nil
	}
	it, err := readItem(b.db, n)
	return it, damaged(b.path, err)
}

// Item is one item. It is an *UnknownItemError when there is none of that id.
func (b *Batch) Item(id string) (Item, error) {
	n, err := b.index(id)
	if err != nil {
		return Item{}, err
	}
	return b.item(n)
}

// Items are all items, in the order in which they came into the ledger, without
// those that the plan has dropped. An error ends them.
func (b *Batch) Items() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		b.each(func(it Item, err error) bool { return err == nil && it.Dropped || yield(it, err) })
	}
}

// each reads the items from the file, those that are changing as they are by now.
func (b *Batch) each(yield func(Item, error) bool) {
	rows, err := b.db.QueryContext(context.Background(), "SELECT "+itemColumns+" FROM items ORDER BY n")
	if err != nil {
		yield(Item{}, damaged(b.path, err))
		return
	}
	defer rows.Close()
	for rows.Next() {
		n, it, err := scanItem(rows.Scan)
		if err != nil {
			yield(Item{}, damaged(b.path, err))
			return
		}
		b.mu.Lock()
		if n < len(b.entries) && b.entries[n].live != nil {
			it = *b.entries[n].live
		}
		b.mu.Unlock()
		if !yield(it, nil) {
			return
		}
	}
	if err := rows.Err(); err != nil {
		yield(Item{}, damaged(b.path, err))
	}
}

// A Standing is where an item stands: what is known of each without the file.
type Standing struct {
	State   ItemState
	Dropped bool // the plan does not have it any more
	// Touched is false for an item of which the ledger knows no more than that it is planned.
	Touched bool

	digest [sha256.Size]byte
}

// Is reports whether the item has a digest.
func (s Standing) Is(digest string) bool { return s.digest == sha256.Sum256([]byte(digest)) }

// Standing is where an item stands; false when there is none of that id.
func (b *Batch) Standing(id string) (Standing, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.byID[id]
	if !ok {
		return Standing{}, false
	}
	e := &b.entries[n]
	return Standing{e.state, e.dropped, e.touched, e.digest}, true
}

// Count is how many items of the plan are in a state.
func (b *Batch) Count(state ItemState) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	count := 0
	for i := range b.entries {
		if e := &b.entries[i]; e.state == state && !e.dropped {
			count++
		}
	}
	return count
}

// Untouched reports whether the ledger was made and nothing has happened to any item since.
func (b *Batch) Untouched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.entries {
		if e := &b.entries[i]; e.dropped || e.touched {
			return false
		}
	}
	return true
}

// Spent is what the items of the plan took so far, as far as it is on the disk:
// milliseconds on backends, and USD where a price was known.
func (b *Batch) Spent() (ms int64, usd float64, err error) {
	err = b.db.QueryRowContext(context.Background(), "SELECT COALESCE(SUM(executed_ms), 0), COALESCE(SUM(usd), 0.0) FROM items WHERE NOT dropped").Scan(&ms, &usd)
	return ms, usd, damaged(b.path, err)
}
