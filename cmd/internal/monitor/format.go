package monitor

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// kst is Korea's time, in which people read the pages wherever the process runs. A fixed
// zone needs no time zone data, which small images lack; Korea has had no summer time since
// 1988.
var kst = time.FixedZone("KST", 9*60*60)

// functions are what the pages' templates call. A template that calls another name cannot
// be read, so the site does not start.
func (t tongue) functions(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"t": t.word, "lang": t.String, "number": t.number, "clock": clock,
		"when":     func(at time.Time) string { return when(at, now()) },
		"datetime": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"span":     t.span, "about": t.about, "gateway": t.gateway, "reason": t.reason, "percent": percent,
		"escape": url.PathEscape, "count": t.count,
		"cause": func(p pause.Pause) string { return t.cause(p, now()) },
	}
}

// count returns how many there are of something: one is the key of the word that is said of
// 1, and many the key for every other number, with a place for it. Korean has no plural,
// and both words may be alike.
func (t tongue) count(one, many string, n int) string {
	if n == 1 {
		return t.word(one)
	}
	return t.word(many, t.number(n))
}

// cause says which gate or person pauses a queue, since when and why, such as "the gate of
// NHN KCP is closed, since 09:41:00 KST".
func (t tongue) cause(p pause.Pause, now time.Time) string {
	var text string
	switch {
	case gate.Name(p.Gate) == gate.PortOne:
		text = t.word("portone")
	case gate.Name(p.Gate) == gate.Unknown:
		text = t.word("shut", t.gateway(""))
	case p.Gate != "":
		text = t.word("shut", t.gateway(tasks.Gateway(p.Gate)))
	// Asynq's own pause tells neither who nor why, but when.
	case p.By == "":
		text = t.word("paused in asynq")
	default:
		text = t.word("paused by", p.By)
	}
	if !p.Since.IsZero() {
		text += ", " + t.word("since", when(p.Since, now))
	}
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	return text
}

// number writes a whole number with separators, 1,234,567.
func (t tongue) number(n any) string { return t.numbers.Sprintf("%d", n) }

// amount writes an amount in won, which has no fraction.
func (t tongue) amount(krw int64) string { return t.word("krw", t.number(krw)) }

// clock is for what happens now, moment for what may be long ago, and when for what is most
// often of today: the date is left out only where it is today's in Korea. All show the
// zone, since people elsewhere read the page too.
func clock(at time.Time) string { return at.In(kst).Format("15:04:05 MST") }

// moment returns a dash for a time that is not known.
func moment(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.In(kst).Format("2006-01-02 15:04:05 MST")
}

// when compares days in Korea's time: at 23:30 UTC it is the next day there.
func when(at, now time.Time) string {
	if at.In(kst).Format(time.DateOnly) == now.In(kst).Format(time.DateOnly) {
		return clock(at)
	}
	return moment(at)
}

// units are those of durations, the largest first, as [tongue.inUnits] needs them.
var units = []struct {
	key  string
	size time.Duration
}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}, {"seconds", time.Second}}

// span returns a duration in its largest units, two at most: "1 h 5 min".
func (t tongue) span(d time.Duration) string { return t.inUnits(d, 2) }

// about returns a duration in its largest unit alone, for the narrow columns of a table: "1
// h" of 1 h 59 min.
func (t tongue) about(d time.Duration) string { return t.inUnits(d, 1) }

// inUnits returns a duration in at most so many units, the rest cut off and not rounded.
// Below a second it is 0 s.
func (t tongue) inUnits(d time.Duration, most int) string {
	var parts []string
	for _, unit := range units {
		n := int(d / unit.size)
		d %= unit.size
		switch {
		case n > 0:
			parts = append(parts, t.word(unit.key, n))
		case len(parts) > 0:
			// A unit that is zero ends it: seconds beside hours tell nothing, so 1 h 0 min
			// 5 s is "1 h".
			most = len(parts)
		}
		if len(parts) == most {
			return strings.Join(parts, " ")
		}
	}
	if len(parts) == 0 {
		return t.word("seconds", 0)
	}
	return strings.Join(parts, " ")
}

// gateway returns a gateway's name in the language, its code where this program does not
// know it, and a word for none.
func (t tongue) gateway(pg tasks.Gateway) string {
	switch {
	case pg == "":
		return t.word("no gateway")
	case t.korean:
		return pg.Korean()
	}
	return pg.English()
}

// status explains a status as [tongue.reason] does a reason.
func (t tongue) status(s outcome.Status) string { return t.named("status ", string(s)) }

// reason explains a reason. A reason that this program does not know comes from a newer
// version, and its code is shown.
func (t tongue) reason(r outcome.Reason) string { return t.named("reason ", string(r)) }

// named looks a word up whose key has a code of Redis in it; without a word it is the code.
func (t tongue) named(kind, code string) string {
	if text, ok := words[kind+code]; ok {
		return text.in(t)
	}
	return code
}

// thousandths returns how many thousandths of all n is, 0 to 1000, for the length of a bar:
// the bars are 1,000 units wide (viewBox).
func thousandths(n, all int) int {
	if all <= 0 {
		return 0
	}
	return min(n*1000/all, 1000)
}

// percent returns a share for people, with one digit behind the point and cut off, not
// rounded: 999,999 of a million are 99.9 %, and only all of them are 100.0 %.
func percent(n, all int) string {
	if all <= 0 {
		return "–"
	}
	tenths := n * 1000 / all
	return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) + " %"
}

// word returns a text in the language, with what it is about in its places. A key without a
// word is shown as it is, so that a page with a mistake can still be read; a test finds
// such keys.
func (t tongue) word(key string, about ...any) string {
	text, ok := words[key]
	if !ok {
		return key
	}
	// A text without places is not formatted: a % in it would be taken for one.
	if len(about) == 0 {
		return text.in(t)
	}
	return fmt.Sprintf(text.in(t), about...)
}
