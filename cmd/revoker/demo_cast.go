package main

import (
	"errors"
	"fmt"
	"time"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// cast is who appears in a demo: the revocations, the payments among them
// that have receipts, and what goes wrong.
type cast struct {
	revocations []tasks.Revocation
	issued      []iamporttest.Receipt
	faults      []iamporttest.Rule
	outage      tasks.Gateway // goes down for a while; none if empty
	broken      bool          // a task that nobody can read appears as well
	slots       int           // of the worker, few enough for the progress to be seen
}

// demoBatch is the batch that most of a demo belongs to.
const demoBatch = "demo"

// split returns what is asked for by itself, and what as a batch.
func (c *cast) split() (singles []tasks.Revocation, lines []enqueue.Line) {
	for i, r := range c.revocations {
		if i%3 == 0 {
			singles = append(singles, r)
		} else {
			lines = append(lines, enqueue.Line{Number: len(lines) + 1, ImpUID: r.ImpUID, PG: r.PG})
		}
	}
	return singles, lines
}

func (c *cast) impUIDs() []string {
	impUIDs := make([]string, 0, len(c.revocations)+1)
	for _, r := range c.revocations {
		impUIDs = append(impUIDs, r.ImpUID)
	}
	if c.broken {
		impUIDs = append(impUIDs, brokenTask)
	}
	return impUIDs
}

// unknown gives receipts to payments that a person asks for beside the cast's.
func (c *cast) unknown() func(string) (iamporttest.Receipt, bool) {
	own := make(map[string]bool)
	for _, r := range c.revocations {
		own[r.ImpUID] = true
	}
	others := unlisted(0)
	return func(impUID string) (iamporttest.Receipt, bool) {
		receipt, issued := others(impUID)
		return receipt, issued && !own[impUID]
	}
}

// add lets count more payments of a gateway appear, whose calls go wrong as
// the rules say; a rule without a fault stands for no receipt at all.
func (c *cast) add(count int, pg tasks.Gateway, rules ...iamporttest.Rule) {
	for range count {
		impUID := fmt.Sprintf("imp_%012d", 448_280_090_638+int64(len(c.revocations))*7_919)
		c.revocations = append(c.revocations, tasks.Revocation{ImpUID: impUID, PG: pg})
		if len(rules) == 1 && rules[0].Fault == "" {
			continue
		}
		c.issued = append(c.issued, iamporttest.Receipt{ImpUID: impUID, PG: pg})
		for _, rule := range rules {
			rule.ImpUID = impUID
			c.faults = append(c.faults, rule)
		}
	}
}

// demoCast returns 300 payments of the six gateways this project began with,
// and every kind of answer.
func demoCast() cast {
	once := func(fault iamporttest.Fault) iamporttest.Rule { return iamporttest.Rule{Fault: fault, Times: 1} }
	c := cast{outage: tasks.Nice, broken: true, slots: 3}

	// The gateway fails, twice or for ever.
	c.add(12, tasks.KCP, iamporttest.Rule{Fault: iamporttest.GatewayFailed, Times: 2})
	c.add(6, tasks.Settle, once(iamporttest.GatewayFailed))
	c.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	// Nobody knows whether it worked: a lookup tells.
	c.add(8, tasks.Inicis, once(iamporttest.CutAfter))
	c.add(4, tasks.KCP, once(iamporttest.CutBody))
	c.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.SlowAfter, Times: 1, Delay: 20 * time.Second})
	c.add(2, tasks.Inicis, once(iamporttest.Endless))
	c.add(2, tasks.Settle, once(iamporttest.CutAfter)) // for which there is no lookup
	// Somebody between PortOne and us.
	c.add(6, tasks.Daou, once(iamporttest.BadGateway))
	c.add(3, tasks.Inicis, once(iamporttest.NotJSON))
	c.add(2, tasks.KCP, once(iamporttest.Redirect))
	// Turned away: these attempts do not count.
	c.add(6, tasks.KCP, iamporttest.Rule{Fault: iamporttest.TooManyRequests, Times: 1, RetryAfter: time.Second})
	c.add(2, tasks.Inicis, once(iamporttest.ExpireToken))
	c.add(1, tasks.Inicis, iamporttest.Rule{Fault: iamporttest.Unauthorized, Times: 2})
	// The request is at fault: no repetition helps.
	c.add(7, tasks.Inicis, iamporttest.Rule{})
	c.add(3, tasks.Daou, iamporttest.Rule{Fault: iamporttest.RefusedCode})
	c.add(8, tasks.KICC) // not supported by PortOne
	// All is well, but for the outage.
	c.add(40, tasks.Nice)
	c.add(30, tasks.Settle)
	c.add(35, tasks.Daou)
	c.add(55, tasks.KCP)
	c.add(300-len(c.revocations), tasks.Inicis)
	return c
}

// listedCast returns the payments of a person's own list, with the faults of a
// bad day spread over them.
func (p *program) listedCast(file string) (cast, error) {
	c := cast{slots: worker.DefaultConcurrency}
	source, err := openSource(file, p.stdin)
	if err != nil {
		return c, err
	}
	defer source.Close()
	reader, err := list.NewReader(source, list.Options{})
	if err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	seen := make(map[string]bool)
	for row, err := range rows(reader) {
		var bad *list.LineError
		switch {
		case errors.As(err, &bad):
			fmt.Fprintf(p.stderr, "revoker: %v\n", bad)
		case err != nil:
			return c, fmt.Errorf("%s: %w", file, err)
		case !seen[row.ImpUID]:
			seen[row.ImpUID] = true
			c.revocations = append(c.revocations, tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG})
			c.issued = append(c.issued, iamporttest.Receipt{ImpUID: row.ImpUID, PG: row.PG})
		}
	}
	c.faults = []iamporttest.Rule{
		{Fault: iamporttest.GatewayFailed, Percent: 15},
		{Fault: iamporttest.BadGateway, Percent: 2},
		{Fault: iamporttest.CutBefore, Percent: 1},
		{Fault: iamporttest.TooManyRequests, Percent: 1, RetryAfter: time.Second},
		{Fault: iamporttest.RefusedCode, Percent: 1},
	}
	return c, nil
}
