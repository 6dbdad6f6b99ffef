package iamporttest_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestRulesMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules []iamporttest.Rule
		want  []int // statuses of successive DELETEs of imp_1, which is on kcp
	}{
		{"no rule", nil, []int{200, 500}},
		{"every time", []iamporttest.Rule{{Fault: "429"}}, []int{429, 429, 429}},
		{"three times", []iamporttest.Rule{{Fault: "429", Times: 3}}, []int{429, 429, 429, 200}},
		{"this imp_uid", []iamporttest.Rule{{ImpUID: "imp_1", Fault: "429"}}, []int{429}},
		{"another imp_uid", []iamporttest.Rule{{ImpUID: "imp_2", Fault: "429"}}, []int{200}},
		{"this gateway", []iamporttest.Rule{{PG: tasks.KCP, Fault: "429"}}, []int{429}},
		{"another gateway", []iamporttest.Rule{{PG: tasks.Nice, Fault: "429"}}, []int{200}},
		{"this imp_uid on another gateway", []iamporttest.Rule{{PG: tasks.Nice, ImpUID: "imp_1", Fault: "429"}}, []int{200}},
		{"lookups", []iamporttest.Rule{{Lookup: true, Fault: "429"}}, []int{200}},
		{"the first that applies", []iamporttest.Rule{
			{PG: tasks.Nice, Fault: "400"}, {Times: 2, Fault: "502"}, {Times: 1, Fault: "403"}, {Times: 9, Fault: "429"},
		}, []int{502, 502, 403, 429}},
		{"always by percentage", []iamporttest.Rule{{Percent: 100, Fault: "429"}}, []int{429, 429}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, iamporttest.Config{Faults: test.rules})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP})
			var got []int
			for range test.want {
				got = append(got, p.revoke("imp_1").status)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestTimesCountForEachImpUID(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: "500", Times: 2}}})
	for _, impUID := range []string{"imp_1", "imp_2"} {
		p.Issue(iamporttest.Receipt{ImpUID: impUID})
		for _, want := range []int{500, 500, 200} {
			wantStatus(t, p.revoke(impUID), want)
		}
	}
	p.Inject(iamporttest.Rule{Fault: "500", Times: 1, Lookup: true}) // the same fault, counted anew
	wantStatus(t, p.lookup("imp_1"), 500)
	wantStatus(t, p.lookup("imp_1"), 200)
}

// statuses returns what five DELETEs of each of 200 imp_uids were answered under
// a rule of 30 %, called by so many goroutines at once.
func statuses(t *testing.T, seed uint64, goroutines int) map[string][]int {
	p := start(t, iamporttest.Config{Seed: seed, Faults: []iamporttest.Rule{
		{Fault: "500", Percent: 30}, {Fault: "429", Percent: 30},
	}})
	impUIDs := make(chan string)
	got := make(map[string][]int)
	var mu sync.Mutex
	var done sync.WaitGroup
	for range goroutines {
		done.Go(func() {
			for impUID := range impUIDs {
				for range 5 {
					status := p.revoke(impUID).status
					mu.Lock()
					got[impUID] = append(got[impUID], status)
					mu.Unlock()
				}
			}
		})
	}
	for i := range 200 {
		impUIDs <- fmt.Sprintf("imp_%d", i)
	}
	close(impUIDs)
	done.Wait()
	return got
}

func TestChanceDependsOnSeedAlone(t *testing.T) {
	t.Parallel()
	one, same, other := statuses(t, 1, 1), statuses(t, 1, 8), statuses(t, 2, 8)
	differ, failed, limited := 0, 0, 0
	for impUID, want := range one {
		if !slices.Equal(same[impUID], want) {
			t.Errorf("%s: got %v, then with the same seed %v", impUID, want, same[impUID])
		}
		if !slices.Equal(other[impUID], want) {
			differ++
		}
		for _, status := range want {
			switch status {
			case 500:
				failed++
			case 429:
				limited++
			}
		}
	}
	if differ < 100 {
		t.Errorf("got %d of 200 imp_uids that another seed treats otherwise, want most", differ)
	}
	// 30 % of 1,000 calls, and 30 % of the 70 % that the first rule spared; none
	// of the imp_uids had a receipt, so nothing else answers 500 or 429.
	if failed < 250 || failed > 350 || limited < 160 || limited > 260 {
		t.Errorf("got %d times 500 and %d times 429, want about 300 and 210", failed, limited)
	}
}

// TestShareOfReceipts checks that a rule about a share of the receipts decides
// either every call for a receipt or none, by the seed.
func TestShareOfReceipts(t *testing.T) {
	t.Parallel()
	failing := func(seed uint64) (impUIDs []string) {
		p := start(t, iamporttest.Config{Seed: seed, AlreadyRevoked: 200, Faults: []iamporttest.Rule{
			{Fault: "500", PG: tasks.Nice}, {Fault: "500", PG: tasks.KCP, Receipts: 30},
		}})
		for i := range 1_000 {
			impUID := fmt.Sprintf("imp_%d", i)
			p.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP})
			about := p.RulesAbout(impUID)
			want := 200
			if len(about) > 0 {
				impUIDs, want = append(impUIDs, impUID), 500
			}
			if i >= 100 { // a tenth is called
				continue
			}
			for range 3 {
				wantStatus(t, p.revoke(impUID), want)
			}
			wantStatus(t, p.lookup(impUID), 200)
		}
		return impUIDs
	}
	one, other := failing(1), failing(2)
	if len(one) < 250 || len(one) > 350 {
		t.Errorf("got %d of 1,000 receipts that fail, want about 300", len(one))
	}
	if !slices.Equal(one, failing(1)) || slices.Equal(one, other) {
		t.Error("which receipts fail does not depend on the seed alone")
	}
}

func TestLiftTakesOneOfEqualRulesAway(t *testing.T) {
	t.Parallel()
	rule, other := iamporttest.Rule{Fault: "500"}, iamporttest.Rule{Fault: "429"}
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{rule, other, rule}})
	if !p.Lift(rule) || !slices.Equal(p.Rules(), []iamporttest.Rule{other, rule}) {
		t.Errorf("lifted once: got %v, want 429 and 500", p.Rules())
	}
	if !p.Lift(rule) || p.Lift(rule) || !slices.Equal(p.Rules(), []iamporttest.Rule{other}) {
		t.Errorf("lifted twice, and once more: got %v, want 429", p.Rules())
	}
}

func TestClearAndInject(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: "500"}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	wantStatus(t, p.revoke("imp_1"), 500)
	p.Inject(iamporttest.Rule{Fault: "429"})
	if got := p.Rules(); len(got) != 2 || got[1].Fault != iamporttest.TooManyRequests {
		t.Errorf("got rules %v, want 500 and 429", got)
	}
	p.Clear()
	if got := p.Rules(); len(got) != 0 {
		t.Errorf("got rules %v, want none", got)
	}
	wantStatus(t, p.revoke("imp_1"), 200)
}

func TestInjectRefusesUnknownFault(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a fault that does not exist was accepted")
		}
	}()
	iamporttest.New(iamporttest.Config{Faults: []iamporttest.Rule{{Fault: "599"}}})
}
