package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// again is how soon a producer asks again that Redis did not answer.
const again = time.Second

// revocation returns the request of a number.
func (s Scenario) revocation(number int) tasks.Revocation {
	return tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", number), PG: gateways[number%len(gateways)]}
}

// ask issues every receipt, and asks for each to be revoked, as often as it takes.
func (w *world) ask(client redis.UniversalClient) {
	random := rand.New(rand.NewPCG(w.scenario.Seed, 1))
	producer := enqueue.NewClient(client, enqueue.Config{})
	for number := range w.scenario.Receipts {
		time.Sleep(time.Duration(random.Int64N(2 * int64(w.scenario.Span) / int64(w.scenario.Receipts))))
		r := w.scenario.revocation(number)
		w.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
		for {
			_, err := producer.Revoke(w.ctx, r)
			if w.note(r.ImpUID, "producer", fmt.Sprintf("asks: %v", err)); err == nil {
				break
			}
			time.Sleep(again)
		}
	}
}

// happen lets a fault happen in its window.
func (w *world) happen(f Fault) {
	time.Sleep(f.From)
	w.begin(f)
	time.Sleep(f.To - f.From)
	w.end(f)
}

func (w *world) begin(f Fault) {
	switch f.Kind {
	case Outage:
		w.portone.SetOutage(f.PG, true)
	case Kill:
		w.mu.Lock()
		w.result.Kills++
		p := w.workers[f.Worker]
		w.mu.Unlock()
		p.kill()
	case Freeze:
		w.worker(f.Worker).host.freeze()
	case CutBefore, CutAfter:
		w.setRate(f.Kind, f.Rate)
	case RedisDown:
		w.redis.setDown(true)
	case RedisFull:
		w.redis.setRefusal("OOM command not allowed when used memory > 'maxmemory'.")
	case ReadOnly:
		w.redis.setRefusal("READONLY You can't write against a read only replica.")
	default:
		rule, _ := f.rule()
		w.portone.Inject(rule)
	}
}

func (w *world) end(f Fault) {
	switch f.Kind {
	case Outage:
		w.portone.SetOutage(f.PG, false)
	case Kill:
		w.startWorker(f.Worker)
	case Freeze:
		w.mu.Lock()
		for _, h := range w.hosts {
			h.thaw()
		}
		w.mu.Unlock()
	case CutBefore, CutAfter:
		w.setRate(f.Kind, 0)
	case RedisDown:
		w.redis.setDown(false)
	case RedisFull, ReadOnly:
		w.redis.setRefusal("")
	default:
		rule, _ := f.rule()
		w.drop(rule)
	}
}

// drop takes a rule off those in force.
func (w *world) drop(rule iamporttest.Rule) {
	rules := w.portone.Rules()
	w.portone.Clear()
	for _, other := range rules {
		if other != rule {
			w.portone.Inject(other)
		}
	}
}

func (w *world) setRate(kind Kind, rate float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[kind] = rate
}

func (w *world) worker(number int) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workers[number]
}
