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
//	imp_123:429@5s     every DELETE of imp_123, with Retry-After: 5
//	slow-after=1%@70s  one DELETE in a hundred is answered after 70 seconds
//	*:502/lookup       every lookup
//
// TARGET is a gateway's code, an imp_uid that starts with imp, both joined by
// a plus sign, or * for all. DURATION is the Retry-After of 429 and 503, and the
// delay of slow-after. An error names the part that is wrong and what could
// stand there.
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
		default:
			return fmt.Errorf("unknown target %q, want *, an imp_uid that starts with imp, or one of %s",
				text, join(tasks.Gateways()))
		}
	}
	return nil
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

func (rule *Rule) parsePercent(text string) error {
	number, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(percent > 0 && percent <= 100) { // so NaN is refused
		return fmt.Errorf("bad share %q after =, want a percentage above 0%% and up to 100%%", text)
	}
	rule.Percent = percent
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
		return errors.New("a duration after @ is for the faults 429, 503 and slow-after only")
	}
	return nil
}

// String returns the rule in the form of [RuleSyntax]. Fields that mean nothing
// to the rule's fault are left out.
func (rule Rule) String() string {
	var b strings.Builder
	switch {
	case rule.PG != "" && rule.ImpUID != "":
		fmt.Fprintf(&b, "%s+%s:", rule.PG, rule.ImpUID)
	case rule.PG != "" || rule.ImpUID != "":
		fmt.Fprintf(&b, "%s%s:", rule.PG, rule.ImpUID)
	}
	b.WriteString(string(rule.Fault))
	if rule.Times > 0 {
		fmt.Fprintf(&b, "x%d", rule.Times)
	}
	if rule.Percent > 0 {
		b.WriteString("=" + strconv.FormatFloat(rule.Percent, 'f', -1, 64) + "%")
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

// join lists names for a message.
func join[T ~string](names []T) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return strings.Join(all, ", ")
}
