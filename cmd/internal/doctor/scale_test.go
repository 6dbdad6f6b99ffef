package doctor_test

import (
	"fmt"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/tasks"
)

// What there is when the doctor's cost is measured.
var (
	scaleTasks    = scale.Of(10_000, 100_000)
	scaleOutcomes = scale.Of(100_000, 1_000_000)
)

// An examination costs next to nothing, whatever there is.
func TestExaminationOfAMillionOutcomesCostsLittle(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	each := redistest.FillQueues(t, client, scaleTasks, "mail")
	redistest.FillOutcomes(t, client, scaleOutcomes)
	const times, most = 20, 10 * time.Millisecond
	queues := len(tasks.Queues(""))
	best, before := time.Hour, redistest.CPU(t, client)
	for range times {
		began := time.Now()
		found := examine(t, config(client))
		best = min(best, time.Since(began))
		found.want(t, "queues", wanted{doctor.Failure, fmt.Sprintf("0 workers, %d tasks wait in %d queues", queues*each, queues)})
		found.want(t, "overdue", wanted{doctor.Warning, fmt.Sprintf("%d requests are open", scaleOutcomes/20)})
		if t.Failed() {
			return
		}
	}
	spent := (redistest.CPU(t, client) - before) / times
	t.Logf("an examination takes %v at best, %v of them Redis' processor time", best, spent)
	if spent > most || best > time.Second {
		t.Errorf("an examination takes %v and Redis %v, want at most a second and %v", best, spent, most)
	}
}
