package pause

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"receiptrevoker/tasks"
)

const (
	// pausesEvery is how old what a process knows of people's pauses may be when a DELETE
	// leaves: a pause must be effective within two seconds. It is asked for before a call and
	// not on a timer, so that a process that was frozen asks before it calls.
	pausesEvery = 500 * time.Millisecond
	// pausesTimeout bounds the reading, for which calls wait. Where Redis does not answer,
	// what was known before stays.
	pausesTimeout = 500 * time.Millisecond
)

// View is what a process knows of what pauses queues. Asynq keeps it from taking tasks
// off them; this keeps it from calling for those that it has taken before.
type View struct {
	store   *Store
	reading singleflight.Group // one call asks Redis, the others wait for it

	mu    sync.Mutex
	asked time.Time
	all   []Pause // by name; nil before the first reading
}

// NewView returns a view that knows nothing yet.
func NewView(store *Store) *View { return &View{store: store} }

// Read reads what pauses queues, remembers it and returns it as [Store.All] does.
func (v *View) Read(ctx context.Context) ([]Pause, error) {
	asked := time.Now()
	all, err := v.store.All(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err != nil:
		v.asked = time.Now() // those who wait do not ask, each after the other
	case asked.After(v.asked):
		v.asked, v.all = asked, all
	}
	return all, err
}

// Renew reads what pauses queues unless that was done in the last half second. It may wait
// for Redis for half a second, and leaves what was known before where Redis does not answer.
func (v *View) Renew(ctx context.Context) {
	if v.fresh() {
		return
	}
	<-v.reading.DoChan("", func() (any, error) {
		if v.fresh() {
			return nil, nil // another reading ended in between
		}
		// The reading is for others too, who may wait for longer than this call.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pausesTimeout)
		defer cancel()
		return v.Read(ctx) // whoever reads at intervals complains of an error
	})
}

func (v *View) fresh() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.asked.IsZero() && time.Since(v.asked) < pausesEvery
}

// Known returns the queues that exist or are paused, by name; nil before the first reading.
func (v *View) Known() []Pause {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.all
}

// Refuse returns why no call may be made for a task of a queue, or nothing: a person has
// paused it. Before the first reading every queue may be paused.
func (v *View) Refuse(queue string) string {
	all := v.Known()
	if all == nil {
		return "it is not known yet what is paused"
	}
	for _, name := range []string{queue, stem(queue)} {
		i, found := slices.BinarySearchFunc(all, name, func(p Pause, name string) int {
			return strings.Compare(p.Queue, name)
		})
		if found && all[i].ByPerson() {
			return all[i].explain()
		}
	}
	return ""
}

// stem returns the queue without a gateway for that of a gateway that is not known here,
// and else the queue itself. Who pauses everything cannot name the queue of a gateway that
// only a newer program knows, and that does not exist yet: it is paused with its stem.
func stem(queue string) string {
	q, ours := tasks.ParseQueue(queue)
	if !ours || q.PG == "" || q.PG.Known() {
		return queue
	}
	q.PG = ""
	return q.Name()
}

// explain says which person has paused a queue and why.
func (p Pause) explain() string {
	switch {
	case p.By == "":
		return p.Queue + " is paused by a person"
	case p.Reason == "":
		return fmt.Sprintf("%s is paused by %s", p.Queue, p.By)
	}
	return fmt.Sprintf("%s is paused by %s: %s", p.Queue, p.By, p.Reason)
}
