package outcome_test

import (
	"context"
	"fmt"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// batchNames are the batches that have a row for each imp_uid. A step of number
// n acts for the batch n-1, and of number 0 for none.
var batchNames = [...]string{"a", "b"}

// membership is which batches count an imp_uid: the one in its hash, numbered
// like steps, and all of them.
type membership struct {
	own int
	in  [len(batchNames)]bool
}

// asks lets a batch's task begin, or try to. A hash without a batch takes it
// once the attempt begins; one that has ended is joined at once.
func (m *membership) asks(as int, known, terminal, begins bool) {
	switch {
	case as == 0:
	case known && (m.own != 0 || terminal):
		m.in[as-1] = true
	case begins:
		m.in[as-1] = true
	}
	if begins && m.own == 0 {
		m.own = as
	}
}

// join lets a batch count an imp_uid, once, and returns what its row is and
// what another row is after it.
func (m *membership) join(as int) string {
	if as == 0 {
		return ""
	}
	m.in[as-1] = true
	if m.own == as {
		return "qr"
	}
	return "er"
}

// tally is what a batch shows, and how often it was published.
type tally struct {
	Revoked, Dead, Open int
	Finished            bool
	Published           int
}

// openBatches gives every imp_uid a row in every batch.
func (w *world) openBatches(ctx context.Context) error {
	rows, gateways := make([]outcome.Row, impUIDs), make([]tasks.Gateway, impUIDs)
	for i := range rows {
		rows[i], gateways[i] = outcome.Row{Kind: outcome.KindQueued}, tasks.KCP
	}
	for _, name := range batchNames {
		if _, err := w.store.OpenBatch(ctx, name, ""); err != nil {
			return err
		}
		for range 2 { // as if the reply were lost
			if err := w.store.Mark(ctx, name, 1, rows, gateways); err != nil {
				return err
			}
			if err := w.store.CompleteBatch(ctx, name, impUIDs); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBatches compares what the batches show with what the models say of their
// imp_uids.
func (w *world) checkBatches(ctx context.Context) error {
	entries, err := w.client.XRange(ctx, "{receipt}:batches", "-", "+").Result()
	if err != nil {
		return err
	}
	for i, name := range batchNames {
		want := &w.tallies[i]
		was := want.Finished
		*want = tally{Open: impUIDs, Published: want.Published}
		for _, m := range w.models {
			switch {
			case m.in[i] && m.Status == outcome.Revoked:
				want.Revoked++
				want.Open--
			case m.in[i] && m.Status == outcome.Dead:
				want.Dead++
				want.Open--
			}
		}
		want.Finished = want.Open == 0
		if want.Finished && !was {
			want.Published++
		}
		b, err := w.store.Batch(ctx, name)
		if err != nil {
			return err
		}
		got := tally{Revoked: b.Revoked, Dead: b.Dead, Open: b.Open, Finished: b.Finished()}
		for _, entry := range entries {
			if entry.Values["batch"] == name {
				got.Published++
			}
		}
		if got != *want {
			return fmt.Errorf("batch %s shows %+v, want %+v", name, got, *want)
		}
	}
	return nil
}
