package world

import (
	"slices"
	"time"

	"receiptrevoker/worker/gate"
)

// promptly is within which time of a gate's opening the receipts are called that had failed behind it: its
// keeper and the workers look once a second, or are woken, and a gateway that is up takes no time.
const promptly = 30 * time.Second

// fails notes an ordinary receipt of which a DELETE has failed, through the gate of its own gateway.
func (l *lookout) fails(p payment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.nature == ordinary && p.role != reissued && p.role != archived && p.PG == p.receipt.PG {
		l.failed[gate.Of(p.PG)] = append(l.failed[gate.Of(p.PG)], p.ImpUID)
	}
}

// succeeds returns the other receipts that had failed on a payment's gateway until it succeeded.
func (l *lookout) succeeds(p payment) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	failed := l.failed[gate.Of(p.PG)]
	delete(l.failed, gate.Of(p.PG))
	return slices.DeleteFunc(failed, func(impUID string) bool { return impUID == p.ImpUID })
}

// mustHaveCalled fails if a receipt that had failed until a success opened its gate was not called since, or just
// before. A gateway that is down or paused since, and any other fault, explain it.
func (l *lookout) mustHaveCalled(failed []string, success time.Time) {
	now := time.Now()
	if l.world.happened(success.Add(-time.Minute), now, Fault.delays) || l.world.happened(success, now, Fault.stops) {
		return
	}
	for _, impUID := range failed {
		called, touched := 0, false
		l.world.proof.Note(func() {
			called, touched = l.world.proof.DeletesSince(impUID, success.Add(-grace)), l.world.proof.Touched[impUID]
		})
		if called == 0 && !touched {
			l.world.fail(impUID, "it failed behind a gate that a success opened %v ago, and was not called since", promptly)
		}
	}
}
