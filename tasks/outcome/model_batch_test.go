package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// batchNames are the batches. A step of number n acts for the batch n-1, and of number
// 0 for none.
var batchNames = [...]string{"a", "b"}

// tally is what a batch shows, and how often it was published that it has finished.
type tally struct {
	Queued, Elsewhere, Repeated, Invalid int
	Revoked, Dead, Open                  int
	Finished                             bool
	Published                            int
}

// book is what the store promises of a batch: what each row asked for is counted once,
// with the last end that its request had.
type book struct {
	made, complete, cancelled, finished bool
	published                           int
	list                                []step                 // what the rows ask for
	kinds                               []byte                 // what came of it
	ends                                map[int]outcome.Status // of rows, from 1
}

// chunk returns the rows of a batch that a step asks for: so many of the last ones
// again, and a new one unless its list has ended; and the number of the first.
func (m *model) chunk(s step) (from int, rows []step) {
	if s.do != doAsk || s.as == 0 {
		return 0, nil
	}
	b := &m.batches[s.as-1]
	again := min(s.by, len(b.list))
	rows = slices.Clone(b.list[len(b.list)-again:])
	if !b.complete || again == 0 {
		rows = append(rows, s)
	}
	return len(b.list) - again + 1, rows
}

// askRows asks for rows from the given one on, of which the caller has recorded those
// from own on, if any.
func (m *model) askRows(batch, from, own int, rows []step) (reply string) {
	b := &m.batches[batch]
	switch last := from + len(rows) - 1; {
	case b.cancelled:
		return "cancelled"
	case b.complete && last > len(b.list):
		return "longer"
	}
	if !b.made {
		b.made, b.ends = true, make(map[int]outcome.Status)
	}
	for i, s := range rows {
		row := from + i
		if row <= len(b.kinds) {
			kind := b.kinds[row-1]
			reply += string(kind)
			switch {
			case row < own:
				reply += "b"
			case kind == 'q':
				reply += "+"
			}
			continue
		}
		kind, _ := m.receipts[s.on].ask(m, s, batch, row)
		text := string(kind)
		switch kind {
		case 'q':
			text += "+"
		case 'x':
			kind, text = 'i', "i other"
		}
		reply += text
		b.list, b.kinds = append(b.list, s), append(b.kinds, kind)
	}
	return reply
}

func (m *model) complete(batch int) string {
	if !m.batches[batch].made {
		return "no batch"
	}
	m.batches[batch].complete = true
	return ""
}

func (m *model) cancelBatch(batch int, open []int, dry bool) string {
	b := &m.batches[batch]
	if !b.made {
		return "no batch"
	}
	if !dry && (!b.finished || b.tally().Dead > 0) {
		b.cancelled = true
		m.settle()
	}
	var found []string
	for _, i := range open {
		before := m.receipts[i].withdrawn
		text := m.receipts[i].cancel(m, batch, dry)
		if before && (text == "withdrawn" || text == "called") {
			text += " before"
		}
		if text != "foreign" {
			found = append(found, fmt.Sprintf("imp_%d %s", i, text))
		}
	}
	return strings.Join(found, ", ")
}

// count lets the batches that ask for a receipt know what became of it.
func (m *model) count(r *receipt) {
	for batch, row := range r.rows {
		if row > 0 && r.ended() {
			m.batches[batch].ends[row] = r.status
		} else if row > 0 {
			delete(m.batches[batch].ends, row)
		}
	}
	m.settle()
}

// settle notes which batches have finished.
func (m *model) settle() {
	for i := range m.batches {
		b := &m.batches[i]
		was := b.finished
		b.finished = (b.complete || b.cancelled) && b.tally().Open == 0
		if b.finished && !was {
			b.published++
		}
	}
}

func (b *book) tally() tally {
	t := tally{Finished: b.finished, Published: b.published}
	for i, kind := range b.kinds {
		of := map[byte]*int{'q': &t.Queued, 'e': &t.Elsewhere, 'r': &t.Repeated, 'i': &t.Invalid}[kind]
		*of++
		switch status := b.ends[i+1]; {
		case status == outcome.Revoked:
			t.Revoked++
		case status == outcome.Dead:
			t.Dead++
		case kind == 'q' || kind == 'e':
			t.Open++
		}
	}
	return t
}

// askRows asks for rows of a batch, and returns the reply in the model's words.
func (w *world) askRows(ctx context.Context, batch, from int, steps []step) (string, error) {
	rows, requests := make([]outcome.Row, len(steps)), make([]tasks.Revocation, len(steps))
	for i, s := range steps {
		rows[i].Digest = [4]byte{byte(s.on), byte(len(s.applyNum)), byte(from + i)}
		requests[i] = s.asks()
		requests[i].Batch, requests[i].Row = batchNames[batch], from+i
	}
	asked, err := w.store.AskRows(ctx, batchNames[batch], "", from, rows, requests)
	switch {
	case errors.Is(err, outcome.ErrCancelled):
		return "cancelled", nil
	case errors.Is(err, outcome.ErrOtherList):
		return "longer", nil
	}
	reply := ""
	for _, a := range asked {
		reply += string(a.Kind)
		if a.Enqueue {
			reply += "+"
		}
		if a.Before {
			reply += "b"
		}
		if a.Other {
			reply += " other"
		}
	}
	return reply, err
}

func (w *world) cancelBatch(ctx context.Context, name string, dry bool) (string, error) {
	if _, err := w.store.Batch(ctx, name); errors.Is(err, outcome.ErrNoBatch) && dry {
		return "no batch", nil
	}
	if !dry {
		if err := w.store.MarkCancelled(ctx, name); errors.Is(err, outcome.ErrNoBatch) {
			return "no batch", nil
		} else if err != nil {
			return "", err
		}
	}
	var found []string
	for page, err := range w.store.CancelOpen(ctx, name, dry) {
		if err != nil {
			return "", err
		}
		for i, impUID := range page.ImpUIDs {
			text := impUID + " " + string(page.Withdrawals[i])
			if page.Before[i] {
				text += " before"
			}
			found = append(found, text)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", "), nil
}

// checkBatches compares what the batches show with what the model says of their rows.
func (w *world) checkBatches(ctx context.Context) error {
	entries, err := w.client.XRange(ctx, "{receipt}:batches", "-", "+").Result()
	if err != nil {
		return err
	}
	for i, name := range batchNames {
		want := w.model.batches[i].tally()
		b, err := w.store.Batch(ctx, name)
		if err != nil && !errors.Is(err, outcome.ErrNoBatch) {
			return err
		}
		got := tally{
			Queued: b.Queued, Elsewhere: b.Elsewhere, Repeated: b.Repeated, Invalid: b.Invalid,
			Revoked: b.Revoked, Dead: b.Dead, Open: b.Open, Finished: b.Finished(),
		}
		for _, entry := range entries {
			if entry.Values["batch"] == name {
				got.Published++
			}
		}
		if got != want {
			return fmt.Errorf("batch %s shows %+v, want %+v", name, got, want)
		}
		for reason, count := range b.Reasons {
			if count < 0 {
				return fmt.Errorf("batch %s has %d with the reason %q", name, count, reason)
			}
		}
	}
	return nil
}
