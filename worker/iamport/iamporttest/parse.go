package iamporttest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks"
)

// RuleSyntax is how a rule is written for [ParseRule].
const RuleSyntax = "[TARGET:]FAULT[xTIMES][=PERCENT%][@DURATION][/lookup]"

// ParseRule returns the rule that text means, in the form of [RuleSyntax]:
//
//	500=20%            every fifth DELETE fails at the gateway
//	kcp:500x3          the first three DELETEs of each receipt of KCP
//	kcp+30%:500        every DELETE of three in ten receipts of KCP, always the same
//	imp_123:429@5s     every DELETE of imp_123, with Retry-After: 5
//	slow-after=1%@70s  one DELETE in a hundred is answered after 70 seconds
//	*:502/lookup       every lookup
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

func parseRule(text string) (Rule, error) {
	var rule Rule
	text, where, ok := strings.Cut(text, "/")
	if ok && where != "lookup" {
		return rule, fmt.Errorf("unknown ending %q, want /lookup", "/"+where)
	}
	rule.Lookup = ok
	target, rest, ok := strings.Cut(text, ":")
	if !ok {
		target, rest = "*", text
	}
	rest, duration, hasDuration := strings.Cut(rest, "@")
	rest, percent, hasPercent := strings.Cut(rest, "=")
	name, times, hasTimes := cutTimes(rest)

	errs := []error{rule.parseTarget(target), rule.parseFault(name)}
	if hasTimes {
		errs = append(errs, rule.parseTimes(times))
	}
	if hasPercent {
		errs = append(errs, rule.parsePercent(percent))
	}
	if hasDuration {
		errs = append(errs, rule.parseDuration(duration))
	}
	for _, err := range errs {
		if err != nil {
			return rule, err
		}
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
	if !ok || err != nil || !(percent > 0 && percent <= 100) { // so NaN is refused
		return 0, errors.New("want a percentage above 0% and up to 100%")
	}
	return percent, nil
}

func (rule *Rule) parseFault(text string) error {
	rule.Fault = Fault(text)
	if !rule.Fault.Known() {
		return fmt.Errorf("unknown fault %q, want one of %s", text, join(Faults()))
	}
	return nil
}

func (rule *Rule) parseTimes(text string) (err error) {
	rule.Times, err = strconv.Atoi(text)
	if err != nil || rule.Times < 1 {
		return fmt.Errorf("bad count %q after x, want a whole number from 1", text)
	}
	return nil
}

func (rule *Rule) parsePercent(text string) (err error) {
	if rule.Percent, err = parseShare(text); err != nil {
		return fmt.Errorf("bad share %q after =, %w", text, err)
	}
	return nil
}

func (rule *Rule) parseDuration(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("bad duration %q after @, want one above 0 such as 5s or 1m30s", text)
	}
	switch behaviourOf(rule.Fault).duration {
	case retryAfter:
		rule.RetryAfter = d
	case delay:
		rule.Delay = d
	default:
		return errors.New("a duration after @ is for the faults 429, 503, html-404 and the like, slow-after and cut-late only")
	}
	return nil
}

// String returns the rule in the form of [RuleSyntax]. Fields that mean nothing
// to the rule's fault are left out.
func (rule Rule) String() string {
	var b strings.Builder
	if target := rule.target(); target != "" {
		b.WriteString(target + ":")
	}
	b.WriteString(string(rule.Fault))
	if rule.Times > 0 {
		fmt.Fprintf(&b, "x%d", rule.Times)
	}
	if rule.Percent > 0 {
		b.WriteString("=" + percentage(rule.Percent))
	}
	switch kind := behaviourOf(rule.Fault).duration; {
	case kind == retryAfter && rule.RetryAfter > 0:
		b.WriteString("@" + rule.RetryAfter.String())
	case kind == delay && rule.Delay > 0:
		b.WriteString("@" + rule.Delay.String())
	}
	if rule.Lookup {
		b.WriteString("/lookup")
	}
	return b.String()
}

// target returns what the rule is about, empty for all.
func (rule Rule) target() string {
	var parts []string
	if rule.PG != "" {
		parts = append(parts, string(rule.PG))
	}
	if rule.ImpUID != "" {
		parts = append(parts, rule.ImpUID)
	}
	if rule.Receipts > 0 {
		parts = append(parts, percentage(rule.Receipts))
	}
	return strings.Join(parts, "+")
}

func percentage(share float64) string { return strconv.FormatFloat(share, 'f', -1, 64) + "%" }

// join lists names for a message.
func join[T ~string](names []T) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return strings.Join(all, ", ")
}
