package iamporttest

import (
	"net/http"
	"strings"
	"time"

	"receiptrevoker/tasks"
)

// receipt answers DELETE and GET /receipts/{imp_uid}.
func (c *call) receipt() {
	c.arrive()
	if !c.authorized() {
		c.pause()
		c.send(failure(http.StatusUnauthorized, textUnauthorized))
		return
	}
	c.deliver(c.decide())
}

// arrive finds the call's entry, settles whether it has a receipt, and counts the call there. A call
// without a valid token counts as well: it has arrived.
func (c *call) arrive() {
	s, e := c.server, c.server.ledger.open(c.ImpUID)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.decided {
		e.decided = true
		if r, ok := s.cfg.Unknown(c.ImpUID); ok {
			r.ImpUID = c.ImpUID
			e.issue(r.complete(s.dice, s.now()))
		}
	}
	if c.Operation == OpRevoke {
		e.truth.Deletes++
	} else {
		e.truth.Lookups++
	}
	c.entry = e
}

// decide settles, in one step that no other call for the same receipt comes between, which rule applies
// to the call, if any, and what the call does and is due to be told. From here on only words can be
// lost.
func (c *call) decide() (Rule, answer) {
	e, kind := c.entry, 0
	if c.Operation == OpLookup {
		kind = 1
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	// The ticket is a number of its own for each call of a kind, by which chance decides: what lookups
	// a client makes changes nothing about its DELETEs.
	e.reached[kind]++
	c.ticket = e.reached[kind]<<1 | uint64(kind)
	if c.Operation == OpLookup {
		return c.choose(), c.lookup()
	}
	if e.truth.Revoked() {
		c.server.tally.change(func(s *Stats) { s.Duplicates++ })
	}
	// A gateway that is down fails before any rule is tried, see [Server.SetOutage].
	if pg := e.truth.PG; pg != "" && c.server.down(pg) {
		c.server.tally.change(func(s *Stats) { s.DuringOutage++ })
		return Rule{}, failure(http.StatusInternalServerError, "["+pg.Korean()+"] "+textMaintenance)
	}
	if e.atWork {
		return Rule{}, failure(http.StatusConflict, textAtWork)
	}
	rule := c.choose()
	e.atWork = rule.Fault == CutLate
	if !rule.Fault.revokes() {
		return rule, answer{}
	}
	return rule, c.revoke()
}

// revoke revokes the receipt, if there is one that can be, and returns what PortOne would say. The
// caller holds the entry's lock.
func (c *call) revoke() answer {
	s, t := c.server, &c.entry.truth
	switch {
	case !t.Issued:
		return failure(http.StatusBadRequest, textNeverIssued)
	case t.PG == tasks.KICC:
		return failure(http.StatusNotImplemented, textUnsupported)
	case t.Revoked() && s.cfg.AlreadyRevoked != http.StatusOK:
		return failure(s.cfg.AlreadyRevoked, textRevoked)
	case !t.Revoked():
		t.RevokedAt = s.now()
		t.Effective++
		s.tally.revoked(t.Effective)
	}
	roll := c.roll(forDress)
	return success(annotate(*t, roll), roll>>8)
}

// revokeLater revokes the receipt after d, unless the server ends first, or another receipt has
// followed meanwhile.
func (c *call) revokeLater(d time.Duration) {
	e := c.entry
	e.mu.Lock()
	meant := e.truth.ApplyNum
	e.mu.Unlock()
	select {
	case <-time.After(d):
	case <-c.server.closed:
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.atWork = false
	if e.truth.ApplyNum == meant {
		c.revoke()
	}
}

// lookup returns what PortOne says of the receipt. The caller holds the entry's lock. For two gateways
// PortOne documents no lookup: the server answers as if nothing had been issued.
func (c *call) lookup() answer {
	t := c.entry.truth
	if !t.Issued || t.PG == tasks.Settle || t.PG == tasks.KICC {
		return failure(http.StatusNotFound, textNeverIssued)
	}
	roll := c.roll(forDress)
	return success(annotate(t, roll), roll>>8)
}

// choose returns the rule that decides the call, or the zero Rule. The caller holds the entry's lock.
func (c *call) choose() Rule {
	s, e := c.server, c.entry
	for _, rule := range s.rules.inForce() {
		if !rule.of(c.Operation) || !rule.about(e.truth.Receipt, s.dice) ||
			rule.Times > 0 && e.fired[rule.number] >= rule.Times ||
			rule.Percent > 0 && fraction(c.roll(forRules+uint64(rule.number)))*100 >= rule.Percent {
			continue
		}
		if rule.Times > 0 {
			if e.fired == nil {
				e.fired = make(map[int]int)
			}
			e.fired[rule.number]++
		}
		s.tally.change(func(s *Stats) { s.Faults[rule.Fault]++ })
		return rule.Rule
	}
	return Rule{}
}

// token answers POST /users/getToken. All callers get the same token.
func (c *call) token() {
	s := c.server
	key, secret, err := credentials(c.r)
	switch {
	case err != nil:
		c.send(failure(http.StatusBadRequest, "요청을 해석할 수 없습니다."))
		return
	case key != s.cfg.Key || secret != s.cfg.Secret:
		c.send(failure(http.StatusUnauthorized, "imp_key 또는 imp_secret이 올바르지 않습니다."))
		return
	}
	now := s.now()
	token, expires := s.tokens.get(now)
	// The call is for no receipt: an empty entry stands in for one, so that rules find a count and a
	// lock.
	c.ticket, c.entry = s.asked.Add(1), new(entry)
	due := success(map[string]any{"access_token": token, "now": now.Unix(), "expired_at": expires.Unix()}, 0)
	if rule := c.choose(); rule.Fault != "" {
		c.deliver(rule, due)
		return
	}
	c.send(due)
}

// authorized reports whether the call carries the valid token.
func (c *call) authorized() bool {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	return ok && c.server.tokens.valid(token, c.server.now())
}
