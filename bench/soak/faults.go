package main

import (
	"math/rand/v2"
	"net/http"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// shares says how many in a hundred DELETEs, and lookups, go wrong in which way. Most of the faults
// pass; those of the second group are final, and make dead letters. A 429 holds all workers for a
// second: with three in a hundred the run was a wait that PortOne asked for, 110 DELETEs a second
// whatever the workers did.
var shares = []iamporttest.Rule{
	// These pass: a gateway that fails, a proxy in between, too many calls.
	{Fault: iamporttest.GatewayFailed, Percent: 8},
	{Fault: iamporttest.BadGateway, Percent: 2},
	{Fault: iamporttest.Unavailable, Percent: 2, RetryAfter: time.Second},
	{Fault: iamporttest.TooManyRequests, Percent: 0.3, RetryAfter: time.Second},
	// The network, and answers that cannot be read: the DELETE may or may not have worked.
	{Fault: iamporttest.CutBefore, Percent: 3},
	{Fault: iamporttest.CutAfter, Percent: 4},
	{Fault: iamporttest.CutBody, Percent: 2},
	{Fault: iamporttest.SlowAfter, Percent: 2, Delay: 5 * time.Second},
	{Fault: iamporttest.CutLate, Percent: 0.5, Delay: 5 * time.Second},
	{Fault: iamporttest.Hang, Percent: 0.5},
	{Fault: iamporttest.Endless, Percent: 1},
	{Fault: iamporttest.NotJSON, Percent: 1},
	{Fault: iamporttest.NoResponse, Percent: 2},
	{Fault: iamporttest.Redirect, Percent: 1},
	{Fault: iamporttest.Page(http.StatusNotFound), Percent: 1},
	// The token or the address is refused for a moment.
	{Fault: iamporttest.Unauthorized, Percent: 2},
	{Fault: iamporttest.ExpireToken, Percent: 0.3},
	{Fault: iamporttest.Forbidden, Percent: 0.5},

	// These are final answers about receipts that could be revoked: a lookup says that they are
	// not, and they become dead letters.
	{Fault: iamporttest.BadRequest, Percent: 0.3},
	{Fault: iamporttest.NotFound, Percent: 0.3},
	{Fault: iamporttest.Conflict, Percent: 0.3},
	{Fault: iamporttest.Unsupported, Percent: 0.3},
	{Fault: iamporttest.RefusedCode, Percent: 0.3},

	// Lookups fail, too. One that tells nothing ends no request.
	{Lookup: true, Fault: iamporttest.BadGateway, Percent: 5},
	{Lookup: true, Fault: iamporttest.GatewayFailed, Percent: 1},
	{Lookup: true, Fault: iamporttest.Page(http.StatusNotFound), Percent: 1},
	{Lookup: true, Fault: iamporttest.CutBefore, Percent: 2},
	{Lookup: true, Fault: iamporttest.NotJSON, Percent: 1},
	{Lookup: true, Fault: iamporttest.Unauthorized, Percent: 1},
	{Lookup: true, Fault: iamporttest.SlowAfter, Percent: 0.5, Delay: 5 * time.Second},
}

// faults returns the shares, each between half of its value and twice as large, by chance: seeds
// differ in what they stress.
func faults(random *rand.Rand) []iamporttest.Rule {
	var rules []iamporttest.Rule
	for _, rule := range shares {
		rule.Percent *= 0.5 + 1.5*random.Float64()
		rules = append(rules, rule)
	}
	return rules
}
