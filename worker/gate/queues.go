package gate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/backlog"
)

// markWord stands between the time and the gate in the mark of a gate's pause.
const markWord = " gate "

// Pause is a queue of ours and what pauses it, if anything.
//
// Asynq takes a queue for paused while asynq:{<queue>}:paused exists, and
// writes the second into it; so do its CLI and its web UI. A gate's pause is
// the same key with the gate and its epoch behind the second. So the one key
// that Asynq obeys says whose pause it is, in one atomic step with the pause
// itself: no death of a process can part the two, and a person's pause can
// never be taken for the gate's.
type Pause struct {
	Queue  string
	Paused bool
	// Gate is the gate that pauses it, empty for a person.
	Gate  Name
	Since time.Time // to the second; zero if somebody wrote no time

	epoch int64
	mark  string // the whole
}

// pausedKey is Asynq's own.
func pausedKey(queue string) string { return backlog.Key(queue, "paused") }

// newMark returns what a gate writes.
func newMark(now time.Time, name Name, epoch int64) string {
	return strconv.FormatInt(now.Unix(), 10) + markWord + string(name) + " " + strconv.FormatInt(epoch, 10)
}

func readMark(queue, mark string) Pause {
	p := Pause{Queue: queue, Paused: true, mark: mark}
	since, rest, gates := strings.Cut(mark, markWord)
	if name, epoch, ok := strings.Cut(rest, " "); gates && ok {
		p.Gate, p.epoch = Name(name), number(epoch)
	}
	if n := number(since); n != 0 {
		p.Since = time.Unix(n, 0).UTC()
	}
	return p
}

// Pauses returns all queues of the namespace that exist, by name, and what pauses them.
func (s *Store) Pauses(ctx context.Context) ([]Pause, error) {
	queues, err := backlog.Ours(ctx, s.client, s.namespace)
	if err != nil {
		return nil, err
	}
	marks := make([]*redis.StringCmd, len(queues))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, queue := range queues {
			marks[i] = p.Get(ctx, pausedKey(queue))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read what is paused: %w", err)
	}
	pauses := make([]Pause, len(queues))
	for i, queue := range queues {
		switch mark, err := marks[i].Result(); {
		case errors.Is(err, redis.Nil):
			pauses[i] = Pause{Queue: queue}
		case err != nil:
			return nil, fmt.Errorf("read what pauses %s: %w", queue, err)
		default:
			pauses[i] = readMark(queue, mark)
		}
	}
	return pauses, nil
}

// pause pauses a queue for a gate, unless it is paused already.
func (s *Store) pause(ctx context.Context, queue, mark string) error {
	if err := s.client.SetNX(ctx, pausedKey(queue), mark, 0).Err(); err != nil {
		return fmt.Errorf("pause %s: %w", queue, err)
	}
	return nil
}

// swap replaces a pause that was seen, or lifts it if mark is empty. It reports
// false if something else pauses the queue by now, or nothing.
func (s *Store) swap(ctx context.Context, seen Pause, mark string) (bool, error) {
	done, err := swapScript.Run(ctx, s.client, []string{pausedKey(seen.Queue)}, seen.mark, mark).Bool()
	if err != nil {
		return false, fmt.Errorf("change what pauses %s: %w", seen.Queue, err)
	}
	return done, nil
}
