package gate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// TestWhateverHappensTheQueuesFollow lets processes, gateways and people do
// anything in any order. Once all gateways are up again, nothing is paused but
// what people have paused.
func TestWhateverHappensTheQueuesFollow(t *testing.T) {
	t.Parallel()
	for seed := range scale.Of[uint64](2, 4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				newWorld(t, client, seed).run(t)
			})
		})
	}
}

// world is three processes, two gateways with their queues, and a person.
type world struct {
	client    *redis.Client
	random    *rand.Rand
	processes []*process
	gateways  map[tasks.Gateway]*gateway
	queues    []string
	person    map[string]bool // what the person has paused
	names     int
}

func newWorld(t *testing.T, client *redis.Client, seed uint64) *world {
	w := &world{
		client: client, random: rand.New(rand.NewPCG(seed, seed)), person: make(map[string]bool),
		gateways:  map[tasks.Gateway]*gateway{tasks.KCP: {}, tasks.Nice: {}},
		queues:    []string{"receipts-kcp", "receipts-bulk-kcp", "receipts-nice"},
		processes: make([]*process, 3),
	}
	queues(t, client, w.queues...)
	for i := range w.processes {
		w.birth(t, i)
	}
	return w
}

// birth puts a new process in the place of one.
func (w *world) birth(t *testing.T, i int) {
	w.names++
	w.processes[i] = &process{name: fmt.Sprintf("p%d", w.names), gateway: &gateway{}}
	p := w.processes[i]
	p.Gates = gate.New(gate.NewStore(w.client, ""), quick, p.name, discard())
	p.gateway = w.gateways[tasks.KCP]
	p.run(t)
}

func (w *world) run(t *testing.T) {
	for range 100 {
		w.step(t)
	}
	for _, g := range w.gateways {
		g.up.Store(true)
	}
	for pg := range w.gateways {
		eventually(t, "the gate is open", func() bool { return !state(t, w.client, gate.Of(pg)).Closed })
	}
	for _, queue := range w.queues {
		want := ""
		if w.person[queue] {
			want = "person"
		}
		eventually(t, fmt.Sprintf("%s is paused by %q", queue, want), func() bool { return paused(t, w.client, queue) == want })
	}
	for pg := range w.gateways {
		for _, p := range w.processes {
			want := !w.person[bulk(pg)]
			eventually(t, fmt.Sprintf("calls of %s are let through: %t", pg, want), func() bool {
				return (p.call(t, pg, "imp_last") == nil) == want
			})
		}
	}
}

// step lets something happen.
func (w *world) step(t *testing.T) {
	i := w.random.IntN(len(w.processes))
	queue := w.queues[w.random.IntN(len(w.queues))]
	pg := tasks.KCP
	if w.random.IntN(2) == 0 {
		pg = tasks.Nice
	}
	inspector := asynq.NewInspectorFromRedisClient(w.client)
	switch w.random.IntN(12) {
	case 0:
		w.gateways[pg].up.Store(w.random.IntN(2) == 0)
	case 1: // it dies, and another comes
		w.processes[i].stop()
		w.birth(t, i)
	case 2:
		// Where a gate has paused it, Asynq says that it is paused already.
		if inspector.PauseQueue(queue) == nil {
			w.person[queue] = true
		}
	case 3:
		if inspector.UnpauseQueue(queue) == nil {
			w.person[queue] = false
		}
	case 4:
		if _, err := pause.NewStore(w.client, "").ForPerson(t.Context(), []string{queue}, "kim@ops", "the gate kcp 5"); err != nil {
			t.Error(err)
		}
		w.person[queue] = true
	case 5:
		time.Sleep(time.Duration(w.random.IntN(100)) * time.Millisecond) // the processes go on meanwhile
	default:
		w.burst(t, w.processes[i], pg)
	}
}

// burst lets a process make calls, which come to what the gateway is.
func (w *world) burst(t *testing.T, p *process, pg tasks.Gateway) {
	// It does not wait for a closed gate.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for n := range 4 {
		call, err := p.Enter(ctx, pg, bulk(pg))
		if err != nil {
			return
		}
		signs := gate.Signs{Gateway: gate.Failed, Cause: "pg_failure"}
		if w.gateways[pg].up.Load() {
			signs.Gateway = gate.Answered
		}
		report(t, call, fmt.Sprintf("imp_%d", n), signs)
	}
}
