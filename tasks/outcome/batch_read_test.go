package outcome_test

import (
	"testing"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestNewestBatchesAreTheLastStarted(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	for i, name := range []string{"a", "b", "c"} {
		now := noon.Add(time.Duration(i) * time.Minute)
		store := outcome.NewStore(client, outcome.Config{Now: func() time.Time { return now }})
		if _, err := store.OpenBatch(t.Context(), name, ""); err != nil {
			t.Fatal(err)
		}
	}
	for most, want := range map[int]string{0: "", 1: "c", 2: "cb", 9: "cba"} {
		batches, err := newStore(client).NewestBatches(t.Context(), most)
		got := ""
		for _, b := range batches {
			got += b.Name
		}
		if got != want || err != nil {
			t.Errorf("the newest %d: %s, %v; want %s", most, got, err, want)
		}
	}
}
