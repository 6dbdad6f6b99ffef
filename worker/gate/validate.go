package gate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

const (
	// longestHold is the longest time for which PortOne can ask for no calls: what
	// the API's client takes from a Retry-After header.
	longestHold = time.Hour
	// longestProbe is the longest time between two probes.
	longestProbe = time.Hour
	// slack is how far ahead of Redis' clock a time may be that Redis' clock gave:
	// after a failover the clock of another machine counts.
	slack = time.Minute
)

// mend is a key in Redis, or a field of a hash, whose value is out of range.
type mend struct{ key, field, value string }

// validate removes the values of a gate's hash that nothing of this program can
// have written, and returns them. A gate whose state or epoch is one is absent.
func (v values) validate(key string, now time.Time) (mends []mend) {
	within := func(name string, least, most int64) {
		if value, ok := v[name]; ok {
			if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < least || n > most || strconv.FormatInt(n, 10) != value {
				mends = append(mends, mend{key, name, value})
				delete(v, name)
			}
		}
	}
	micros, state, epoch := now.Add(slack).UnixMicro(), v["state"], v["epoch"]
	within("epoch", 1, micros)
	within("succeeded_at", 1, micros)
	within("prober_until", 1, micros+proberLife.Microseconds())
	within("failing_since", 1, micros)
	within("suspects", 1, math.MaxInt32)
	within("spared", 1, math.MaxInt32)
	within("waived", 1, 1)
	within("waited", 0, life.Microseconds())
	within("failures", 0, math.MaxInt32)
	within("interval", time.Millisecond.Microseconds(), longestProbe.Microseconds())
	within("probe_at", 1, now.Add(time.Second).UnixMicro()+number(v["interval"]))
	if _, ok := v["epoch"]; state != "" && (!ok || state != "closed" && state != "open") {
		clear(v)
		return []mend{{key: key, value: fmt.Sprintf("%q since %q", state, epoch)}}
	}
	return mends
}

// mend deletes what is out of range, and tells complain.
func (s *Store) mend(ctx context.Context, mends []mend, complain func(kind string, err error)) (problems error) {
	for _, m := range mends {
		complain("invalid "+m.key+" "+m.field, fmt.Errorf("%s %s is %q, out of range: it counts as absent and is deleted", m.key, m.field, m.value))
		if m.field == "" {
			problems = errors.Join(problems, s.client.Del(ctx, m.key).Err())
		} else {
			problems = errors.Join(problems, s.client.HDel(ctx, m.key, m.field).Err())
		}
	}
	return problems
}
