package gate

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// longestHold is the longest time for which PortOne can ask for no calls: what
	// the API's client takes from a Retry-After header.
	longestHold = time.Hour
	// slack is how far ahead of Redis' clock a time may be that Redis' clock gave:
	// after a failover the clock of another machine counts.
	slack = time.Minute
)

// values are the names and values of a gate's hash.
type values map[string]string

func newValues(reply any) values {
	pairs, _ := reply.([]any)
	v := make(values, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		v[text(pairs[i])] = text(pairs[i+1])
	}
	return v
}

// moment returns a time that is kept in microseconds, the zero time if there is
// none.
func (v values) moment(name string) time.Time {
	if n := number(v[name]); n != 0 {
		return time.UnixMicro(n).UTC()
	}
	return time.Time{}
}

// mend is a key in Redis, or a field of a hash, whose value is out of range.
type mend struct{ key, field, value string }

// validate removes the values of a gate's hash that nothing of this program can
// have written, and returns them. A gate whose state or epoch is one is absent.
func (v values) validate(key string, now time.Time) (mends []mend) {
	within := func(name string, least, most int64) {
		if value, ok := v[name]; ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n < least || n > most || strconv.FormatInt(n, 10) != value {
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

// Error says what is out of range.
func (m mend) Error() string {
	return fmt.Sprintf("%s %s is %q, out of range: it counts as absent and is deleted", m.key, m.field, m.value)
}

// do deletes what is out of range.
func (m mend) do(ctx context.Context, client redis.UniversalClient) error {
	if m.field == "" {
		return client.Del(ctx, m.key).Err()
	}
	return client.HDel(ctx, m.key, m.field).Err()
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
