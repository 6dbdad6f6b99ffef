package gate_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// log collects what is written to it.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// What nothing of this program can have written counts as absent, is told once, and
// stops no call.
func TestValuesOutOfRangeStopNoCalls(t *testing.T) {
	t.Parallel()
	far := time.Now().Add(13 * 365 * 24 * time.Hour)
	closed := func(more ...any) []any {
		return append([]any{"state", "closed", "epoch", time.Now().Add(-time.Minute).UnixMicro()}, more...)
	}
	for name, spoil := range map[string]func(t *testing.T, client *redis.Client){
		"a hold of thirteen years": func(t *testing.T, client *redis.Client) {
			client.Set(t.Context(), "{receipt}:hold", 1, time.Until(far))
		},
		"a hold without an end": func(t *testing.T, client *redis.Client) { client.Set(t.Context(), "{receipt}:hold", 1, 0) },
		"a rate of thirteen years": func(t *testing.T, client *redis.Client) {
			client.Set(t.Context(), "{receipt}:rate:kcp", far.UnixMicro(), 0)
		},
		"a rate that is none": func(t *testing.T, client *redis.Client) { client.Set(t.Context(), "{receipt}:rate:kcp", "often", 0) },
		"a probe in thirteen years": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", closed("probe_at", far.UnixMicro())...)
		},
		"an interval of thirteen years": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", closed("probe_at", 1, "interval", far.UnixMicro())...)
		},
		"a prober for thirteen years": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", closed("prober", "x", "prober_until", far.UnixMicro())...)
		},
		"probes that failed for thirteen years": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", closed("waited", far.UnixMicro())...)
		},
		"a pause since tomorrow": func(t *testing.T, client *redis.Client) {
			queues(t, client, "receipts-kcp")
			client.Set(t.Context(), "asynq:{receipts-kcp}:paused", fmt.Sprintf("1764000000 gate kcp %d", far.UnixMicro()), 0)
		},
		"a state that is none": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", "state", "ajar", "epoch", 1)
		},
		"an epoch that is none": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", "state", "closed", "epoch", "yesterday")
		},
		"closed since tomorrow": func(t *testing.T, client *redis.Client) {
			client.HSet(t.Context(), "{receipt}:gate:kcp", "state", "closed", "epoch", far.UnixMicro())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				spoil(t, client)
				kcp, told := &gateway{}, &log{}
				kcp.up.Store(true)
				config := quick
				config.Rate = gate.Rate{Gateway: map[tasks.Gateway]float64{tasks.KCP: 1000}}
				p := &process{name: "a", gateway: kcp}
				p.Gates = gate.New(gate.NewStore(client, ""), config, "a", slog.New(slog.NewTextHandler(told, nil)))
				p.complain = func(kind string, err error) { fmt.Fprintln(told, kind, err) }
				p.run(t)
				eventually(t, "calls are let through", func() bool { return p.call(t, tasks.KCP, "imp_1") == nil })
				eventually(t, "the queue is not paused", func() bool { return paused(t, client, "receipts-kcp") == "" })
				time.Sleep(500 * time.Millisecond) // so that it could be told again
				if n := strings.Count(told.String(), "out of range"); n != 1 {
					t.Errorf("it is told %d times:\n%s", n, told)
				}
			})
		})
	}
}
