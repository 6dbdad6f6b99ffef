package world

import (
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// nature is what is odd about the receipt of a payment. It decides which outcome is right.
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

// role is what people may do about a payment: one thing, so that it is known what must follow.
type role int

const (
	onlyLetters role = iota // retry and discard its dead letter
	cancelled               // who asked cancels it
	archived                // or deleted, or run, as a task
	reissued                // another receipt follows it
	roles                   // how many there are
)

// payment is one whose receipt is to be revoked. The embedded Revocation is what producers ask for,
// and receipt what PortOne has: where a producer is mistaken about the gateway, the two differ in
// their PG.
type payment struct {
	tasks.Revocation // as producers ask for it
	receipt          iamporttest.Receipt
	nature           nature
	role             role
	list             string        // in which it is asked for, empty for alone
	at               time.Duration // when it is asked for alone
	repeat           time.Duration // when it is asked for alone once more; 0 for never
}

// revokedByHand is when people revoked receipts: before the clock of a bubble begins, which is
// at 2000-01-01.
var revokedByHand = time.Date(1999, 12, 1, 9, 0, 0, 0, time.UTC)

// payments returns the payments of a scenario. Each has random numbers of its own: what one
// payment takes of them changes no other.
func (s Scenario) payments() []payment {
	all := make([]payment, s.Receipts)
	for number := range all {
		random := s.random("payment", number)
		p := &all[number]
		p.ImpUID = fmt.Sprintf("imp_%012d", number)
		p.receipt = iamporttest.Receipt{ImpUID: p.ImpUID, PG: gateways[number%len(gateways)]}
		p.PG = p.receipt.PG
		// Requests are spread over the time in which faults begin.
		p.at = time.Duration(random.Int64N(int64(s.Span)))
		p.role = role(random.IntN(int(roles)))
		if random.Float64() < s.Odd {
			p.nature = natures[random.IntN(len(natures))]
		}
		// The producer is mistaken about the gateway, or does not know it.
		if p.PG.LooksUp() && random.IntN(20) == 0 {
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
		// A request that names its receipt is for a gateway with lookups: others refuse it. What
		// may be issued again is named more often.
		named := random.IntN(12) == 0 || p.role == reissued && random.IntN(2) == 0
		if named && p.PG.LooksUp() && p.nature == ordinary {
			p.receipt.ApplyNum = fmt.Sprintf("%09d", number+1)
			p.ApplyNum = p.receipt.ApplyNum
		}
	}
	return all
}

// rules returns what PortOne does to calls for a payment by its nature.
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
	// CutAfter revokes: a lookup then shows the receipt as revoked, and where there is none, the
	// third DELETE gets an answer.
	case lossy:
		rule.Fault, rule.Times = iamporttest.CutAfter, 2
	case byHand:
		if p.PG.LooksUp() {
			return nil
		}
		// Where no lookup exists, any other answer would contradict the truth in a way that no
		// check can tell from a fault.
		rule.Fault = iamporttest.GatewayFailed
	default:
		return nil
	}
	return []iamporttest.Rule{rule}
}
