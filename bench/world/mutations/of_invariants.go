package main

// ofInvariants break the invariants of the simulation, each in a way of its own: that an invariant
// can fail is proven only by a mutation that breaks it.
var ofInvariants = []mutation{
	// Outcomes that PortOne's truth contradicts, or that never come: the first checks of
	// bench/internal/proof.
	{
		name:   "refusal-taken-for-success",
		breaks: "An answer 200 with a code that says no counts as a revocation.",
		file:   "worker/iamport/call.go",
		old:    "response.StatusCode == http.StatusOK && *answer.Code == 0",
		new:    "response.StatusCode == http.StatusOK && *answer.Code <= 0",
	},
	{
		name:   "dead-without-lookup",
		breaks: "A receipt becomes a dead letter although a lookup would show that it is revoked.",
		file:   "worker/revoke/giveup.go",
		old:    "if found.status != outcome.Dead || found.verdict == takenBack && !called(a) {",
		new:    "if found.status != outcome.Dead || l == nil {",
	},
	{
		name:   "lost-answer-forgotten",
		breaks: "That a DELETE may have worked unseen is forgotten, and a dead letter says for sure what nobody knows.",
		file:   "worker/revoke/handler.go",
		old:    "if found.effect == unseen {",
		new:    "if false {",
	},
	{
		name:   "lost-task-stays-lost",
		breaks: "A request whose task is gone never ends.",
		file:   "worker/sweep/overdue.go",
		old:    "needy := slices.DeleteFunc(s.find(ctx, open), found.well)",
		new:    "needy := s.find(ctx, nil)",
	},
	// Ends that are written twice or in part, and people who are not obeyed: the checks that the
	// soak has too, and world.arrive for pauses.
	{
		name:   "ends-twice",
		breaks: "An outcome that is written again after a lost reply ends its request a second time.",
		file:   "tasks/outcome/attempt_finish.lua",
		old:    "was.status == 'revoked' or over and status ~= 'revoked' or",
		new:    "over and status ~= 'revoked' or",
	},
	{
		name:   "called-though-withdrawn",
		breaks: "A request that was cancelled before its first attempt is called.",
		file:   "tasks/outcome/attempt_begin.lua",
		old:    "local over = withdrawn(asked)",
		new:    "local over = false",
	},
	{
		name:   "pause-lifted",
		breaks: "The gates lift a person's pause, and what is paused is called.",
		file:   "worker/pause/mark.go",
		old:    "return p.Paused && p.Gate == \"\"",
		new:    "return false",
	},
	{
		name:   "batch-misses-dead",
		breaks: "A batch does not count what became a dead letter, and never finishes.",
		file:   "tasks/outcome/attempt_finish.lua",
		old:    "count(asked, ending(was.status, was.reason), ending(status, reason))",
		new: "count(asked, ending(was.status, was.reason), " +
			"status == 'revoked' and ending(status, reason) or nil)",
	},
	{
		name:   "dead-unlisted",
		breaks: "A dead letter is not on the list of dead letters.",
		file:   "tasks/outcome/attempt_finish.lua",
		old:    "    redis.call('ZADD', deadKey, millis, imp_uid)\n  end\n  count(",
		new:    "  end\n  count(",
	},
	{
		name:   "unwritten-stream",
		breaks: "What became a dead letter is not on the stream.",
		file:   "tasks/outcome/attempt_finish.lua",
		old:    "redis.call('XADD', prefix .. 'outcomes', 'MAXLEN', '~', ARGV[at + 5], '*', unpack(fields))",
		new:    "if status == 'revoked' then redis.call('XADD', prefix .. 'outcomes', '*', unpack(fields)) end",
	},
	// Keys of Asynq: world.checkKeys.
	{
		name:   "orphan-in-completed",
		breaks: "A finished task that is deleted stays on Asynq's list of completed ones.",
		file:   "tasks/asynqkeys/remove.lua",
		old:    "  redis.call('ZREM', KEYS[3], ARGV[1])\n",
		new:    "",
	},
	// Gates: how long a request takes (world.checkWait), and what an outage costs in calls and in
	// attempts (checkOutages, checkAttempts).
	{
		name:   "gate-stays-closed",
		breaks: "No probe finds out that a gateway is back: what it closed for waits for ever.",
		file:   "worker/gate/keeper.go",
		old:    "case state.Closed && !s.Now.Before(state.NextProbe):",
		new:    "case false:",
	},
	{
		name:   "gate-pauses-all",
		breaks: "A gate that closes pauses the queues of all gateways: receipts of one wait for the outage of another.",
		file:   "worker/gate/state.go",
		old:    "for _, name := range []Name{PortOne, Of(q.PG)} {",
		new:    "for name := range s.Gates {\n\t\t_ = q",
	},
	{
		name:   "gate-never-closes",
		breaks: "A gateway that is down is called for every receipt, and attempts are used up.",
		file:   "worker/gate/store_fail.lua",
		old:    "if (counted >= most or late and counted >= least or reason ~= '') and current",
		new:    "if reason ~= '' and current",
	},
	// Log lines: the listener.
	{
		name:   "token-in-log",
		breaks: "The access token is part of the message of a failed call, which is logged.",
		file:   "worker/iamport/api.go",
		old:    "failure.Message = hide(failure.Message)",
		new:    "failure.Message = hide(failure.Message) + \" Bearer \" + token",
	},
	{
		name:   "secret-in-log",
		breaks: "The imp_secret is part of the message of a failed call for a token, which is logged.",
		file:   "worker/iamport/token.go",
		old:    "if failure != nil {\n\t\treturn token{}, failure",
		new:    "if failure != nil {\n\t\tfailure.Message += string(config.Secret)\n\t\treturn token{}, failure",
	},
	// Detected by checkWait where one gateway hangs, a situation of its own.
	{
		name:   "bulkhead-gone",
		breaks: "A process makes one attempt at a time: a gateway that hangs keeps those of the others waiting.",
		file:   "worker/revoke/leases.go",
		old: "func (l *Leases) hold(a *outcome.Attempt, asked time.Time) (release func()) {\n\tl.mu.Lock()\n" +
			"\tdefer l.mu.Unlock()\n\tl.held[a] = asked\n\treturn func() {\n",
		new: "var atATime sync.Map\n\n" +
			"func (l *Leases) hold(a *outcome.Attempt, asked time.Time) (release func()) {\n" +
			"\tkept, _ := atATime.LoadOrStore(l, make(chan struct{}, 1))\n" +
			"\tslot := kept.(chan struct{})\n\tslot <- struct{}{}\n" +
			"\tl.mu.Lock()\n\tdefer l.mu.Unlock()\n\tl.held[a] = asked\n\treturn func() {\n\t\t<-slot\n",
	},
	// What must hold at each moment: the lookout, as DELETEs arrive and are answered.
	{
		name:   "lease-unchecked",
		breaks: "A process that was stopped for longer than a lease makes its DELETE while another one has begun.",
		file:   "worker/revoke/leases.go",
		old:    "return time.Since(granted) < lease || l.extend(ctx, a)",
		new:    "return time.Since(granted) >= 0 || l.extend(ctx, a)",
	},
	{
		name:   "nobody-waits",
		breaks: "A Retry-After keeps nobody but its receipt waiting.",
		file:   "worker/revoke/admit.go",
		old:    "return h.Gates.Hold(ctx, wait)",
		new:    "return nil",
	},
	{
		name:   "success-opens-nothing",
		breaks: "A success does not open the gate that is closed.",
		file:   "worker/gate/store_settle.lua",
		old:    "if opens or waived or late then",
		new:    "if waived or what == 'open' and opens then",
	},
	{
		name:   "probes-at-one-pace",
		breaks: "A gateway that is down is probed every second, however long.",
		file:   "worker/gate/store_settle.lua",
		old:    "interval = failed and math.min(interval * 1.1, longest) or interval",
		new:    "interval = interval",
	},
	{
		name:   "list-withdraws-what-others-want",
		breaks: "To cancel a list withdraws also what is asked for alone.",
		file:   "tasks/outcome/cancel.lua",
		old:    "elseif batch ~= '' and not withdrawn(asked, batch) then",
		new:    "elseif false then",
	},
	{
		name:   "retry-left-to-the-sweeper",
		breaks: "What is to be tried again is forgotten, until the sweeper finds it.",
		file:   "worker/revoke/record.go",
		old:    "return &again{after: delay, counted: !a.Uncounted, cause: found.err}",
		new:    "return nil",
	},
	{
		name:   "discard-calls",
		breaks: "A dead letter that a person discards is called once more.",
		file:   "tasks/deadletter/discard.go",
		old:    "return l.outcomes.Discard(ctx, impUIDs...)",
		new:    "_ = l.Retry(ctx, letters[0])\n\treturn l.outcomes.Discard(ctx, impUIDs...)",
	},
	{
		name:   "revived-stays-counted",
		breaks: "A dead letter that is retried stays counted as dead in its batch, also once its receipt is revoked.",
		file:   "tasks/outcome/dead_revive.lua",
		old:    "count(asked, ending(was.status, was.reason), nil)\nreturn",
		new:    "return",
	},
	{
		name:   "death-leaves-no-doubt",
		breaks: "A DELETE whose process died is taken for one that was not made.",
		file:   "tasks/outcome/attempt_begin.lua",
		old:    "uncertain_at = was.leased_until\n",
		new:    "uncertain_at = uncertain_at\n",
	},
	{
		name:   "asked-before-the-token-only",
		breaks: "A DELETE leaves after a pause, because its token or its connection took long.",
		file:   "worker/revoke/handler.go",
		old:    "RevokeIf(ctx, a.Revocation.ImpUID, allowed)",
		new:    "RevokeIf(ctx, a.Revocation.ImpUID, func(context.Context) error { return nil })",
	},
	{
		name:   "repeat-taken-for-invalid",
		breaks: "A line of a list that repeats an earlier one is counted as one that cannot be requested.",
		file:   "enqueue/preview.go",
		old:    "result.Kind, result.First = outcome.KindRepeated, int(first.line)",
		new:    "result.Kind, result.First = outcome.KindInvalid, int(first.line)",
	},
	// What testers put in, who had not written the simulation, and what passed undetected at first: each asked for a check
	// or a situation of its own.
	{
		name:   "opened-and-not-brought-forward",
		breaks: "What failed behind a gate waits for its schedule although a success has opened the gate.",
		file:   "worker/gate/store_settle.lua",
		old:    "(waived or late) and {} or redis.call('ZRANGE', KEYS[2], 0, -1)",
		new:    "(waived or late) and redis.call('ZRANGE', KEYS[2], 0, -1) or {}",
	},
	{
		name:   "zeros-make-another-receipt",
		breaks: "A receipt whose number was written without the zeros before it is taken for another one, and left alone.",
		file:   "worker/revoke/identity.go",
		old:    "tasks.BareApplyNum(now.ApplyNum) != tasks.BareApplyNum(named)",
		new:    "(tasks.Revocation{ApplyNum: now.ApplyNum}).ApplyNum != named",
	},
	{
		name:   "zeros-make-another-request",
		breaks: "Who asks twice for a receipt, once without the zeros before its number, asks for two.",
		file:   "tasks/outcome/ask.lua",
		old:    "return value and string.match(value, '^0*([1-9]%d*)$') or value end",
		new:    "return value end",
	},
	{
		name:   "request-outlives-outcome",
		breaks: "What was asked for stays in Redis for ever, and a request after its end is taken for the same one.",
		file:   "tasks/outcome/attempt_finish.lua",
		old:    "redis.call('PEXPIRE', request, ttl) -- first",
		new:    "-- first",
	},
	{
		name:   "cancelled-waits-its-turn",
		breaks: "A request that was cancelled stays open until its next attempt would have been due.",
		file:   "tasks/outcome/cancel.lua",
		old:    "redis.call('ZADD', openKey, -millis, imp_uid)",
		new:    "redis.call('ZADD', openKey, 'NX', -millis, imp_uid)",
	},
	{
		name:   "places-are-lost",
		breaks: "A task that a gate turns away keeps its place in the process for ever.",
		file:   "worker/revoke/handler.go",
		old:    "\tdefer leave()\n\tcall, err := h.Gates.Enter",
		new:    "\tcall, err := h.Gates.Enter",
	},
	{
		name:   "crash-of-another-request",
		breaks: "A task that was archived before its receipt was asked for anew ends the new request.",
		file:   "worker/sweep/settle.go",
		old:    "return !earlier",
		new:    "earlier = false\n\t\treturn true",
	},
	// By two Retry-After at a time, a long and a short one.
	{
		name:   "later-hold-ends-sooner",
		breaks: "A short Retry-After ends a longer one.",
		file:   "worker/gate/hold.lua",
		old:    ">= tonumber(ARGV[1])",
		new:    "== tonumber(ARGV[1])",
	},
	{
		name:   "finished-with-open-lines",
		breaks: "A batch of which a line is open again says that it has finished.",
		file:   "tasks/outcome/scripts_count.lua",
		old:    "redis.call('HDEL', key, 'finished_at')\n",
		new:    "",
	},
	{
		name:   "running-told-as-withdrawn",
		breaks: "Who cancels is told that nothing was called while a call is running.",
		file:   "tasks/outcome/cancel.lua",
		old:    "if is and tonumber(was.leased_until or 0) > millis then",
		new:    "if is and tonumber(was.leased_until or 0) > micros then",
	},
}
