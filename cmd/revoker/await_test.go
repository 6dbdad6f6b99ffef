package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// stillLoading is a Redis that has been started again and reads its files for some commands more.
type stillLoading struct{ commands atomic.Int32 }

func (l *stillLoading) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *stillLoading) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if l.commands.Add(-1) >= 0 {
			cmd.SetErr(errLoading)
			return errLoading
		}
		return next(ctx, cmd)
	}
}

func (l *stillLoading) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if l.commands.Add(-1) >= 0 {
			for _, cmd := range cmds {
				cmd.SetErr(errLoading)
			}
			return errLoading
		}
		return next(ctx, cmds)
	}
}

var errLoading = errors.New("LOADING Redis is loading the dataset in memory")

// Waiting for single requests outlasts a Redis that reads its files, shows first what ends
// first, and names what stays requested when it is stopped.
func TestWaitingForSingleRequests(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	hook := &stillLoading{}
	client.AddHook(hook)
	queue := enqueue.NewClient(client, enqueue.Config{})
	var asked []outcome.Outcome
	for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
		if _, err := queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID}); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, outcome.Outcome{ImpUID: impUID, Status: outcome.Queued})
	}
	store := outcome.NewStore(client, outcome.Config{})
	for _, impUID := range []string{"imp_2", "imp_3"} {
		attempt, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}); err != nil {
			t.Fatal(err)
		}
	}
	hook.commands.Store(3)
	var said buffer
	ctx, stop := context.WithCancel(t.Context())
	var shown []string
	err := newAwaiting(&said, client, queue, "").each(ctx, asked, func(o outcome.Outcome) error {
		if shown = append(shown, o.ImpUID); len(shown) == 2 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, errUnfinished) || !slices.Equal(shown, []string{"imp_2", "imp_3"}) {
		t.Errorf("shown %q, %v; said\n%s", shown, err, said.String())
	}
	if want := "stopped waiting; imp_1 stays requested, and 'revoker status imp_1' tells"; !strings.Contains(said.String(), want) {
		t.Errorf("no %q in\n%s", want, said.String())
	}
}

// What Redis has lost is not waited for, and is named; the rest is waited for.
func TestWaitingEndsForWhatRedisHasLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose []string // all that is asked for, if nil
		want string
		said string
	}{
		"all": {nil, "2 imp_uids are not requested any more: Redis has lost them; ask for them again: imp_1 imp_2", ""},
		"one": {
			[]string{"{receipt}:request:imp_1"},
			"imp_1 is not requested any more: Redis has lost it; ask for it again",
			"revoker: imp_1 is not requested any more: Redis has lost it; ask for it again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Embedded(t)
			queue := enqueue.NewClient(client, enqueue.Config{})
			var asked []outcome.Outcome
			for _, impUID := range []string{"imp_1", "imp_2"} {
				if _, err := queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID}); err != nil {
					t.Fatal(err)
				}
				asked = append(asked, outcome.Outcome{ImpUID: impUID, Status: outcome.Queued})
			}
			var said buffer
			waiting, ended := newAwaiting(&said, client, queue, ""), make(chan error)
			go func() {
				ended <- waiting.each(t.Context(), asked, func(outcome.Outcome) error { return nil })
			}()
			if test.lose == nil {
				client.FlushAll(t.Context())
			} else {
				client.Del(t.Context(), test.lose...)
				redistest.Eventually(t, 20*time.Second, test.said, func() bool { return strings.Contains(said.String(), test.said) })
				attempt, err := outcome.NewStore(client, outcome.Config{}).Begin(t.Context(), tasks.Revocation{ImpUID: "imp_2"}, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				end := outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}
				if _, err := outcome.NewStore(client, outcome.Config{}).Finish(t.Context(), attempt, end); err != nil {
					t.Fatal(err)
				}
			}
			var lost lostError
			if err := <-ended; !errors.As(err, &lost) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
