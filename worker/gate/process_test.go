package gate_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// What a DELETE says that the gateway failed, and one that succeeded.
var (
	pgFailed = gate.Signs{Gateway: gate.Failed, PortOne: gate.Answered, Cause: "pg_failure"}
	answered = gate.Signs{Gateway: gate.Answered, PortOne: gate.Answered}
)

// gateway is a payment gateway that is up or down.
type gateway struct {
	up     atomic.Bool
	probes atomic.Int64
	idle   atomic.Bool // nothing waits for it

	mu   sync.Mutex
	seen []seen // the probes
}

type seen struct {
	process string
	name    gate.Name
	queues  []string
	at      time.Time
}

func (g *gateway) list() []seen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]seen(nil), g.seen...)
}

// process is one of several workers.
type process struct {
	*gate.Gates
	name    string
	gateway *gateway
	hang    chan struct{} // a probe waits until it is closed; nil for none
	running sync.WaitGroup
	end     context.CancelFunc
	// complain is told of what fails; nil for the test's log.
	complain func(kind string, err error)
}

func (p *process) Probe(ctx context.Context, name gate.Name, queues []string) gate.Evidence {
	p.gateway.probes.Add(1)
	p.gateway.mu.Lock()
	p.gateway.seen = append(p.gateway.seen, seen{p.name, name, queues, time.Now()})
	p.gateway.mu.Unlock()
	if p.hang != nil {
		<-p.hang
	}
	switch {
	case p.gateway.idle.Load():
		return gate.Silent
	case p.gateway.up.Load():
		return gate.Answered
	}
	return gate.Failed
}

var quick = gate.Config{Receipts: 4, Probe: 20 * time.Millisecond, ProbeMax: 60 * time.Millisecond}

// start runs a process on the gates until the test ends.
func start(t *testing.T, client redis.UniversalClient, name string, g *gateway, config gate.Config) *process {
	t.Helper()
	p := &process{name: name, gateway: g}
	p.Gates = gate.New(gate.NewStore(client, ""), config, name, discard())
	p.run(t)
	return p
}

func (p *process) run(t *testing.T) {
	if _, err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A process that does not know yet what is paused makes no calls.
	eventually(t, "it knows what is paused", func() bool { return p.KnowsPauses(t.Context()) })
	ctx, cancel := context.WithCancel(t.Context())
	p.end = cancel
	if p.complain == nil {
		p.complain = func(kind string, err error) { t.Logf("%s: %s: %v", p.name, kind, err) }
	}
	p.running.Go(func() { p.Run(ctx, p, p.complain) })
	t.Cleanup(p.stop)
}

func (p *process) stop() {
	p.end()
	p.running.Wait()
}

// call makes a call to a gateway, if it is let through, and reports what the
// gateway says.
func (p *process) call(t *testing.T, pg tasks.Gateway, impUID string) error {
	t.Helper()
	call, err := p.Enter(t.Context(), pg, bulk(pg))
	if err != nil {
		return err
	}
	signs := pgFailed
	if p.gateway.up.Load() {
		signs = answered
	}
	report(t, call, impUID, signs)
	return nil
}

// bulk returns the queue of a gateway's batches, for whose tasks the tests call.
func bulk(pg tasks.Gateway) string { return tasks.Queue{PG: pg, Bulk: true}.Name() }

// report reports what a call for a receipt that never failed before came to.
func report(t *testing.T, call *gate.Call, impUID string, signs gate.Signs) {
	t.Helper()
	if err := call.Report(t.Context(), gate.Result{ImpUID: impUID, Signs: signs}); err != nil {
		t.Error(err)
	}
}

// close lets calls fail until the gate of a gateway has closed.
func (p *process) close(t *testing.T, client redis.UniversalClient, pg tasks.Gateway) {
	t.Helper()
	before := state(t, client, gate.Of(pg)).Epoch
	for i := range 300 {
		_ = p.call(t, pg, fmt.Sprintf("imp_%d", i)) // one that is not let through has no say
		if state(t, client, gate.Of(pg)).Epoch != before {
			return
		}
	}
	t.Fatal("the gate does not close")
}

// queues registers queues as Asynq does.
func queues(t *testing.T, client redis.UniversalClient, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := client.SAdd(t.Context(), "asynq:queues", name).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// eventually waits until what is asked for holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	redistest.Eventually(t, 20*time.Second, what, holds)
}

// state returns a gate as it stands in Redis.
func state(t *testing.T, client redis.UniversalClient, name gate.Name) gate.State {
	t.Helper()
	snapshot, err := gate.NewStore(client, "").Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Gates[name]
}

// paused returns what pauses a queue: "gate", "person" or nothing.
func paused(t *testing.T, client redis.UniversalClient, queue string) string {
	t.Helper()
	pauses, err := gate.NewStore(client, "").Pauses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pauses {
		switch {
		case p.Queue != queue || !p.Paused:
		case p.Gate != "":
			return "gate"
		default:
			return "person"
		}
	}
	return ""
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
