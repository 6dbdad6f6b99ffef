package gate

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

// pauses is what a process knows of what pauses queues. Asynq keeps it from taking tasks
// off them; this keeps it from calling for those that it has taken before.
type pauses struct {
	reading singleflight.Group // one call asks Redis, the others wait for it

	mu    sync.Mutex
	asked time.Time
	all   []Pause // by name; nil before the first reading
}

// read reads what pauses queues, and remembers it.
func (k *pauses) read(ctx context.Context, store *Store) ([]Pause, error) {
	asked := time.Now()
	all, err := store.Pauses(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err != nil:
		k.asked = time.Now() // those who wait do not ask, each after the other
	case asked.After(k.asked):
		k.asked, k.all = asked, all
	}
	return all, err
}

// renew reads what pauses queues unless that was done a moment ago.
func (k *pauses) renew(ctx context.Context, store *Store) {
	if k.fresh() {
		return
	}
	<-k.reading.DoChan("", func() (any, error) {
		if k.fresh() {
			return nil, nil // another reading ended in between
		}
		// The reading is for others too, who may wait for longer than this call.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pausesTimeout)
		defer cancel()
		return k.read(ctx, store) // of an error the keeper complains
	})
}

func (k *pauses) fresh() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.asked.IsZero() && time.Since(k.asked) < pausesEvery
}

// list returns the queues that exist or are paused, by name; nil before the first reading.
func (k *pauses) list() []Pause {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all
}

// refuse returns why no call may be made for a task of a queue, or nil: a person has
// paused it. Before the first reading every queue may be paused.
func (k *pauses) refuse(queue string) *WaitError {
	all := k.list()
	if all == nil {
		return &WaitError{Wait: longestWait, text: "it is not known yet what is paused"}
	}
	for _, name := range []string{queue, stem(queue)} {
		i, found := slices.BinarySearchFunc(all, name, func(p Pause, name string) int { return strings.Compare(p.Queue, name) })
		if found && all[i].ByPerson() {
			return &WaitError{Wait: longestWait, text: all[i].explain()}
		}
	}
	return nil
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
