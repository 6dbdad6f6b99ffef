package worker_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// told is what an outcome tells of the calls before it.
type told struct {
	reason  outcome.Reason
	http    int
	message bool
	unseen  bool // until when it is looked up
}

func tells(o outcome.Outcome) told {
	return told{o.Reason, o.HTTPStatus, o.Message != "", !o.LookedUpUntil.IsZero()}
}

// What keeps a request open takes the place of no answer, and only where a DELETE may have
// worked unseen is that said.
func TestLastAnswerStaysWhileItIsNotTheMomentToGiveUp(t *testing.T) {
	t.Parallel()
	fault := func(fault iamporttest.Fault, times int) iamporttest.Rule {
		return iamporttest.Rule{ImpUID: one, Fault: fault, Times: times, Delay: time.Minute}
	}
	for name, test := range map[string]struct {
		faults   []iamporttest.Rule
		attempts int
		lossy    bool // Redis may have forgotten a DELETE
		killed   bool // the process of the first attempt was
		cancel   bool
		want     told
	}{
		"500, cancelled":         {[]iamporttest.Rule{fault(iamporttest.GatewayFailed, 0)}, 9, true, false, true, told{outcome.ReasonPGFailure, 500, true, true}},
		"500 with one attempt":   {[]iamporttest.Rule{fault(iamporttest.GatewayFailed, 0)}, 1, true, false, false, told{outcome.ReasonPGFailure, 500, true, true}},
		"400 with one attempt":   {[]iamporttest.Rule{fault(iamporttest.BadRequest, 0)}, 1, true, false, false, told{"", 400, true, true}},
		"cut, then 400":          {[]iamporttest.Rule{fault(iamporttest.CutBefore, 1), fault(iamporttest.BadRequest, 0)}, 2, false, false, false, told{outcome.ReasonUnreachable, 400, true, true}},
		"timed out, cancelled":   {[]iamporttest.Rule{fault(iamporttest.Hang, 1)}, 9, false, false, true, told{outcome.ReasonUnreachable, 0, true, true}},
		"process killed":         {nil, 1, false, true, false, told{unseen: true}},
		"process killed, cancel": {nil, 9, false, true, true, told{unseen: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: test.faults})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
				b.enqueue(t, r)
				if test.lossy {
					client.Set(t.Context(), "{receipt}:lossy", 1, time.Hour)
				}
				if test.killed {
					b.crash(t, r)
				}
				base := time.Millisecond
				if test.cancel {
					base = time.Hour
				}
				start := func() {
					b.start(t, unseenFor(time.Hour), func(config *worker.Config) {
						config.Schedule = backoff.Schedule{Attempts: test.attempts, Base: base, Max: base}
					})
				}
				if !test.killed {
					start()
					b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" || o.HTTPStatus != 0 })
				}
				if test.cancel {
					if _, err := b.outcomes.Cancel(t.Context(), []string{one}, false); err != nil {
						t.Fatal(err)
					}
				}
				if test.killed {
					start()
				}
				lookups := func() int { truth, _ := b.portone.Truth(one); return truth.Lookups }
				o := b.await(t, one, func(o outcome.Outcome) bool { return !o.LookedUpUntil.IsZero() })
				if !test.cancel { // and it stays so when it is looked up again
					before := lookups()
					eventually(t, "it is looked up again", func() bool { return lookups() > before+3 })
					o = b.await(t, one, func(o outcome.Outcome) bool { return !o.LookedUpUntil.IsZero() })
				}
				if got := tells(o); o.Status != outcome.Retrying || got != test.want {
					t.Errorf("got %s %+v, want retrying %+v; %+v", o.Status, got, test.want, o)
				}
			})
		})
	}
}

// From the DELETE on that had no answer it is said until when it is looked up, whether or not
// somebody cancels it: longer once a lookup has told nothing, and no more once one has told.
func TestDeleteWithoutAnswerIsSaidAtOnceToBeLookedUp(t *testing.T) {
	t.Parallel()
	cut := iamporttest.Rule{ImpUID: one, Fault: iamporttest.CutBefore, Times: 1}
	blind := iamporttest.Rule{ImpUID: one, Fault: iamporttest.Page(502), Lookup: true}
	refused := iamporttest.Rule{ImpUID: one, Fault: iamporttest.GatewayFailed}
	for name, test := range map[string]struct {
		faults []iamporttest.Rule
		pg     tasks.Gateway
		await  func(outcome.Outcome) bool
		want   time.Duration // from the DELETE on, 0 for not at all
	}{
		"before the first lookup": {[]iamporttest.Rule{cut}, tasks.KCP, func(o outcome.Outcome) bool { return o.Attempts == 1 }, time.Minute},
		"no documented lookup":    {[]iamporttest.Rule{cut}, tasks.Settle, func(o outcome.Outcome) bool { return o.Attempts == 1 }, time.Minute},
		"lookups tell nothing":    {[]iamporttest.Rule{cut, blind}, tasks.KCP, func(o outcome.Outcome) bool { return o.HTTPStatus == 502 }, 2 * time.Hour},
		"a DELETE was answered":   {[]iamporttest.Rule{refused}, tasks.KCP, func(o outcome.Outcome) bool { return o.HTTPStatus == 500 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: test.faults})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: test.pg})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: test.pg})
				b.start(t, unseenFor(time.Minute), func(config *worker.Config) {
					config.GiveUpAfter = 2 * time.Hour
					config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
					if test.want > time.Minute {
						config.Schedule.Base = time.Millisecond
					}
				})
				o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" && test.await(o) })
				switch left := o.LookedUpUntil.Sub(o.FirstAttemptAt); {
				case test.want == 0 && !o.LookedUpUntil.IsZero():
					t.Errorf("looked up until %v, want no such time", o.LookedUpUntil)
				case test.want > 0 && (left < test.want || left > test.want+30*time.Second):
					t.Errorf("looked up for %v, want %v", left, test.want)
				}
			})
		})
	}
}

// crash begins an attempt of a process that does not live to say how it ended.
func (b *bench) crash(t *testing.T, r tasks.Revocation) {
	t.Helper()
	if _, err := b.outcomes.Begin(t.Context(), r, time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond) // its lease is over
}

// Where every DELETE was answered, what is cancelled ends with its next lookup.
func TestAnsweredThenCancelledIsNotLookedUpForLong(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.GatewayFailed}}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		b.start(t, unseenFor(time.Hour), func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
		})
		b.await(t, one, func(o outcome.Outcome) bool { return o.Reason == outcome.ReasonPGFailure })
		if _, err := b.outcomes.Cancel(t.Context(), []string{one}, false); err != nil {
			t.Fatal(err)
		}
		o := b.await(t, one, func(o outcome.Outcome) bool { return o.Status.Terminal() || !o.LookedUpUntil.IsZero() })
		if got, want := tells(o), (told{outcome.ReasonWithdrawn, 500, true, false}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// A dead letter that was waited for says what was answered last, and not why it waited.
func TestLastAnswerStaysWhereItIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.BadRequest}}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		client.Set(t.Context(), "{receipt}:lossy", 1, time.Hour)
		b.start(t, unseenFor(3*time.Second), func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Attempts: 1, Base: 50 * time.Millisecond, Max: 50 * time.Millisecond}
		})
		b.await(t, one, func(o outcome.Outcome) bool { return !o.LookedUpUntil.IsZero() })
		o := b.await(t, one, terminal)
		if got, want := tells(o), (told{outcome.ReasonAttemptsExhausted, 400, true, false}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
