package enqueue

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// chunk is a number of lines that are asked for together.
type chunk struct {
	*Batch
	first    int // row of the batch that the first line is
	results  []LineResult
	rows     []outcome.Row
	statuses []outcome.Status // of those that open returned first
	reserved bool             // all rows are the list's already

	done chan struct{} // closed once there is nothing left to do
	err  error
}

func (b *Batch) newChunk() *chunk {
	return &chunk{
		Batch: b, done: make(chan struct{}),
		results: make([]LineResult, 0, chunkSize), rows: make([]outcome.Row, 0, chunkSize),
	}
}

// add adds a line, as invalid or repeated if it is that by itself. Without
// firsts, none is repeated.
func (c *chunk) add(firsts *firsts, line Line) {
	result := LineResult{Line: line}
	if result.Invalid == nil {
		result.Invalid = tasks.ValidateImpUID(line.ImpUID)
	}
	if result.Invalid != nil {
		result.Kind = outcome.KindInvalid
	} else if firsts != nil {
		if first, repeated := firsts.add(line.ImpUID, line.Number); repeated {
			result.Kind, result.First = outcome.KindRepeated, first
		}
	}
	c.results = append(c.results, result)
	c.rows = append(c.rows, outcome.Row{Kind: result.Kind, Digest: result.digest()})
}

// castagnoli is the polynomial that processors calculate themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// digest tells what a line asks for from anything else.
func (l Line) digest() (digest [4]byte) {
	sum := crc32.Checksum([]byte(l.text()), castagnoli)
	binary.BigEndian.PutUint32(digest[:], sum)
	return digest
}

// text returns what a line asks for, or what stands there if it asks for
// nothing.
func (l Line) text() string {
	switch {
	case l.Invalid != nil:
		return cmp.Or(l.Text, l.ImpUID)
	case l.PG == "":
		return l.ImpUID
	}
	return l.ImpUID + " (" + string(l.PG) + ")"
}

// open returns which lines have no answer yet.
func (c *chunk) open() []int {
	open := make([]int, 0, len(c.results))
	for i := range c.results {
		if c.results[i].Kind == 0 {
			open = append(open, i)
		}
	}
	return open
}

// ask asks for the lines that have no answer and marks all of them. Done again
// after an error, it goes on with the rest.
func (c *chunk) ask(ctx context.Context) error {
	open := c.open()
	failures := make([]error, len(open))
	queue := c.by.queue.client()
	parallel(len(open), max(c.client.concurrency/chunksAhead, 1), func(n int) {
		i := open[n]
		revocation := c.revocation(c.results[i].Line, c.first+i)
		var status outcome.Status
		if len(c.statuses) == len(open) {
			status = c.statuses[n]
		}
		c.results[i].Kind, failures[n] = c.askOne(ctx, queue, revocation, status)
		c.rows[i].Kind = c.results[i].Kind
	})
	c.statuses = nil // of another number of lines from now on
	if err := c.mark(ctx); err != nil {
		return err
	}
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// mark writes what came of the lines.
func (c *chunk) mark(ctx context.Context) error {
	gateways := make([]tasks.Gateway, len(c.results))
	fresh := false
	for i, result := range c.results {
		gateways[i] = result.PG
		fresh = fresh || result.Kind != 0 && !result.Before
	}
	if !fresh {
		return nil
	}
	return c.by.outcomes.Mark(ctx, c.name, c.first, c.rows, gateways)
}

// askOne enqueues one revocation, unless it was asked for before.
func (c *chunk) askOne(
	ctx context.Context, queue *asynq.Client, r tasks.Revocation, status outcome.Status,
) (outcome.Kind, error) {
	if status == "" {
		err := c.enqueue(ctx, queue, r)
		if err == nil {
			return outcome.KindQueued, nil
		}
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return 0, err
		}
		if kind, known := c.owner(r); known {
			return kind, nil
		}
	}
	return c.by.outcomes.Join(ctx, r)
}

// enqueue enqueues one revocation. The error matches [asynq.ErrTaskIDConflict]
// if its task exists.
func (c *chunk) enqueue(ctx context.Context, queue *asynq.Client, r tasks.Revocation) error {
	ctx, span := c.client.tracer.line(ctx, r)
	task, err := tasks.NewTaskContext(ctx, r, c.client.options...)
	if err == nil {
		if _, err = queue.EnqueueContext(ctx, task); err != nil {
			err = fmt.Errorf("enqueue %s: %w", r.ImpUID, err)
		}
	}
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		end(span, true, nil)
	} else {
		end(span, false, err)
	}
	return err
}

// owner tells of a revocation whose task exists whether this batch asked for
// it: a call before, which did not come to marking it. Nobody may have attempted
// it, so that the task alone knows.
func (c *chunk) owner(r tasks.Revocation) (kind outcome.Kind, known bool) {
	task, err := c.by.inspector.GetTaskInfo(tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID))
	if err != nil {
		return 0, false // gone meanwhile: then its outcome tells
	}
	asked, err := tasks.Parse(task.Payload)
	switch {
	case err != nil || asked.Batch != r.Batch:
		return 0, false
	case asked.Row != r.Row:
		return outcome.KindRepeated, true
	}
	return outcome.KindQueued, true
}

// parallel calls do with 0 to count-1, at most limit at a time.
func parallel(count, limit int, do func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(limit, count) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				do(i)
			}
		})
	}
	all.Wait()
}

// patience is how long Redis may be away before a list is given up for now.
const patience = 30 * time.Second

// retried does something until it succeeds, as long as waiting may help: a
// mismatch stays one, and Redis' memory does not get free by more tasks.
func retried(ctx context.Context, do func(context.Context) error) error {
	backoff := retry.WithMaxDuration(patience, retry.WithCappedDuration(2*time.Second, retry.NewExponential(50*time.Millisecond)))
	return retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := do(ctx)
		var mismatch *MismatchError
		var longer *outcome.LongerError
		switch {
		case err == nil, errors.As(err, &mismatch), errors.As(err, &longer),
			errors.Is(err, outcome.ErrNoBatch), errors.Is(err, outcome.ErrOtherList), errors.Is(err, outcome.ErrTooLong),
			errors.Is(err, tasks.ErrInvalid), Full(err):
			return err
		}
		return retry.RetryableError(err)
	})
}

// Full reports whether an error says that Redis' memory is full, so that it
// takes no more tasks until some are done or it is given more.
func Full(err error) bool {
	return err != nil && strings.Contains(err.Error(), "OOM command not allowed")
}
