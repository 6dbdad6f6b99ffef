package demo

import (
	"fmt"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Data is what a demo works on: the revocations, the payments among them that
// have receipts, and what goes wrong.
type Data struct {
	revocations []tasks.Revocation
	issued      []iamporttest.Receipt
	faults      []iamporttest.Rule
	outage      tasks.Gateway // goes down for a while; none if empty
	broken      bool          // a task with an unreadable payload appears as well
	slots       int           // of the worker, few enough for the progress to be seen
}

// batchName is the batch that most of a demo belongs to.
const batchName = "demo"

// split returns what is asked for by itself, and what as a batch.
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

// Payments returns how many payments there are.
func (d *Data) Payments() int { return len(d.revocations) }

// ImpUIDs returns what is to have an outcome when the demo is over.
func (d *Data) ImpUIDs() []string {
	impUIDs := make([]string, 0, len(d.revocations)+1)
	for _, r := range d.revocations {
		impUIDs = append(impUIDs, r.ImpUID)
	}
	if d.broken {
		impUIDs = append(impUIDs, tasks.Unreadable(brokenTask))
	}
	return impUIDs
}

// unknown gives the receipts of others to payments that a person asks for beside
// those of the demo.
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

// add adds count payments of a gateway, whose calls go wrong as the rules say; a
// rule without a fault stands for no receipt at all.
func (d *Data) add(count int, pg tasks.Gateway, rules ...iamporttest.Rule) {
	for range count {
		impUID := fmt.Sprintf("imp_%012d", 448_280_090_638+int64(len(d.revocations))*7_919)
		d.revocations = append(d.revocations, tasks.Revocation{ImpUID: impUID, PG: pg})
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

// Invented returns 300 payments of the six gateways this project began with, and
// every kind of answer.
func Invented() Data {
	once := func(fault iamporttest.Fault) iamporttest.Rule { return iamporttest.Rule{Fault: fault, Times: 1} }
	d := Data{outage: tasks.Nice, broken: true, slots: 3}

	// The gateway fails, twice or for ever.
	d.add(12, tasks.KCP, iamporttest.Rule{Fault: iamporttest.GatewayFailed, Times: 2})
	d.add(6, tasks.Settle, once(iamporttest.GatewayFailed))
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	// It may have worked unseen: a lookup tells.
	d.add(8, tasks.Inicis, once(iamporttest.CutAfter))
	d.add(4, tasks.KCP, once(iamporttest.CutBody))
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.SlowAfter, Times: 1, Delay: 20 * time.Second})
	d.add(2, tasks.Inicis, once(iamporttest.Endless))
	d.add(2, tasks.Settle, once(iamporttest.CutAfter)) // for which there is no lookup
	// A proxy between PortOne and the worker.
	d.add(6, tasks.Daou, once(iamporttest.BadGateway))
	d.add(3, tasks.Inicis, once(iamporttest.NotJSON))
	d.add(2, tasks.KCP, once(iamporttest.Redirect))
	// Turned away: these attempts do not count.
	d.add(6, tasks.KCP, iamporttest.Rule{Fault: iamporttest.TooManyRequests, Times: 1, RetryAfter: time.Second})
	d.add(2, tasks.Inicis, once(iamporttest.ExpireToken))
	d.add(1, tasks.Inicis, iamporttest.Rule{Fault: iamporttest.Unauthorized, Times: 2})
	// The request is at fault: no repetition helps.
	d.add(7, tasks.Inicis, iamporttest.Rule{})
	d.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.RefusedCode})
	d.add(8, tasks.KICC) // not supported by PortOne
	// All is well, but for the outage.
	d.add(40, tasks.Nice)
	d.add(30, tasks.Settle)
	d.add(35, tasks.Daou)
	d.add(55, tasks.KCP)
	d.add(300-len(d.revocations), tasks.Inicis)
	return d
}

// Listed returns the payments of a person's own list, each with a receipt, and the
// faults of a bad day spread over them.
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
