package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const name = "refunds-2026-11"

// listed returns the lines of a list of imp_uids, the first on line 2.
func listed(impUIDs ...string) []enqueue.Line {
	lines := make([]enqueue.Line, len(impUIDs))
	for i, impUID := range impUIDs {
		lines[i] = enqueue.Line{Number: i + 2, ImpUID: impUID, PG: tasks.KCP}
	}
	return lines
}

// numbered returns lines with count imp_uids of their own.
func numbered(count int) []enqueue.Line {
	impUIDs := make([]string, count)
	for i := range impUIDs {
		impUIDs[i] = fmt.Sprintf("imp_%012d", i)
	}
	return listed(impUIDs...)
}

// kinds asks for lines and returns what came of them, and the error that ended
// it.
func kinds(
	ctx context.Context, t *testing.T, client *redis.Client, lines []enqueue.Line, options enqueue.BatchOptions,
) (string, error) {
	t.Helper()
	batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, options)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for result, err := range batch.Ask(ctx, slices.Values(lines)) {
		if err != nil {
			return string(all), err
		}
		all = append(all, byte(result.Kind))
	}
	return string(all), nil
}

// figures returns how far the batch has come, without its times.
func figures(t *testing.T, client *redis.Client) outcome.Batch {
	t.Helper()
	b, err := outcome.NewStore(client, outcome.Config{}).Batch(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var untimed = cmpopts.IgnoreFields(outcome.Batch{}, "StartedAt", "ChangedAt", "FinishedAt", "Rate")

func TestListIsAskedForOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(1250)
		lines[1200].ImpUID = lines[3].ImpUID
		lines[1240].Invalid, lines[1240].Text = errors.New("too short"), "x"
		end(t, client, lines[7].ImpUID, outcome.Revoked) // asked for and done elsewhere
		want := outcome.Batch{
			Name: name, Source: "refunds.csv", Lines: 1250, Complete: true,
			Queued: 1247, Elsewhere: 1, Repeated: 1, Invalid: 1, Revoked: 1, Open: 1247,
			Reasons:  map[outcome.Reason]int{outcome.ReasonRevoked: 1},
			Gateways: map[tasks.Gateway]outcome.GatewayCount{tasks.KCP: {Asked: 1248, Revoked: 1}},
		}
		for range 3 {
			got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{Source: "refunds.csv"})
			if err != nil || len(got) != 1250 || got[7] != 'e' || got[1200] != 'r' || got[1240] != 'i' {
				t.Fatalf("%d lines, %v", len(got), err)
			}
			if diff := cmp.Diff(want, figures(t, client), untimed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("batch (-want +got):\n%s", diff)
			}
		}
		if got := pending(t, client, bulkKCP); got != 1247 {
			t.Errorf("%d tasks wait, want 1247", got)
		}
	})
}

func TestRepeatedLineNamesTheFirst(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	long := "imp_000000000000000000000000000" // does not fit into a number
	lines := listed("imp_1", long, "imp_2", "imp_1", long)
	var firsts []int
	for result, err := range batch.Ask(t.Context(), slices.Values(lines)) {
		if err != nil {
			t.Fatal(err)
		}
		firsts = append(firsts, result.First)
	}
	if diff := cmp.Diff([]int{0, 0, 0, 2, 3}, firsts); diff != "" {
		t.Errorf("first lines (-want +got):\n%s", diff)
	}
}

func TestOutcomesAreCountedOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(4)
		if _, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		store := outcome.NewStore(client, outcome.Config{})
		for i, status := range []outcome.Status{outcome.Revoked, outcome.Dead, outcome.Revoked, outcome.Dead} {
			r := tasks.Revocation{ImpUID: lines[i].ImpUID, PG: tasks.KCP, Batch: name, Row: i + 1}
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the reply is lost
				o := outcome.Outcome{Status: status, Reason: outcome.ReasonRefused}
				if _, err := store.Finish(t.Context(), attempt, o); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := store.Begin(t.Context(), r, time.Minute); err == nil { // the task is delivered again
				t.Fatal("began again")
			}
		}
		got := figures(t, client)
		if got.Revoked != 2 || got.Dead != 2 || got.Open != 0 || !got.Finished() || got.Gateways[tasks.KCP].Dead != 2 {
			t.Errorf("got %+v; want 2 revoked, 2 dead", got)
		}
		finished(t, client, 1)

		// A dead letter is retried and revoked.
		if _, err := store.Revive(t.Context(), lines[1].ImpUID); err != nil {
			t.Fatal(err)
		}
		if got := figures(t, client); got.Dead != 1 || got.Open != 1 || got.Finished() {
			t.Errorf("revived: got %+v; want one dead, one open", got)
		}
		end(t, client, lines[1].ImpUID, outcome.Revoked)
		if got := figures(t, client); got.Revoked != 3 || got.Dead != 1 || got.Open != 0 || !got.Finished() {
			t.Errorf("revoked after all: got %+v; want three revoked", got)
		}
		finished(t, client, 2)
	})
}

// finished checks how often the batch was published, and the last time with
// its figures.
func finished(t *testing.T, client *redis.Client, times int) {
	t.Helper()
	entries, err := client.XRange(t.Context(), "{receipt}:batches", "-", "+").Result()
	if err != nil || len(entries) != times {
		t.Fatalf("%d entries, %v; want %d", len(entries), err, times)
	}
	b := figures(t, client)
	last := entries[times-1].Values
	if last["batch"] != name || last["revoked"] != fmt.Sprint(b.Revoked) || last["dead"] != fmt.Sprint(b.Dead) ||
		last["queued"] != fmt.Sprint(b.Queued) || last["finished_at"] == "" {
		t.Errorf("published %v; want the figures of %+v", last, b)
	}
}

func TestBatchFollowsWhatOthersAskedFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		lines := numbered(4)
		other, err := c.Batch("other", enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range other.Ask(t.Context(), slices.Values(lines[:2])) { // waits on the same queue
			if err != nil {
				t.Fatal(err)
			}
		}
		single := tasks.Revocation{ImpUID: lines[2].ImpUID, PG: tasks.KCP} // waits on another
		if _, err := c.Revoke(t.Context(), single); err != nil {
			t.Fatal(err)
		}
		end(t, client, lines[3].ImpUID, outcome.Dead)
		got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
		if err != nil || got != "eeee" {
			t.Fatalf("got %s, %v; want eeee", got, err)
		}
		// Whoever asked, every outcome is counted, also when it changes.
		store := outcome.NewStore(client, outcome.Config{})
		finish := func(r tasks.Revocation, status outcome.Status) {
			t.Helper()
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err == nil {
				_, err = store.Finish(t.Context(), attempt, outcome.Outcome{Status: status, Reason: outcome.ReasonRevoked})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		finish(tasks.Revocation{ImpUID: lines[0].ImpUID, PG: tasks.KCP, Batch: "other", Row: 1}, outcome.Revoked)
		finish(tasks.Revocation{ImpUID: lines[1].ImpUID, PG: tasks.KCP, Batch: "other", Row: 2}, outcome.Dead)
		finish(tasks.Revocation{ImpUID: lines[2].ImpUID, PG: tasks.KCP}, outcome.Revoked)
		var terminal *outcome.TerminalError
		for range 2 { // a task of the batch's own comes too late, twice
			r := tasks.Revocation{ImpUID: lines[2].ImpUID, PG: tasks.KCP, Batch: name, Row: 3}
			if _, err := store.Begin(t.Context(), r, time.Minute); !errors.As(err, &terminal) {
				t.Fatalf("got %v, want that it is over", err)
			}
		}
		if b := figures(t, client); b.Revoked != 2 || b.Dead != 2 || !b.Finished() {
			t.Errorf("got %+v; want 2 revoked, 2 dead", b)
		}
		for _, impUID := range []string{lines[1].ImpUID, lines[3].ImpUID} {
			if _, err := store.Revive(t.Context(), impUID); err != nil {
				t.Fatal(err)
			}
			end(t, client, impUID, outcome.Revoked)
		}
		if b := figures(t, client); b.Revoked != 4 || b.Dead != 0 || !b.Finished() {
			t.Errorf("got %+v; want 4 revoked", b)
		}
		if b, err := store.Batch(t.Context(), "other"); err != nil || b.Revoked != 2 || b.Dead != 0 || !b.Finished() {
			t.Errorf("other: got %+v, %v; want 2 revoked", b, err)
		}
		for _, line := range lines {
			asked := client.PTTL(t.Context(), "{receipt}:request:"+line.ImpUID).Val()
			ended := client.PTTL(t.Context(), "{receipt}:outcome:"+line.ImpUID).Val()
			if asked <= 0 || (asked-ended).Abs() > time.Second {
				t.Errorf("the request for %s lives %v, want as long as its outcome, %v", line.ImpUID, asked, ended)
			}
		}
	})
}

// An imp_uid that a list names twice counts once, also where it had ended before.
func TestEndedAndRepeatedCountsOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		end(t, client, "imp_1", outcome.Revoked)
		end(t, client, "imp_2", outcome.Dead)
		lines := listed("imp_1", "imp_2", "imp_x", "imp_2", "imp_1")
		for range 2 {
			if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || got != "eeqrr" {
				t.Fatalf("got %s, %v; want eeqrr", got, err)
			}
			if b := figures(t, client); b.Elsewhere != 2 || b.Repeated != 2 || b.Revoked != 1 || b.Dead != 1 || b.Open != 1 {
				t.Errorf("got %+v; want one revoked, one dead, one open", b)
			}
		}
	})
}

func TestInterruptedListGoesOn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(3_000)
		ctx, cancel := context.WithCancel(t.Context())
		interrupted := func(yield func(enqueue.Line) bool) {
			for i, line := range lines {
				if i == 1_500 {
					cancel()
				}
				if !yield(line) {
					return
				}
			}
		}
		batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range batch.Ask(ctx, iter.Seq[enqueue.Line](interrupted)) {
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want that it was interrupted", err)
		}
		b := figures(t, client)
		if b.Complete || b.Lines == 0 || b.Lines == len(lines) {
			t.Errorf("got %+v, want part of the list", b)
		}
		before := requests(t, client, lines)
		if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || len(got) != 3_000 {
			t.Fatalf("%d lines, %v", len(got), err)
		}
		if b := figures(t, client); b.Queued != 3_000 || b.Lines != 3_000 || !b.Complete {
			t.Errorf("got %+v, want all queued", b)
		}
		after := requests(t, client, lines)
		if len(before) != b.Lines || len(after) != 3_000 {
			t.Errorf("%d requests for %d lines, and %d for all", len(before), b.Lines, len(after))
		}
		for impUID, id := range before {
			if after[impUID] != id {
				t.Fatalf("%s was asked for again: %s, then %s", impUID, id, after[impUID])
			}
		}
		// What was recorded when it was interrupted, and not enqueued, is left to a worker.
		if got, open := pending(t, client, bulkKCP), len(overdue(t, client)); got < 3_000-b.Lines || open != 3_000 {
			t.Errorf("%d tasks wait, %d are open; want those of the later lines at least, and all", got, open)
		}
	})
}

// requests returns the ids of the requests for lines, by imp_uid.
func requests(t *testing.T, client *redis.Client, lines []enqueue.Line) map[string]string {
	t.Helper()
	found := make(map[string]string)
	replies := make([]*redis.StringCmd, len(lines))
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i, line := range lines {
			replies[i] = p.HGet(t.Context(), "{receipt}:request:"+line.ImpUID, "id")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	for i, reply := range replies {
		if id := reply.Val(); id != "" {
			found[lines[i].ImpUID] = id
		}
	}
	return found
}

// overdue returns what a worker finds without an end, and enqueues if it has no task.
func overdue(t *testing.T, client *redis.Client) []outcome.Open {
	t.Helper()
	open, ended, err := outcome.NewStore(client, outcome.Config{}).Overdue(t.Context(), 0, 1_000_000)
	if err != nil || len(ended) > 0 {
		t.Fatalf("%d are open, %q have ended, %v", len(open), ended, err)
	}
	return open
}

func TestAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		first := numbered(1500)
		ask := func(lines []enqueue.Line, options enqueue.BatchOptions) error {
			_, err := kinds(t.Context(), t, client, lines, options)
			return err
		}
		if err := ask(first, enqueue.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(first)
		changed[1234].PG = tasks.Nice
		longer := append(slices.Clone(first), listed("imp_x")...)
		for what, test := range map[string]struct {
			lines []enqueue.Line
			want  enqueue.MismatchError
		}{
			"changed": {changed, enqueue.MismatchError{Batch: name, Line: 1236, Text: first[1234].ImpUID + " (nice)"}},
			"longer":  {longer, enqueue.MismatchError{Batch: name, Line: 2, Text: "imp_x (kcp)", Lines: 1500}},
			"shorter": {first[:1400], enqueue.MismatchError{Batch: name, Lines: 1500}},
			"another": {listed("imp_y"), enqueue.MismatchError{Batch: name, Line: 2, Text: "imp_y (kcp)"}},
		} {
			var got *enqueue.MismatchError
			if err := ask(test.lines, enqueue.BatchOptions{}); !errors.As(err, &got) || *got != test.want {
				t.Errorf("%s: got %v, want %v", what, err, &test.want)
			}
		}
		if b := figures(t, client); b.Lines != 1500 || b.Queued != 1500 {
			t.Errorf("got %+v, want the batch as it was", b)
		}
		if got := pending(t, client, bulkKCP); got != 1500 {
			t.Errorf("%d tasks wait, want those of the first list alone", got)
		}
		if got := len(overdue(t, client)); got != 1500 {
			t.Errorf("%d are asked for, want those of the first list alone", got)
		}
	})
}
