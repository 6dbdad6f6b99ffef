package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

func TestRetryGivesFreshAttemptsOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.archive(t, asked)
		letter := b.bury(t, asked, outcome.ReasonAttemptsExhausted, time.Time{})

		if err := b.list.Retry(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		b.want(t, "pending", outcome.Retrying, 0)
		if o, err := b.outcomes.Get(t.Context(), one); err != nil || o.Attempts != 0 {
			t.Errorf("got %+v, %v; want no attempts", o, err)
		}

		var notDead *outcome.NotDeadError
		if err := b.list.Retry(t.Context(), letter); !errors.As(err, &notDead) || notDead.Status != outcome.Retrying {
			t.Errorf("second time: %v, want a NotDeadError", err)
		}
		b.want(t, "pending", outcome.Retrying, 0)
	})
}

var errDied = errors.New("the process died")

// Whatever command is the last one before the process dies, nothing is lost:
// the letter is dead and a second run retries it, or it is overdue and the ID
// is free for the sweeper, or the task is enqueued.
func TestRetryInterruptedAnywhereIsFinished(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		met := make(map[string]bool)
		for limit := 0; ; limit++ {
			client.FlushAll(t.Context())
			b := newBench(client)
			b.archive(t, asked)
			letter := b.bury(t, asked, outcome.ReasonAttemptsExhausted, time.Time{})
			commands := 0
			dying := b.hooked(t, hook{before: func(redis.Cmder) error {
				if commands++; commands > limit {
					return errDied
				}
				return nil
			}})
			err := dying.Retry(t.Context(), letter)
			if err == nil {
				break
			}
			if !errors.Is(err, errDied) && commands <= limit {
				t.Fatalf("after %d commands: %v", limit, err)
			}
			met[b.recover(t, letter)] = true
			if t.Failed() {
				t.Fatalf("after %d commands: %v", limit, err)
			}
		}
		for _, gap := range []string{"dead", "revived, archived", "revived, "} {
			if !met[gap] {
				t.Errorf("no process died at: %s", gap)
			}
		}
	})
}

// recover does what follows a crash, and returns where it was met.
func (b *bench) recover(t *testing.T, letter outcome.Outcome) (gap string) {
	t.Helper()
	held := b.state(t, asked)
	known, err := b.outcomes.Get(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case known.Status == outcome.Dead && held == "archived":
		gap = "dead"
	case known.Status == outcome.Retrying && (held == "" || held == "archived"):
		gap = "revived, " + held
		if !b.overdue(t) {
			t.Error("revived and not enqueued, but not overdue")
		}
	default:
		t.Errorf("%s with a task that is %q", known.Status, held)
	}
	err = b.list.Retry(t.Context(), letter)
	if gap != "dead" {
		var notDead *outcome.NotDeadError
		if !errors.As(err, &notDead) || notDead.Status != outcome.Retrying {
			t.Errorf("retried again: %v, want that it is not dead", err)
		}
		if _, err := (asynqkeys.Producer{Redis: b.client, Asynq: b.queue}).Enqueue(t.Context(), asked); err != nil { // the sweeper does
			t.Error(err)
		}
	} else if err != nil {
		t.Errorf("retried again: %v", err)
	}
	b.want(t, "pending", outcome.Retrying, 0)
	return gap
}

// A command that was cancelled stops between two letters, not inside one.
func TestCancelledRetryEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})
		ctx, cancel := context.WithCancel(t.Context())
		list := b.hooked(t, hook{after: func(redis.Cmder) {
			if o, _ := b.outcomes.Get(t.Context(), one); o.Status == outcome.Retrying {
				cancel()
			}
		}})
		if err := list.Retry(ctx, letter); err != nil || ctx.Err() == nil {
			t.Errorf("got %v, cancelled: %t", err, ctx.Err() != nil)
		}
		b.want(t, "pending", outcome.Retrying, 0)
	})
}

func TestRetryMeetsATaskThatAppearsMeanwhile(t *testing.T) {
	t.Parallel()
	for name, appear := range map[string]func(*bench, *testing.T, tasks.Revocation){
		"live": (*bench).enqueue, "finished": (*bench).archive,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(client)
				letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})
				appeared := false
				list := b.hooked(t, hook{after: func(redis.Cmder) {
					if o, _ := b.outcomes.Get(t.Context(), one); o.Status == outcome.Retrying && !appeared {
						appeared = true
						appear(b, t, asked)
					}
				}})
				if err := list.Retry(t.Context(), letter); err != nil || !appeared {
					t.Errorf("got %v, met a task: %t", err, appeared)
				}
				b.want(t, "pending", outcome.Retrying, 0)
			})
		})
	}
}

// Two people retry at once, and one is faster in every place.
func TestRetriesAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.archive(t, asked)
		letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})
		other, looked := b.list, false
		list := b.hooked(t, hook{after: func(cmd redis.Cmder) {
			if looked || !strings.HasPrefix(cmd.Name(), "eval") {
				return // not yet the script that revives the letter
			}
			looked = true
			var notDead *outcome.NotDeadError
			if err := other.Retry(t.Context(), letter); !errors.As(err, &notDead) {
				t.Errorf("the other one: %v, want a NotDeadError", err)
			}
		}})
		if err := list.Retry(t.Context(), letter); err != nil || !looked {
			t.Errorf("the first one: %v", err)
		}
		b.want(t, "pending", outcome.Retrying, 0)
	})
}

// A worker writes the outcome a moment before it tells Asynq.
func TestRetryWaitsForTheWorkerToLetGo(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		began, letGo := make(chan struct{}), make(chan struct{})
		server := asynq.NewServerFromRedisClient(client, asynq.Config{
			Queues: map[string]int{tasks.QueueOf(asked).Name(): 1}, Concurrency: 1, LogLevel: asynq.FatalLevel,
			TaskCheckInterval: 10 * time.Millisecond,
		})
		err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			close(began)
			<-letGo
			return asynq.SkipRetry
		}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Shutdown)
		b.enqueue(t, asked)
		<-began
		letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})

		server.Stop() // takes no more tasks, so that the new one stays
		time.AfterFunc(50*time.Millisecond, func() { close(letGo) })
		if err := b.list.Retry(t.Context(), letter); err != nil {
			t.Error(err)
		}
		b.want(t, "pending", outcome.Retrying, 0)
	})
}

func TestWhatCanNeverBecomeACallIsNotRevived(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		letter := b.bury(t, tasks.Revocation{ImpUID: "imp 1"}, outcome.ReasonInvalidTask, time.Time{})
		if err := b.list.Retry(t.Context(), letter); !errors.Is(err, tasks.ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid", err)
		}
		if n, err := b.outcomes.DeadLetters(t.Context()); n != 1 || err != nil {
			t.Errorf("%d dead letters, %v; want it dead as before", n, err)
		}
	})
}

// A letter that somebody has cancelled, or whose receipt is another by now, stays dead.
func TestRetryLeavesAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason    outcome.Reason
		cancelled bool
		want      error
	}{
		"withdrawn":          {outcome.ReasonWithdrawn, false, outcome.ErrWithdrawn},
		"reissued":           {outcome.ReasonReissued, false, outcome.ErrReissued},
		"refused":            {outcome.ReasonRefused, false, nil},
		"refused, cancelled": {outcome.ReasonRefused, true, outcome.ErrWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(client)
				letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})
				client.HSet(t.Context(), "{receipt}:outcome:"+one, "reason", string(test.reason))
				if test.cancelled {
					if _, err := b.outcomes.Cancel(t.Context(), []string{one}, false); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.list.Retry(t.Context(), letter); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if o, err := b.outcomes.Get(t.Context(), one); err != nil || (o.Status == outcome.Dead) != (test.want != nil) {
					t.Errorf("it is %s, %v", o.Status, err)
				}
			})
		})
	}
}

// A list is cancelled while its letters are being retried: those that come after that stay
// dead, and those before are withdrawn.
func TestRetryOfAListStopsOnceTheListIsCancelled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b, ctx := newBench(client), t.Context()
		var rows []outcome.Row
		var list []tasks.Revocation
		for i := range 20 {
			list = append(list, tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP, Batch: "wrong", Row: i + 1})
			rows = append(rows, outcome.Row{Digest: [4]byte{byte(i)}})
		}
		if _, err := b.outcomes.AskRows(ctx, "wrong", "", 1, rows, list); err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			b.bury(t, r, outcome.ReasonAttemptsExhausted, time.Time{})
		}
		retried, left := 0, 0
		for letter, err := range b.list.All(ctx, deadletter.Filter{Batch: "wrong"}) {
			if err != nil {
				t.Fatal(err)
			}
			switch err := b.list.Retry(ctx, letter); {
			case err == nil:
				retried++
			case errors.Is(err, outcome.ErrWithdrawn):
				left++
			default:
				t.Fatal(err)
			}
			if retried == 5 && left == 0 {
				if err := b.outcomes.MarkCancelled(ctx, "wrong"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if retried != 5 || left != 15 {
			t.Errorf("%d letters retried, %d left; want 5 and 15", retried, left)
		}
		for _, r := range list {
			attempt, err := b.outcomes.Begin(ctx, r, time.Minute)
			var ended *outcome.TerminalError
			if !errors.As(err, &ended) && (err != nil || !attempt.Withdrawn) {
				t.Errorf("%s may be called: %+v, %v", r.ImpUID, attempt, err)
			}
		}
	})
}

func TestRetriedTaskStaysVisibleAsLongAsAsked(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		letter := b.bury(t, asked, outcome.ReasonRefused, time.Time{})
		list := deadletter.New(client, b.outcomes, deadletter.Config{Retention: time.Hour})
		if err := list.Retry(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		task, err := b.tasks.GetTaskInfo(tasks.QueueOf(asked).Name(), tasks.TaskID(one))
		if err != nil || task.Retention != time.Hour {
			t.Errorf("got %+v, %v; want a retention of 1h", task, err)
		}
	})
}
