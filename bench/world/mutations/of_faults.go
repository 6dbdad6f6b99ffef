package main

// ofFaults are faults that the product had and that were found by other means than the simulation,
// which has to find them now. Where one shows only by certain faults of a scenario, a line above it
// names them: a scenario without these does not detect it.
var ofFaults = []mutation{
	// By people who archive tasks.
	{
		name:   "archive-undone",
		breaks: "What a person archived is enqueued again and revoked.",
		file:   "worker/sweep/settle.go",
		old:    "\tcase stopped:\n\t\treturn s.giveUp(ctx, task)",
		new:    "\tcase stopped:\n\t\treturn s.remove(ctx, task)",
	},
	// This one and the next by people who issue another receipt.
	{
		name:   "reissued-taken-for-duplicate",
		breaks: "A receipt that was issued again under the same imp_uid cannot be revoked.",
		file:   "tasks/outcome/ask.lua",
		old:    "asked = not (how.again or over or reason == 'withdrawn' or another)",
		new:    "asked = true",
	},
	{
		name:   "later-receipt-revoked",
		breaks: "A retry revokes a receipt that was issued after the request.",
		file:   "worker/revoke/identity.go",
		old:    "if l.another = h.another(a, now); l.another == nil {",
		new:    "if true {",
	},
	// By a Redis that is full or read-only in a scenario with OlderRedis.
	{
		name:   "older-redis-misread",
		breaks: "Where Redis says in the words of before 7.0 that it is full or read-only, what was found is thrown away.",
		file:   "tasks/redisfault/redisfault.go",
		old:    "`(?:^|: )-?(?:ERR )?(BUSY",
		new:    "`(?:^|: )(?:ERR )?(BUSY",
	},
	{
		name:   "taken-id-swallows",
		breaks: "The ID of a finished task swallows the next request for the same imp_uid.",
		file:   "tasks/asynqkeys/enqueue.go",
		old:    "state, err := Remove(ctx, p.Redis, t.queue, t.id)",
		new:    "state, err := asynq.TaskStatePending, error(nil)",
	},
	// By DELETEs that take effect minutes after they were cut (call:cut-late).
	{
		name:   "dead-while-called",
		breaks: "A receipt becomes a dead letter while an earlier DELETE may still be at work.",
		file:   "worker/revoke/giveup.go",
		old:    "case a.Uncertain() && a.Now().Before(a.UncertainAt.Add(h.UnseenFor)):",
		new:    "case false:",
	},
	// By pages of HTML with a status of 404.
	{
		name:   "page-taken-for-answer",
		breaks: "A proxy's page with a status of 4xx counts as PortOne's refusal.",
		file:   "worker/revoke/answers.go",
		old:    "case client && failure.Code == nil:\n\t\treturn blocked",
		new:    "case client && failure.Code == nil:\n\t\treturn refused",
	},
	{
		name:   "any-lookup-concludes",
		breaks: "A lookup that fails once ends a doubt that only a documented answer may end.",
		file:   "worker/revoke/lookup.go",
		old:    "return l.documented || l.answered && !looksUp(a)",
		new:    "return l.documented || l.answered",
	},
	// By a Redis that loses the second in which a receipt of settle was called.
	{
		name:   "loss-unnoticed",
		breaks: "A Redis that lost its last second is believed: what was called may be reported as not issued.",
		file:   "tasks/outcome/beat_count.lua",
		old:    "if beats <= seen then",
		new:    "if false then",
	},
	// By receipts that PortOne answers with 403 while it answers others.
	{
		name:   "turned-away-for-ever",
		breaks: "A receipt that PortOne alone turns away is called for ever.",
		file:   "worker/revoke/handler.go",
		old:    "if found.counting == turnedAway && h.shutOut(a, a.RefusedSince) {",
		new:    "if false {",
	},
	{
		name:   "turned-away-behind-a-gate",
		breaks: "A receipt that PortOne alone turns away never ends while its gateway's gate is closed.",
		file:   "worker/revoke/handler.go",
		old:    "if found.status == outcome.Retrying && found.counting == counted && call.Overtaken() {",
		new:    "if found.status == outcome.Retrying && call.Overtaken() {",
	},
	{
		name:   "turned-away-by-each-probe",
		breaks: "A receipt that PortOne alone turns away is called for by every probe of its gateway.",
		file:   "worker/revoke/pick.go",
		old:    "if name == gate.PortOne || c.rank() < rankTurnedAway || !o.NextAttemptAt.After(now) {",
		new:    "if true || now.IsZero() {",
	},
	// By DELETEs that PortOne carries out minutes after their answer was lost, and receipts that are issued meanwhile.
	{
		name:   "forgets-the-delete-under-way",
		breaks: "A request after a lookup that showed the receipt revoked knows nothing of the DELETE under way.",
		file:   "tasks/outcome/attempt.go",
		old:    "return Memory{UncertainAt: a.UncertainAt}.values()",
		new:    "return nil",
	},
	// By people who retry a dead letter while lookups fail.
	{
		name:   "patience-since-first-attempt",
		breaks: "A revived dead letter is given up at the first lookup without an answer.",
		file:   "worker/revoke/giveup.go",
		old:    "return a.Now().Sub(a.AskedSince) >= h.GiveUpAfter",
		new:    "return a.Now().Sub(a.Since()) >= h.GiveUpAfter",
	},
	{
		name:   "pruned-by-local-clock",
		breaks: "A sweeper whose clock is four months ahead empties the list of dead letters.",
		file:   "tasks/outcome/dead.go",
		old:    "now, err := s.Now(ctx)",
		new:    "now, err := time.Now().AddDate(0, 4, 0), ctx.Err()",
	},
	{
		name:   "odd-amount-unread",
		breaks: "A lookup is unusable whose amount is written as \"1,000\".",
		file:   "worker/iamport/receipt.go",
		old:    "_, err := numberOf(string(wire.CancelledAt))",
		new: "_, err := numberOf(string(wire.CancelledAt))\n\tif err == nil && wire.Amount != \"\" {\n" +
			"\t\t_, err = strconv.ParseInt(string(wire.Amount), 10, 64)\n\t}",
	},
	// By lookups before a DELETE that are answered 429: world.checkPutOff.
	{
		name:   "called-after-retry-after",
		breaks: "A lookup that is answered 429 is followed by a DELETE at once.",
		file:   "worker/revoke/lookup.go",
		old:    "l.putsOff = l.verdict == rateLimited || failure.RetryAfter > 0",
		new:    "l.putsOff = false",
	},
	{
		name:   "open-outcome-expires",
		breaks: "The outcome of an open request lives a minute, and its attempts and doubts are forgotten.",
		file:   "tasks/outcome/attempt_begin.lua",
		old:    "redis.call('PERSIST', outcome)",
		new:    "redis.call('PEXPIRE', outcome, 60000)",
	},
}
