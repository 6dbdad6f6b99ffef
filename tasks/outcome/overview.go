package outcome

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed overview.lua
var overviewSource string

var overviewScript = redis.NewScript(batchSource + overviewSource)

const (
	// latestBatches is among how many of the latest batches an overview looks
	// for those that have not finished.
	latestBatches = 100
	// overviewBatches is how many of them it has at most.
	overviewBatches = 20
)

// Overview is what a glance at all outcomes tells.
type Overview struct {
	// Open are the requests that have not ended, Overdue those of them that
	// nobody has gone on with for a while although it was time.
	Open, Overdue int64
	// Dead are the dead letters on the list.
	Dead int64
	// Batches are those that have not finished, the one started last first: at
	// most 20, of the latest 100. Their rate is not told.
	Batches []Batch
}

// Overview returns what a glance at all outcomes tells, in one round trip that
// costs the same for any number of them. What is overdue should have gone on by
// the given time ago.
func (s *Store) Overview(ctx context.Context, overdueFor time.Duration) (Overview, error) {
	overdue := overdueFor.Milliseconds()
	reply, err := s.run(ctx, overviewScript, s.openKey(), overdue, latestBatches, overviewBatches).Slice()
	if err != nil {
		return Overview{}, fmt.Errorf("look over the outcomes: %w", err)
	}
	var o Overview
	for i, count := range []*int64{&o.Open, &o.Overdue, &o.Dead} {
		*count, _ = reply[i].(int64)
	}
	for i := 3; i+1 < len(reply); i += 2 {
		name, _ := reply[i].(string)
		pairs, _ := reply[i+1].([]any)
		o.Batches = append(o.Batches, decodeBatch(name, fieldsOf(pairs), time.Time{}))
	}
	return o, nil
}

// fieldsOf returns the fields of a hash from a script's reply, which has names
// and values in turn.
func fieldsOf(pairs []any) map[string]string {
	fields := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		fields[name], _ = pairs[i+1].(string)
	}
	return fields
}
