package demo

import (
	"fmt"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Data is what a demo works on: the revocations, the payments among them that have
// receipts, and what goes wrong. [Invented] and [Listed] make it; it does not change while
// the demo runs.
type Data struct {
	// revocations are in the order in which they are requested, each imp_uid once.
	revocations []tasks.Revocation
	// issued are the receipts that the simulated PortOne has at the start. A payment
	// without one is answered 400, and its request ends as not_issued.
	issued []iamporttest.Receipt
	// faults are the rules in force from the start; package iamporttest says how several of
	// them about one imp_uid are tried.
	faults []iamporttest.Rule
	// outage is the gateway that is down for the first two seconds; none if empty. Its
	// receipts fail and are retried. Its gate stays open: Nice has 40 receipts, and 80 must
	// fail.
	outage tasks.Gateway
	// broken puts a task with an unreadable payload on the queue, which ends as
	// invalid_task.
	broken bool
	// slots is the worker's concurrency for each gateway: few, so that the progress of a
	// short demo can be seen.
	slots int
}

// batchName is the batch that most of a demo belongs to.
const batchName = "demo"

// split returns what is requested one by one, a third, and what as the batch, so that the
// web site shows both queues of each gateway at work. The lines of the batch are numbered
// from 1 as those of a file.
func (d *Data) split() (singles []tasks.Revocation, lines []enqueue.Line) {
	for i, r := range d.revocations {
		if i%3 == 0 {
			singles = append(singles, r)
		} else {
			lines = append(lines, enqueue.Line{Number: len(lines) + 1, ImpUID: r.ImpUID, PG: r.PG})
		}
	}
	return singles, lines
}

// Payments returns how many payments there are, without the broken task, which is for none.
func (d *Data) Payments() int { return len(d.revocations) }

// ImpUIDs returns the names under which there must be an outcome when the demo is over. The
// command waits for all of them, so one that never ends would keep it waiting.
func (d *Data) ImpUIDs() []string {
	impUIDs := make([]string, 0, len(d.revocations)+1)
	for _, r := range d.revocations {
		impUIDs = append(impUIDs, r.ImpUID)
	}
	if d.broken {
		// Nothing in the broken task names an imp_uid: its outcome is kept under a name
		// made of the task's ID.
		impUIDs = append(impUIDs, tasks.Unreadable(brokenTask))
	}
	return impUIDs
}

// unknown gives the receipts of others to imp_uids that are not the demo's: with --keep a
// person may request any imp_uid beside it. A payment of the demo without a receipt stays
// without, whatever others says, since its not_issued is part of the demo.
func (d *Data) unknown(others Receipts) Receipts {
	own := make(map[string]bool)
	for _, r := range d.revocations {
		own[r.ImpUID] = true
	}
	return func(impUID string) (iamporttest.Receipt, bool) {
		receipt, issued := others(impUID)
		return receipt, issued && !own[impUID]
	}
}

// add adds count payments of a gateway whose calls go wrong as the rules say. A single rule
// without a fault stands for no receipt at all. The rules are given for any imp_uid, and
// entered for each.
func (d *Data) add(count int, pg tasks.Gateway, rules ...iamporttest.Rule) {
	for range count {
		// The imp_uids have the form of PortOne's, imp_ and twelve digits, and are the same
		// in every demo.
		impUID := fmt.Sprintf("imp_%012d", 448_280_090_638+int64(len(d.revocations))*7_919)
		d.revocations = append(d.revocations, tasks.Revocation{ImpUID: impUID, PG: pg})
		// It is requested and has no receipt.
		if len(rules) == 1 && rules[0].Fault == "" {
			continue
		}
		d.issued = append(d.issued, iamporttest.Receipt{ImpUID: impUID, PG: pg})
		for _, rule := range rules {
			rule.ImpUID = impUID
			d.faults = append(d.faults, rule)
		}
	}
}

// Invented returns 300 payments of the six gateways this project began with, and most kinds
// of answers of README's table. 277 end revoked and 24 dead, the broken task among them.
// The counts are the same each time, since the faults are bound to imp_uids and not to
// chance.
func Invented() Data {
	once := func(fault iamporttest.Fault) iamporttest.Rule { return iamporttest.Rule{Fault: fault, Times: 1} }
	d := Data{outage: tasks.Nice, broken: true, slots: 3}

	// The gateway fails: twice for each receipt, once, or at every attempt, which ends as
	// attempts_exhausted.
	d.add(12, tasks.KCP, iamporttest.Rule{Fault: iamporttest.GatewayFailed, Times: 2})
	d.add(6, tasks.Settle, once(iamporttest.GatewayFailed))
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	// The DELETE revokes and its answer is lost: a lookup finds out, and the request ends
	// as already_revoked.
	d.add(8, tasks.Inicis, once(iamporttest.CutAfter))
	d.add(4, tasks.KCP, once(iamporttest.CutBody))
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.SlowAfter, Times: 1, Delay: 20 * time.Second})
	d.add(2, tasks.Inicis, once(iamporttest.Endless))
	// PortOne documents no lookup for Settle: these end as unconfirmed.
	d.add(2, tasks.Settle, once(iamporttest.CutAfter))
	// A proxy between PortOne and the worker answers in PortOne's place: without PortOne's
	// envelope any status is unreachable, and the attempt is repeated.
	d.add(6, tasks.Daou, once(iamporttest.BadGateway))
	d.add(3, tasks.Inicis, once(iamporttest.NotJSON))
	d.add(2, tasks.KCP, once(iamporttest.Redirect))
	// PortOne turns the call away. These attempts do not count, and one second of
	// Retry-After holds all calls.
	d.add(6, tasks.KCP, iamporttest.Rule{Fault: iamporttest.TooManyRequests, Times: 1, RetryAfter: time.Second})
	d.add(2, tasks.Inicis, once(iamporttest.ExpireToken))
	d.add(1, tasks.Inicis, iamporttest.Rule{Fault: iamporttest.Unauthorized, Times: 2})
	// The request is at fault, so no repetition helps: no receipt, code -1, and a gateway
	// that PortOne cannot revoke on (501).
	d.add(7, tasks.Inicis, iamporttest.Rule{})
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.RefusedCode})
	// The simulated PortOne answers 501 for KICC without a rule.
	d.add(8, tasks.KICC)
	// Nothing is wrong with these, but for the outage of Nice.
	d.add(40, tasks.Nice)
	d.add(30, tasks.Settle)
	d.add(35, tasks.Daou)
	d.add(55, tasks.KCP)
	// The last line fills up to 300, however many are added above.
	d.add(300-len(d.revocations), tasks.Inicis)
	return d
}

// Listed returns the payments of a person's own list, each with a receipt, and the faults
// of a bad day spread over them by chance: a share of the calls fails, whichever receipts
// they are for. The worker has its usual concurrency.
func Listed(revocations []tasks.Revocation) Data {
	d := Data{slots: worker.DefaultConcurrency, revocations: revocations}
	for _, r := range revocations {
		d.issued = append(d.issued, iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
	}
	d.faults = []iamporttest.Rule{
		{Fault: iamporttest.GatewayFailed, Percent: 15},
		{Fault: iamporttest.BadGateway, Percent: 2},
		{Fault: iamporttest.CutBefore, Percent: 1},
		{Fault: iamporttest.TooManyRequests, Percent: 1, RetryAfter: time.Second},
		{Fault: iamporttest.RefusedCode, Percent: 1},
	}
	return d
}
