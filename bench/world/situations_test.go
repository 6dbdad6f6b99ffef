package world

import (
	"slices"
	"sync"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestSeedsBringEverySituationAboutAndNothingImpossible(t *testing.T) {
	t.Parallel()
	for _, span := range []time.Duration{time.Minute, 10 * time.Minute, 2 * time.Hour} {
		seen := make([]int, len(situations))
		for seed := range uint64(400) {
			s := Generate(seed, span)
			if err := s.Validate(); err != nil {
				t.Errorf("seed %d, %v: %v", seed, span, err)
			}
			for i, parts := range situations {
				if slices.EqualFunc(parts, s.Faults[:min(len(parts), len(s.Faults))], func(p part, f Fault) bool {
					return p.kind == f.Kind && f.From <= span && (p.pg == "" || p.pg == f.PG)
				}) {
					seen[i]++
				}
			}
		}
		if slices.Min(seen) < 10 {
			t.Errorf("%v: got each situation %d times in 400 seeds, want 10 at least", span, seen)
		}
	}
}

func TestHastyPersonCancelsWhatWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) { // in which nobody works: all that is asked for waits
		w.scenario.Span = 5 * time.Minute
		p := payment{role: cancelled, at: time.Minute}
		p.ImpUID = "imp_1"
		w.payments = []payment{p}
		client := w.client(w.newHost(producerName))
		defer client.Close()
		w.person = newPerson(client)
		var acting sync.WaitGroup
		acting.Go(func() { w.askAt(p.at, p.Revocation) })
		w.interfere(Fault{Kind: CancelSoon, From: 30 * time.Second, To: 2 * time.Minute, Rate: 1})
		w.interfere(Fault{Kind: CancelSoon, From: 0, To: time.Second, Rate: 1}) // it was asked for later
		acting.Wait()
		got := w.proof.Cancelled[p.ImpUID]
		if len(got) != 1 || got[0].Withdrawal != outcome.Withdrawn {
			t.Errorf("got %+v, want it withdrawn once", got)
		}
		if asked := w.proof.Asked[p.ImpUID]; len(asked) != 1 || asked[0].Began.IsZero() || asked[0].Began.After(got[0].Began) {
			t.Errorf("got %+v, want one call before the cancellation, and when it began", asked)
		}
	})
}

func TestPeoplePauseAndResumeOnceMoreWhatRedisLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		client := w.client(w.newHost(producerName))
		defer client.Close()
		w.person = newPerson(client)
		nice, kcp := Fault{Kind: Pause, PG: tasks.Nice}, Fault{Kind: Pause, PG: tasks.KCP}
		w.begin(nice)
		past := w.redis.snapshot() // of a moment in which nice is paused, and kcp not
		w.end(nice)
		w.begin(kcp)
		w.redis.restore(past)
		w.pauseLost()
		pauses, err := w.gates.Pauses(w.ctx)
		var got []string
		for _, p := range pauses {
			got = append(got, p.Queue)
		}
		slices.Sort(got)
		if want := []string{"receipts-bulk-kcp", "receipts-kcp"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v paused, %v; want %v", got, err, want)
		}
	})
}
