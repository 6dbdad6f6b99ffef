package outcome_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

// rowsOf returns rows with the given digests, a byte each, and kinds.
func rowsOf(digests, kinds string) []outcome.Row {
	rows := make([]outcome.Row, len(digests))
	for i := range rows {
		rows[i].Digest[0] = digests[i]
		if kinds[i] != '.' {
			rows[i].Kind = outcome.Kind(kinds[i])
		}
	}
	return rows
}

func TestReservedRowsAreOneLists(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		reserve := func(first int, digests string) error {
			return s.Reserve(t.Context(), "a", first, rowsOf(digests, "......"[:len(digests)]))
		}
		if err := reserve(1, "abc"); !errors.Is(err, outcome.ErrNoBatch) {
			t.Errorf("got %v, want ErrNoBatch", err)
		}
		if _, err := s.OpenBatch(t.Context(), "a", ""); err != nil {
			t.Fatal(err)
		}
		for range 2 { // again after a lost reply
			if err := reserve(1, "abc"); err != nil {
				t.Fatal(err)
			}
		}
		if err := reserve(3, "xy"); !errors.Is(err, outcome.ErrOtherList) {
			t.Errorf("another list: got %v, want ErrOtherList", err)
		}
		four := make([]tasks.Gateway, 4)
		if err := s.Mark(t.Context(), "a", 1, rowsOf("axcd", ".q.q"), four); !errors.Is(err, outcome.ErrOtherList) {
			t.Errorf("marked by another list: got %v, want ErrOtherList", err)
		}
		if err := s.Mark(t.Context(), "a", 1, rowsOf("abcd", ".q.e"), four); err != nil {
			t.Fatal(err)
		}
		if err := reserve(2, "bcdef"); err != nil { // some are answered, some are not
			t.Fatal(err)
		}
		got, err := s.Rows(t.Context(), "a", 1, 7)
		want := append(rowsOf("abcdef", "sqsess"), outcome.Row{})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if b, err := s.Batch(t.Context(), "a"); err != nil || b.Lines != 2 || b.Asked() != 2 {
			t.Errorf("got %+v, %v; want the two lines with an answer", b, err)
		}
	})
}

func TestNoBatchHasMoreThanMaxRows(t *testing.T) {
	t.Parallel()
	s := newStore(redistest.Embedded(t))
	if _, err := s.OpenBatch(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Reserve(t.Context(), "a", outcome.MaxRows, rowsOf("ab", "..")); !errors.Is(err, outcome.ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
}
