package gate_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// arrivals lets several slots of several processes call as often as they may,
// and returns when calls were let through until there are enough.
func arrivals(t *testing.T, enough int, pg tasks.Gateway, processes ...*process) []time.Time {
	t.Helper()
	var mu sync.Mutex
	var let []time.Time
	var slots sync.WaitGroup
	for _, p := range processes {
		for range 5 {
			slots.Go(func() {
				for {
					_, err := p.Enter(t.Context(), pg, bulk(pg))
					var wait *gate.WaitError
					if errors.As(err, &wait) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					let = append(let, time.Now())
					done := len(let) >= enough
					mu.Unlock()
					if done {
						return
					}
				}
			})
		}
	}
	slots.Wait()
	return let[:enough]
}

func TestRateHoldsForAllProcessesTogether(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		config := quick
		config.Rate = gate.Rate{Gateway: map[tasks.Gateway]float64{tasks.KCP: 50}}
		a, b := start(t, client, "a", &gateway{}, config), start(t, client, "b", &gateway{}, config)
		let := arrivals(t, 100, tasks.KCP, a, b)
		// 99 intervals of 20 ms.
		if took := let[99].Sub(let[0]); took < 1900*time.Millisecond || took > 4*time.Second {
			t.Errorf("100 calls at 50 a second took %v", took)
		}
		began := time.Now()
		arrivals(t, 100, tasks.Nice, a, b)
		if took := time.Since(began); took > time.Second {
			t.Errorf("100 calls to a gateway without a limit took %v", took)
		}
	})
}

func TestRateOfAllGatewaysHoldsAboveTheirOwn(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	config := quick
	config.Rate = gate.Rate{All: 50, Gateway: map[tasks.Gateway]float64{tasks.KCP: 1000}}
	a := start(t, client, "a", &gateway{}, config)
	let := arrivals(t, 50, tasks.KCP, a)
	if took := let[49].Sub(let[0]); took < 900*time.Millisecond {
		t.Errorf("50 calls at 50 a second took %v", took)
	}
}

func TestLongWaitsGoBack(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		config := quick
		config.Rate = gate.Rate{All: 0.1}
		a := start(t, client, "a", &gateway{}, config)
		if _, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		var wait *gate.WaitError
		if !errors.As(err, &wait) || wait.Wait < 8*time.Second || wait.Wait > 10*time.Second {
			t.Errorf("got %v, want a wait of 9 s", err)
		}
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("it held its slot for %v", took)
		}
	})
}

func TestLongestOfHoldsAtTheSameTimeCounts(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	a, b := start(t, client, "a", &gateway{}, quick), start(t, client, "b", &gateway{}, quick)
	for range 20 {
		client.Del(t.Context(), "{receipt}:hold")
		var holding sync.WaitGroup
		holding.Go(func() { _ = a.Hold(t.Context(), 50*time.Second) })
		for range 10 {
			holding.Go(func() { _ = b.Hold(t.Context(), 2*time.Second) })
		}
		holding.Wait()
		if left := client.PTTL(t.Context(), "{receipt}:hold").Val(); left < 40*time.Second {
			t.Fatalf("all are held for %v, want 50s", left)
		}
	}
}

func TestHoldIsForEverybody(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t) // whose keys expire by themselves
	a, b := start(t, client, "a", &gateway{}, quick), start(t, client, "b", &gateway{}, quick)
	until := time.Now().Add(2500 * time.Millisecond)
	if err := a.Hold(t.Context(), 2500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := a.Hold(t.Context(), time.Millisecond); err != nil { // does not shorten it
		t.Fatal(err)
	}
	began := time.Now()
	var wait *gate.WaitError
	if _, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP)); !errors.As(err, &wait) || wait.Gate != "" || wait.Wait > 1600*time.Millisecond {
		t.Errorf("got %v, want to wait for the rest", err)
	}
	if took := time.Since(began); took < time.Second || took > 2*time.Second {
		t.Errorf("it held its slot for %v, want a second", took)
	}
	if _, err := a.EnterProbe(t.Context(), tasks.KCP, bulk(tasks.KCP)); err == nil {
		t.Error("a probe is made meanwhile")
	}
	if client.PTTL(t.Context(), "{receipt}:hold").Val() > 2500*time.Millisecond {
		t.Error("the hold has no end")
	}
	eventually(t, "the other process is held too", func() bool {
		_, err := b.EnterProbe(t.Context(), tasks.Nice, bulk(tasks.Nice))
		return err != nil
	})
	eventually(t, "calls are made again", func() bool { return a.call(t, tasks.KCP, "imp_1") == nil })
	if early := time.Until(until); early > 50*time.Millisecond {
		t.Errorf("a call was made %v too early", early)
	}
}
