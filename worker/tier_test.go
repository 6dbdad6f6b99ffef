package worker_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// The tier of a request goes with each of its calls, also if its task is lost between two
// of them.
func TestTierGoesWithEveryCall(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var lock sync.Mutex
		tiers := make(map[string][]string) // by imp_uid
		b := newBench(t, client, iamporttest.Config{
			Faults: []iamporttest.Rule{{ImpUID: "imp_fails", Fault: iamporttest.GatewayFailed, Times: 2}},
			OnCall: func(c iamporttest.Call) {
				lock.Lock()
				defer lock.Unlock()
				tiers[c.ImpUID] = append(tiers[c.ImpUID], c.Tier)
			},
		})
		all := []tasks.Revocation{
			{ImpUID: "imp_fails", PG: tasks.KCP, Tier: "A01"},
			{ImpUID: "imp_lost", PG: tasks.KCP, Tier: "A02"},
			{ImpUID: "imp_plain", PG: tasks.KCP},
		}
		for _, r := range all {
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
			if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if r.ImpUID != "imp_lost" {
				b.enqueueAlone(t, r)
			}
		}
		b.due(t, "imp_lost", time.Hour)
		b.start(t)
		for _, r := range all {
			if o := b.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked {
				t.Errorf("%s: %+v", r.ImpUID, o)
			}
		}
		lock.Lock()
		defer lock.Unlock()
		for _, r := range all {
			if len(tiers[r.ImpUID]) == 0 || slices.ContainsFunc(tiers[r.ImpUID], func(tier string) bool { return tier != r.Tier }) {
				t.Errorf("%s of tier %q was called with %q", r.ImpUID, r.Tier, tiers[r.ImpUID])
			}
		}
	})
}
