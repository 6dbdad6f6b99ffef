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

// kst is Korea's time, in which people read the pages wherever the process
// runs. Korea has had no summer time since 1988.
var kst = time.FixedZone("KST", 9*60*60)

// functions are what the pages' templates call.
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

// count returns how many there are of something: one is the key of what is said of 1, and
// many of every other number.
func (t tongue) count(one, many string, n int) string {
	if n == 1 {
		return t.word(one)
	}
	return t.word(many, t.number(n))
}

// cause says which gate or person pauses a queue, since when and why.
func (t tongue) cause(p pause.Pause, now time.Time) string {
	var text string
	switch {
	case gate.Name(p.Gate) == gate.PortOne:
		text = t.word("portone")
	case gate.Name(p.Gate) == gate.Unknown:
		text = t.word("shut", t.gateway(""))
	case p.Gate != "":
		text = t.word("shut", t.gateway(tasks.Gateway(p.Gate)))
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

func (t tongue) number(n any) string { return t.numbers.Sprintf("%d", n) }

func (t tongue) amount(krw int64) string { return t.word("krw", t.number(krw)) }

// clock is for what happens now, moment for what may be long ago, and when for
// what is most often of today.
func clock(at time.Time) string { return at.In(kst).Format("15:04:05 MST") }

func moment(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.In(kst).Format("2006-01-02 15:04:05 MST")
}

func when(at, now time.Time) string {
	if at.In(kst).Format(time.DateOnly) == now.In(kst).Format(time.DateOnly) {
		return clock(at)
	}
	return moment(at)
}

// units are those of durations, the largest first.
var units = []struct {
	key  string
	size time.Duration
}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}, {"seconds", time.Second}}

// span returns a duration in its largest units, two at most.
func (t tongue) span(d time.Duration) string { return t.inUnits(d, 2) }

// about returns a duration in its largest unit alone.
func (t tongue) about(d time.Duration) string { return t.inUnits(d, 1) }

func (t tongue) inUnits(d time.Duration, most int) string {
	var parts []string
	for _, unit := range units {
		n := int(d / unit.size)
		d %= unit.size
		switch {
		case n > 0:
			parts = append(parts, t.word(unit.key, n))
		case len(parts) > 0:
			most = len(parts) // seconds beside hours tell nothing
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

// gateway returns a gateway's name in the language.
func (t tongue) gateway(pg tasks.Gateway) string {
	switch {
	case pg == "":
		return t.word("no gateway")
	case t.korean:
		return pg.Korean()
	}
	return pg.English()
}

func (t tongue) status(s outcome.Status) string { return t.named("status ", string(s)) }

// reason explains a reason. Those that this program does not know come from a
// newer one, and stand for themselves.
func (t tongue) reason(r outcome.Reason) string { return t.named("reason ", string(r)) }

func (t tongue) named(kind, code string) string {
	if text, ok := words[kind+code]; ok {
		return text.in(t)
	}
	return code
}

// thousandths returns how many thousandths of all n is, for the length of a bar.
func thousandths(n, all int) int {
	if all <= 0 {
		return 0
	}
	return min(n*1000/all, 1000)
}

// percent returns a share for people. What is not all is never 100 %.
func percent(n, all int) string {
	if all <= 0 {
		return "–"
	}
	tenths := n * 1000 / all
	return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) + " %"
}

// word returns a text in the language, with what it is about.
func (t tongue) word(key string, about ...any) string {
	text, ok := words[key]
	if !ok {
		return key
	}
	if len(about) == 0 {
		return text.in(t)
	}
	return fmt.Sprintf(text.in(t), about...)
}
