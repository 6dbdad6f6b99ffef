package worker_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// truth returns what PortOne knows of a receipt.
func (b *bench) truth(t *testing.T, impUID string) iamporttest.Truth {
	t.Helper()
	truth, ok := b.portone.Truth(impUID)
	if !ok {
		t.Fatalf("PortOne knows nothing of %s", impUID)
	}
	return truth
}

// A receipt is revoked, another is issued for the rest: a plain request stays a duplicate,
// and one for the receipt that exists now revokes it.
func TestReceiptThatIsIssuedAgainIsRevokedIfAskedFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.start(t)
		b.enqueue(t, r)
		first := b.await(t, one, terminal)
		if _, ok := b.portone.Reissue(one, 500); !ok {
			t.Fatal("it is not issued again")
		}
		second := b.truth(t, one).Receipt
		plain, err := b.outcomes.Ask(t.Context(), r)
		if err != nil || plain.Kind == outcome.KindQueued || plain.ApplyNum != first.ApplyNum {
			t.Errorf("a plain request: %+v, %v; want a duplicate that names %s", plain, err, first.ApplyNum)
		}
		for name, again := range map[string]tasks.Revocation{
			"named": {ImpUID: one, PG: tasks.KCP, ApplyNum: second.ApplyNum}, "again": {ImpUID: one, PG: tasks.KCP, Again: true},
		} {
			if name == "again" {
				b.portone.Reissue(one, 300)
			}
			now := b.truth(t, one).Receipt.ApplyNum
			if name == "named" {
				again.ApplyNum = now
			}
			b.enqueue(t, again)
			o := b.await(t, one, func(o outcome.Outcome) bool { return terminal(o) && o.ApplyNum == now })
			if o.Reason != outcome.ReasonRevoked || o.Attempts != 1 || !b.truth(t, one).Revoked() {
				t.Errorf("%s: got %+v", name, o)
			}
			if name == "named" {
				b.portone.Reissue(one, 300)
			}
		}
	})
}

// Zeros before a number, which Excel strips, make no other number of it.
func TestReceiptIsFoundByANumberWithMoreZeros(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: "00" + b.truth(t, one).ApplyNum})
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.ApplyNum != b.truth(t, one).ApplyNum {
			t.Errorf("got %+v", o)
		}
	})
}

// The receipt that exists now is another than was asked for: it is left alone.
func TestReceiptThatWasNotAskedForIsLeftAlone(t *testing.T) {
	t.Parallel()
	cut := []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.CutAfter, Times: 1}}
	failed := []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.GatewayFailed, Times: 1}}
	gone := []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.BadGateway, Lookup: true}}
	for name, test := range map[string]struct {
		faults   []iamporttest.Rule
		applyNum string
		again    bool
		reissue  bool // later than the request, while its answer is lost
		revoke   bool // that one too
		deletes  int
		want     outcome.Reason
	}{
		"another number is named":               {nil, "another", false, false, false, 0, outcome.ReasonReissued},
		"issued after the request":              {cut, "", false, true, false, 1, outcome.ReasonReissued},
		"the answer was lost, nothing else":     {cut, "", false, false, false, 1, outcome.ReasonAlreadyRevoked},
		"seen before, and then another":         {failed, "", false, true, false, 1, outcome.ReasonReissued},
		"seen before, and another is revoked":   {failed, "", false, true, true, 1, outcome.ReasonReissued},
		"asked again, and another is revoked":   {failed, "", true, true, true, 1, outcome.ReasonReissued},
		"no lookup saw one, another is revoked": {cut, "", false, true, true, 1, outcome.ReasonAlreadyRevoked},
		"no lookup tells which receipt it is":   {gone, "G-1", false, false, false, 0, outcome.ReasonAttemptsExhausted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				var ahead atomic.Int64
				b := newBench(t, client, iamporttest.Config{Faults: test.faults, Now: func() time.Time {
					return time.Now().Add(time.Duration(ahead.Load()))
				}})
				goOn := func() { // with the second attempt
					inspector := asynq.NewInspectorFromRedisClient(client)
					eventually(t, "its task waits", func() bool { return inspector.RunTask("receipts-kcp", tasks.TaskID(one)) == nil })
				}
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: test.applyNum, Again: test.again})
				b.start(t, func(config *worker.Config) {
					config.Schedule, config.GiveUpAfter = backoff.Schedule{Attempts: 2, Base: time.Hour, Max: time.Hour}, 1
				})
				if o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" }); terminal(o) {
					goOn = func() {}
				}
				if test.reissue {
					ahead.Store(int64(10 * time.Minute))
					b.portone.Revoke(one)
					if _, ok := b.portone.Reissue(one, 500); !ok {
						t.Fatal("it is not issued again")
					}
				}
				if test.revoke {
					b.portone.Revoke(one)
				}
				goOn()
				o := b.await(t, one, terminal)
				truth := b.truth(t, one)
				if o.Reason != test.want || truth.Deletes != test.deletes {
					t.Errorf("got %+v after %d DELETEs, want %s after %d", o, truth.Deletes, test.want, test.deletes)
				}
				if told := strings.Contains(o.Message, "which is revoked too"); told != (test.revoke && o.Reason == outcome.ReasonReissued) {
					t.Errorf("the message says %q", o.Message)
				}
				if test.reissue && !test.revoke && truth.Revoked() {
					t.Error("the receipt that nobody asked for is revoked")
				}
			})
		})
	}
}
