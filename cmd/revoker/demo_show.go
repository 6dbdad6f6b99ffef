package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/demo"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// reasonTexts explain the reasons of terminal outcomes, in the order shown. The invented list must
// bring each of them about, see demo.Invented: a test looks for all. An outcome with another reason,
// which a person may cause while the demo runs, is not shown.
var reasonTexts = []struct {
	reason outcome.Reason
	text   string
}{
	{outcome.ReasonRevoked, "a DELETE was answered with success"},
	{outcome.ReasonAlreadyRevoked, "an answer was lost; a lookup found it revoked"},
	{outcome.ReasonNotIssued, "no receipt was issued through PortOne (400)"},
	{outcome.ReasonRefused, "PortOne refused the request"},
	{outcome.ReasonUnsupportedGateway, "PortOne cannot revoke on this gateway (501)"},
	{outcome.ReasonAttemptsExhausted, "the gateway failed at every attempt (500)"},
	{outcome.ReasonUnconfirmed, "may be revoked; no lookup can tell"},
	{outcome.ReasonInvalidTask, "a task that cannot be read; nothing was called"},
}

// showOutcomes prints how many outcomes have each reason, with an example, as in
//
//	264 revoked revoked             a DELETE was answered with success
//	            e.g. imp_448280090638, kcp, 3 DELETE, 국세청 242524332
func (p *program) showOutcomes(outcomes []outcome.Outcome) {
	byReason := make(map[outcome.Reason][]outcome.Outcome)
	for _, o := range outcomes {
		byReason[o.Reason] = append(byReason[o.Reason], o)
	}
	out := newScreen(p.stdout)
	for _, r := range reasonTexts {
		found := byReason[r.reason]
		if len(found) == 0 {
			continue
		}
		// The example with the most attempts has the most to tell.
		example := slices.MaxFunc(found, func(a, b outcome.Outcome) int { return cmp.Compare(a.Attempts, b.Attempts) })
		out.say("%5d %-7s %-19s %s", len(found), example.Status, r.reason, r.text)
		// 14 columns, "e.g. " and 60 stay below the 80 of a terminal: a gateway's message may be long.
		out.say("%14se.g. %s", "", fit(describe(example), 60))
	}
}

// describe tells an outcome in one line: its imp_uid, and what else is known. 국세청 is the tax office,
// whose number of the receipt apply_num is.
func describe(o outcome.Outcome) string {
	parts := []string{o.ImpUID}
	if o.PG != "" {
		parts = append(parts, string(o.PG))
	}
	if o.Attempts > 0 {
		parts = append(parts, fmt.Sprintf("%d DELETE", o.Attempts))
	}
	if o.ApplyNum != "" {
		parts = append(parts, "국세청 "+o.ApplyNum)
	}
	if o.Message != "" {
		parts = append(parts, o.Message)
	}
	return strings.Join(parts, ", ")
}

// showTruth compares what is reported with the simulated PortOne's own records, which share no types
// with the worker's client, so that both cannot be wrong together. A difference is an error. An
// outcome that is unconfirmed makes none: it says that the receipt may be revoked.
func (p *program) showTruth(portone *iamporttest.Server, outcomes []outcome.Outcome) error {
	wrong, revoked, deletes := 0, 0, 0
	for _, o := range outcomes {
		// PortOne does not know the task that cannot be read: its truth is that nothing was revoked.
		truth, _ := portone.Truth(o.ImpUID)
		if truth.Revoked() != (o.Status == outcome.Revoked) && o.Reason != outcome.ReasonUnconfirmed {
			wrong++
			p.say("revoker: %s is reported %s, but revoked at PortOne: %t",
				o.ImpUID, o.Status, truth.Revoked())
		}
		if truth.Revoked() && o.Status == outcome.Revoked {
			revoked++
		}
		deletes += truth.Deletes
	}
	newScreen(p.stdout).say("\n%d receipts took %d DELETE calls. PortOne's own records say %d revoked,\n"+
		"as reported, with %d differences.\n", len(outcomes), deletes, revoked, wrong)
	if wrong > 0 {
		return fmt.Errorf("%d outcomes differ from PortOne's own records", wrong)
	}
	return nil
}

// showNext says what to try now. While the demo is kept running, the commands reach its own Redis; the
// second is for an imp_uid that is on no list, and is revoked as well.
func (p *program) showNext(d *demo.Demo, impUID string, kept bool) {
	if !kept {
		newScreen(p.stdout).say(`
Try next:
  revoker demo --keep         look around on the web site
  revoker demo refunds.csv    your own list, with a bad day's faults
  revoker work -h             the worker, for a Redis and a PortOne of your own
`)
		return
	}
	newScreen(p.stdout).say(`
Still running. In another terminal:
  export REDIS_URL=redis://%s
  revoker status %s
  revoker enqueue imp_000000000001 --wait
  revoker outcomes --follow
Web site: %s
Ctrl-C ends it.
`, d.Redis(), impUID, d.Site())
}
