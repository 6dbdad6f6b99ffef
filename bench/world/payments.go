package world

import (
	"fmt"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// nature is what is odd about the receipt of a payment. It decides which terminal reasons
// [world.checkReason] accepts, and which rules PortOne has for it, see [payment.rules].
type nature string

const (
	ordinary    nature = ""            // its receipt can be revoked
	refused     nature = "refused"     // PortOne refuses it for good
	unsupported nature = "unsupported" // its gateway revokes none
	notIssued   nature = "not issued"  // there is none
	byHand      nature = "by hand"     // a person has revoked it
	forbidden   nature = "forbidden"   // PortOne turns away calls for it alone
	failing     nature = "failing"     // every DELETE fails
	lossy       nature = "lossy"       // two answers are lost
)

var natures = []nature{refused, unsupported, notIssued, byHand, forbidden, failing, lossy}

// role is what people may do about a payment: one kind of thing, so that the checks know what
// must follow. Its dead letter people may retry or discard in any role.
type role int

const (
	onlyLetters role = iota // retry and discard its dead letter
	cancelled               // who asked cancels it
	archived                // or deleted, or run, as a task
	reissued                // another receipt follows it
	roles                   // how many there are
)

// payment is one whose receipt is to be revoked. What producers ask for and what PortOne has may
// differ: Revocation.PG is the gateway that the producer believes, receipt.PG the true one. at and
// repeat count from the start of the run.
type payment struct {
	tasks.Revocation // as producers ask for it
	receipt          iamporttest.Receipt
	nature           nature
	role             role
	list             string        // in which it is asked for, empty for alone
	at               time.Duration // when it is asked for alone
	repeat           time.Duration // when it is asked for alone once more; 0 for never
}

// revokedByHand is when people revoked receipts: before the run, since the clock of a bubble begins
// at midnight of 2000-01-01 (testing/synctest).
var revokedByHand = time.Date(1999, 12, 1, 9, 0, 0, 0, time.UTC)

// payments returns those of a scenario, each drawn from random numbers of its own. The gateways take
// turns, so that each has a third of the receipts.
func (s Scenario) payments() []payment {
	all := make([]payment, s.Receipts)
	for number := range all {
		random := s.random("payment", number)
		p := &all[number]
		p.ImpUID = fmt.Sprintf("imp_%012d", number)
		p.receipt = iamporttest.Receipt{ImpUID: p.ImpUID, PG: gateways[number%len(gateways)]}
		p.PG = p.receipt.PG
		p.at = time.Duration(random.Int64N(int64(s.Span)))
		p.role = role(random.IntN(int(roles)))
		if random.Float64() < s.Odd {
			p.nature = natures[random.IntN(len(natures))]
		}
		// One in twenty. Never of settle: who names another gateway for such a receipt gets not_issued
		// after a lost answer, a limit that REFERENCE.md states, and no check could tell it from a fault.
		if p.PG.LooksUp() && random.IntN(20) == 0 { // who asks is mistaken about the gateway, or does not know it
			p.PG = []tasks.Gateway{"", tasks.KCP, tasks.Nice}[random.IntN(3)]
		}
		if p.nature == byHand {
			p.receipt.CancelledAt = revokedByHand
		}
		if s.Lists > 0 && random.IntN(3) == 0 {
			p.list = fmt.Sprintf("world-%d", random.IntN(s.Lists))
		}
		if random.IntN(8) == 0 {
			p.repeat = p.at + time.Duration(random.Int64N(int64(s.Span)))
		}
		// A request may name its receipt only where PortOne documents lookups: the product refuses any
		// other.
		named := random.IntN(12) == 0 || p.role == reissued && random.IntN(2) == 0
		if named && p.PG.LooksUp() && p.nature == ordinary {
			p.receipt.ApplyNum = fmt.Sprintf("%09d", number+1)
			p.ApplyNum = p.receipt.ApplyNum
			if random.IntN(2) == 0 { // as Excel writes it
				p.ApplyNum = strings.TrimLeft(p.ApplyNum, "0")
			}
		}
	}
	return all
}

// rules returns what PortOne does to calls for a payment, for the whole run but for a lossy one: its
// first two DELETEs take effect or meet a revoked receipt, and are cut before the answer. Natures
// without a rule are in the receipt itself.
func (p payment) rules() []iamporttest.Rule {
	rule := iamporttest.Rule{ImpUID: p.ImpUID}
	switch p.nature {
	case refused:
		rule.Fault = iamporttest.RefusedCode
	case unsupported:
		rule.Fault = iamporttest.Unsupported
	case forbidden:
		rule.Fault = iamporttest.Forbidden
	case failing:
		rule.Fault = iamporttest.GatewayFailed
	case lossy:
		rule.Fault, rule.Times = iamporttest.CutAfter, 2
	case byHand:
		if p.PG.LooksUp() {
			return nil
		}
		// Without lookups, what an already revoked receipt answers is all that a worker hears, and
		// PortOne does not document it. After any answer but 500 a dead letter would contradict the
		// truth, and no check could tell whether the worker is wrong.
		rule.Fault = iamporttest.GatewayFailed
	default:
		return nil
	}
	return []iamporttest.Rule{rule}
}
