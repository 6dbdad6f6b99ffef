package asynqkeys

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed pause.lua
	pauseSource string
	//go:embed pause_swap.lua
	swapSource string

	pauseScript = redis.NewScript(pauseSource)
	swapScript  = redis.NewScript(swapSource)
)

// Mark is what stands in the key of a queue's pause. Asynq obeys that the key exists, and
// writes the second into it; others may write more.
type Mark struct {
	Paused bool
	Text   string // empty also where the key is of another type
}

// Pauses reads and changes what pauses queues.
type Pauses struct{ Redis redis.UniversalClient }

// pausedKey is that which pauses a queue.
func pausedKey(queue string) string { return Key(queue, "paused") }

// markOf returns the mark that a reply has; none where that is nothing.
func markOf(reply *redis.Cmd) (Mark, error) {
	text, err := reply.Text()
	if errors.Is(err, redis.Nil) {
		return Mark{}, nil
	}
	return Mark{Paused: err == nil, Text: text}, err
}

// Marks returns what pauses queues, in their order.
func (p Pauses) Marks(ctx context.Context, queues []string) ([]Mark, error) {
	replies := make([]*redis.Cmd, len(queues))
	_, _ = p.Redis.Pipelined(ctx, func(pipe redis.Pipeliner) error { // each has its own error
		for i, queue := range queues {
			replies[i] = pipe.Do(ctx, "get", pausedKey(queue))
		}
		return nil
	})
	marks := make([]Mark, len(queues))
	for i, queue := range queues {
		var err error
		marks[i], err = markOf(replies[i])
		switch {
		case err != nil && redis.HasErrorPrefix(err, "WRONGTYPE"): // Asynq obeys that it exists
			marks[i].Paused = true
		case err != nil:
			return nil, fmt.Errorf("read what pauses %s: %w", queue, err)
		}
	}
	return marks, nil
}

// Pause pauses queues with a mark, whether or not they exist. What is paused with a mark that
// does not match over, a pattern of Lua, stays as it is. It returns what paused each before. On
// an error some may be paused; the call may be repeated.
func (p Pauses) Pause(ctx context.Context, queues []string, mark, over string) ([]Mark, error) {
	replies := make([]*redis.Cmd, len(queues))
	_, _ = p.Redis.Pipelined(ctx, func(pipe redis.Pipeliner) error { // each has its own error
		for i, queue := range queues {
			replies[i] = pauseScript.Eval(ctx, pipe, []string{pausedKey(queue)}, mark, over)
		}
		return nil
	})
	before := make([]Mark, len(queues))
	for i, queue := range queues {
		var err error
		if before[i], err = markOf(replies[i]); err != nil {
			return nil, fmt.Errorf("pause %s: %w", queue, err)
		}
	}
	return before, nil
}

// Swap replaces the mark of a queue by another, each empty for none, and reports false
// if the queue has another mark than was seen.
func (p Pauses) Swap(ctx context.Context, queue, seen, mark string) (bool, error) {
	done, err := swapScript.Run(ctx, p.Redis, []string{pausedKey(queue)}, seen, mark).Bool()
	if err != nil {
		return false, fmt.Errorf("change what pauses %s: %w", queue, err)
	}
	return done, nil
}
