package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// all returns the imp_uids of what a filter yields, and the errors' texts.
func (b *bench) all(t *testing.T, f deadletter.Filter) (impUIDs, errs []string) {
	t.Helper()
	for o, err := range b.list.All(t.Context(), f) {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			impUIDs = append(impUIDs, o.ImpUID)
		}
	}
	return impUIDs, errs
}

func TestFilterFindsWhatIsMeant(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.bury(t, tasks.Revocation{ImpUID: "a", PG: tasks.KCP, Batch: "x"}, outcome.ReasonRefused, noon)
		b.bury(t, tasks.Revocation{ImpUID: "b", PG: tasks.Nice, Batch: "y"}, outcome.ReasonNotIssued, noon.Add(time.Hour))
		b.bury(t, tasks.Revocation{ImpUID: "c"}, outcome.ReasonRefused, noon.Add(2*time.Hour))
		b.bury(t, tasks.Revocation{ImpUID: "d", PG: tasks.KCP}, outcome.ReasonCrashed, noon.Add(2*time.Hour))
		for name, test := range map[string]struct {
			filter deadletter.Filter
			want   []string
		}{
			"all":           {deadletter.Filter{}, []string{"a", "b", "c", "d"}},
			"reason":        {deadletter.Filter{Reasons: []outcome.Reason{"refused", "crashed"}}, []string{"a", "c", "d"}},
			"gateway":       {deadletter.Filter{PGs: []tasks.Gateway{tasks.KCP}}, []string{"a", "d"}},
			"batch":         {deadletter.Filter{Batch: "y"}, []string{"b"}},
			"since":         {deadletter.Filter{Since: noon.Add(time.Hour)}, []string{"b", "c", "d"}},
			"until":         {deadletter.Filter{Until: noon.Add(time.Hour)}, []string{"a"}},
			"both":          {deadletter.Filter{Since: noon.Add(time.Minute), Until: noon.Add(2 * time.Hour)}, []string{"b"}},
			"named":         {deadletter.Filter{ImpUIDs: []string{"d", "a", "d"}}, []string{"d", "a"}},
			"named, too":    {deadletter.Filter{ImpUIDs: []string{"d", "a"}, Until: noon.Add(time.Hour)}, []string{"a"}},
			"all must fit":  {deadletter.Filter{PGs: []tasks.Gateway{tasks.KCP}, Reasons: []outcome.Reason{"refused"}}, []string{"a"}},
			"nothing fits":  {deadletter.Filter{Batch: "z"}, nil},
			"after the end": {deadletter.Filter{Since: noon.Add(3 * time.Hour)}, nil},
		} {
			got, errs := b.all(t, test.filter)
			if diff := cmp.Diff(test.want, got); diff != "" || errs != nil {
				t.Errorf("%s (-want +got):\n%s%q", name, diff, errs)
			}
		}
	})
}

func TestNamedOneThatIsNotDeadIsRefused(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.bury(t, asked, outcome.ReasonRefused, noon)
		if _, err := b.outcomes.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_2"}, time.Minute); err != nil {
			t.Fatal(err)
		}
		got, errs := b.all(t, deadletter.Filter{ImpUIDs: []string{"imp_2", "imp_3", one}})
		want := []string{"imp_2 is not a dead letter: it is retrying", "imp_3 is not a dead letter: it has no outcome"}
		if diff := cmp.Diff(want, errs); diff != "" || !slices.Equal(got, []string{one}) {
			t.Errorf("got %q; errors (-want +got):\n%s", got, diff)
		}
	})
}

// spoil makes one letter of each way to be unreadable, and one that is well.
func (b *bench) spoil(t *testing.T) {
	t.Helper()
	for i, impUID := range []string{"bad_number", "no_reason", "no_hash", "no_hash_at_all", "well"} {
		b.bury(t, tasks.Revocation{ImpUID: impUID}, outcome.ReasonRefused, noon.Add(time.Duration(i)*time.Second))
	}
	for _, err := range []error{
		b.client.HSet(t.Context(), "{receipt}:outcome:bad_number", "attempts", "many").Err(),
		b.client.HDel(t.Context(), "{receipt}:outcome:no_reason", "reason").Err(),
		b.client.Set(t.Context(), "{receipt}:outcome:no_hash", "text", 0).Err(),
		b.client.Del(t.Context(), "{receipt}:outcome:no_hash_at_all", "{receipt}:request:no_hash_at_all").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnreadableLetterIsNamedAndPassedOver(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.spoil(t)
		got, errs := b.all(t, deadletter.Filter{})
		want := []string{
			`outcome of "bad_number": field attempts: strconv.ParseInt: parsing "many": invalid syntax`,
			`outcome of "no_reason": field reason is missing`,
			`outcome of "no_hash": WRONGTYPE Operation against a key holding the wrong kind of value`,
			`no_hash_at_all has no outcome`,
		}
		if diff := cmp.Diff(want, errs); diff != "" || !slices.Equal(got, []string{"well"}) {
			t.Errorf("got %q; errors (-want +got):\n%s", got, diff)
		}
		for _, f := range []deadletter.Filter{
			{Unreadable: true},
			{Unreadable: true, ImpUIDs: []string{"bad_number", "no_reason", "no_hash", "no_hash_at_all", "well"}},
		} {
			if got, errs := b.all(t, f); len(got) != 5 || errs != nil {
				t.Errorf("%+v: got %q, %q; want all five", f, got, errs)
			}
		}
		if _, errs := b.all(t, deadletter.Filter{Unreadable: true, ImpUIDs: []string{"imp_9"}}); len(errs) != 1 {
			t.Errorf("not on the list: got %q, want that it is no dead letter", errs)
		}
	})
}

// Letters that die again while all are retried must not be met for ever.
func TestAllEndsThoughLettersKeepDying(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		for i := range 700 { // more than a page
			b.bury(t, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, outcome.ReasonRefused, noon.Add(time.Duration(i)*time.Millisecond))
		}
		again, count := noon.Add(time.Hour), 0
		for o, err := range b.list.All(t.Context(), deadletter.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.outcomes.Revive(t.Context(), o.ImpUID); err != nil {
				t.Fatal(err)
			}
			b.bury(t, tasks.Revocation{ImpUID: o.ImpUID}, outcome.ReasonRefused, again)
			if count++; count > 700 {
				t.Fatal("a letter came twice")
			}
		}
		if count != 700 {
			t.Errorf("%d letters, want 700", count)
		}
	})
}

func TestRedisErrorEndsIt(t *testing.T) {
	t.Parallel()
	b := newBench(redistest.Embedded(t))
	b.bury(t, asked, outcome.ReasonRefused, noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, f := range map[string]deadletter.Filter{"list": {}, "named": {ImpUIDs: []string{one, "imp_2"}}} {
		var errs []error
		for _, err := range b.list.All(ctx, f) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("%s: got %v, want the one error", name, errs)
		}
	}
}

func TestDiscardedLetterLeavesItsOutcome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(client)
		b.archive(t, asked)
		letter := b.bury(t, asked, outcome.ReasonRefused, noon)
		broken := b.bury(t, tasks.Revocation{ImpUID: "broken"}, outcome.ReasonInvalidTask, noon)

		other := b.bury(t, tasks.Revocation{ImpUID: "other"}, outcome.ReasonRefused, noon)

		got, err := b.list.Discard(t.Context(), letter, broken)
		if want := []bool{true, true}; !slices.Equal(got, want) || err != nil {
			t.Errorf("discarded %t, %v; want %t", got, err, want)
		}
		b.want(t, "archived", outcome.Dead, 1)
		got, err = b.list.Discard(t.Context(), letter, other, broken)
		if want := []bool{false, true, false}; !slices.Equal(got, want) || err != nil {
			t.Errorf("second time: %t, %v; want %t", got, err, want)
		}
		if got, err := b.list.Discard(t.Context()); got != nil || err != nil {
			t.Errorf("nothing: %t, %v", got, err)
		}
		if err := b.list.Retry(t.Context(), letter); err != nil {
			t.Errorf("a discarded one retried by name: %v", err)
		}
		b.want(t, "pending", outcome.Retrying, 0)
	})
}
