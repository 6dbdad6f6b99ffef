package iamporttest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks"
)

// RuleSyntax is how a rule is written for [ParseRule].
const RuleSyntax = "[TARGET:]FAULT[xTIMES][=PERCENT%][@DURATION][/lookup|/token]"

// ParseRule returns the rule that text means, in the form of [RuleSyntax]:
//
//	500=20%            every fifth DELETE fails at the gateway
//	kcp:500x3          the first three DELETEs of each receipt of KCP
//	kcp+30%:500        every DELETE of three in ten receipts of KCP, always the same
//	imp_123:429@5s     every DELETE of imp_123, with Retry-After: 5
//	slow-after=1%@70s  one DELETE in a hundred is answered after 70 seconds
//	*:502/lookup       every lookup
//	500=50%/token      every second call for a token
//	html-404x2         the first two DELETEs of each receipt get a proxy's page
//
// TARGET is a gateway's code, an imp_uid that starts with imp, a share of the receipts,
// several of these joined by plus signs, or * for all. DURATION is the Retry-After of 429,
// 503 and html-404 and the like, and the delay of slow-after and cut-late. An error names
// the part that is wrong and what could stand there.
func ParseRule(text string) (Rule, error) {
	rule, err := parseRule(strings.TrimSpace(text))
	if err != nil {
		return Rule{}, fmt.Errorf("parse fault rule %q: %w; a rule is %s", text, err, RuleSyntax)
	}
	return rule, nil
}

// parseRule cuts the parts off text from both ends: the ending, the target, and then duration, share
// and count, each behind a sign of its own.
func parseRule(text string) (rule Rule, err error) {
	text, where, elsewhere := strings.Cut(text, "/")
	target, rest, found := strings.Cut(text, ":")
	if !found {
		target, rest = "*", text
	}
	rest, duration, hasDuration := strings.Cut(rest, "@")
	rest, percent, hasPercent := strings.Cut(rest, "=")
	name, times, hasTimes := cutTimes(rest)
	rule.Lookup, rule.Token, rule.Fault = where == "lookup", where == "token", Fault(name)
	if elsewhere && !rule.Lookup && !rule.Token {
		return rule, fmt.Errorf("unknown ending %q, want /lookup or /token", "/"+where)
	}
	if err := rule.parseTarget(target); err != nil {
		return rule, err
	}
	if rule.Token && (target != "*" || hasTimes) {
		return rule, errors.New("a call for a token is for no receipt: leave out the target and the count after x")
	}
	if !rule.Fault.Known() {
		return rule, fmt.Errorf("unknown fault %q, want one of %s", name, join(faults))
	}
	if hasTimes {
		if rule.Times, err = strconv.Atoi(times); err != nil || rule.Times < 1 {
			return rule, fmt.Errorf("bad count %q after x, want a whole number from 1", times)
		}
	}
	if hasPercent {
		if rule.Percent, err = parseShare(percent); err != nil {
			return rule, fmt.Errorf("bad share %q after =, %w", percent, err)
		}
	}
	if hasDuration {
		return rule, rule.parseDuration(duration)
	}
	return rule, nil
}

// cutTimes cuts text around the x of xTIMES. An x that does not follow a fault
// is none.
func cutTimes(text string) (fault, times string, found bool) {
	i := strings.LastIndexByte(text, 'x')
	if i < 0 || !Fault(text[:i]).Known() {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// parseTarget reads what stands before the colon. Each of its parts may occur once, in any order.
func (rule *Rule) parseTarget(text string) error {
	if text == "*" {
		return nil
	}
	for part := range strings.SplitSeq(text, "+") {
		switch pg := tasks.Gateway(part); {
		case strings.HasPrefix(part, "imp") && rule.ImpUID == "":
			rule.ImpUID = part
			if err := tasks.ValidateImpUID(part); err != nil {
				return err
			}
		case pg.Known() && rule.PG == "":
			rule.PG = pg
		case strings.HasSuffix(part, "%") && rule.Receipts == 0:
			share, err := parseShare(part)
			if err != nil {
				return fmt.Errorf("bad share %q of the receipts, %w", part, err)
			}
			rule.Receipts = share
		default:
			return fmt.Errorf("unknown target %q, want *, an imp_uid that starts with imp, "+
				"a share of the receipts such as 30%%, or one of %s", text, join(tasks.Gateways()))
		}
	}
	return nil
}

// parseShare returns the percentage that text is.
func parseShare(text string) (float64, error) {
	number, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	// The comparison is written so that NaN fails it.
	if !ok || err != nil || !(percent > 0 && percent <= 100) {
		return 0, errors.New("want a percentage above 0% and up to 100%")
	}
	return percent, nil
}

// parseDuration reads what stands behind @, which means another thing to each kind of fault.
func (rule *Rule) parseDuration(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("bad duration %q after @, want one above 0 such as 5s or 1m30s", text)
	}
	switch rule.Fault.duration() {
	case retryAfter:
		rule.RetryAfter = d
	case delay:
		rule.Delay = d
	default:
		return errors.New("a duration after @ is for the faults 429, 503, html-404 and the like, " +
			"slow-after and cut-late only")
	}
	return nil
}

// String returns the rule in the form of [RuleSyntax], which [ParseRule] reads back. Fields that mean
// nothing to the rule's fault are left out.
func (rule Rule) String() string {
	share := func(percent float64) string { return strconv.FormatFloat(percent, 'f', -1, 64) + "%" }
	target := []string{string(rule.PG), rule.ImpUID}
	if rule.Receipts > 0 {
		target = append(target, share(rule.Receipts))
	}
	text := strings.Join(slices.DeleteFunc(target, func(part string) bool { return part == "" }), "+")
	if text != "" {
		text += ":"
	}
	text += string(rule.Fault)
	if rule.Times > 0 {
		text += "x" + strconv.Itoa(rule.Times)
	}
	if rule.Percent > 0 {
		text += "=" + share(rule.Percent)
	}
	if d := map[duration]time.Duration{retryAfter: rule.RetryAfter, delay: rule.Delay}[rule.Fault.duration()]; d > 0 {
		text += "@" + d.String()
	}
	switch {
	case rule.Lookup:
		text += "/lookup"
	case rule.Token:
		text += "/token"
	}
	return text
}

// join lists names for a message.
func join[T ~string](names []T) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return strings.Join(all, ", ")
}
