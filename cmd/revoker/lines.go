package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// rows yields a list's rows. A line that cannot be used comes as a
// [*list.LineError]; any other error ends it.
func rows(reader *list.Reader) iter.Seq2[list.Row, error] {
	return func(yield func(list.Row, error) bool) {
		for {
			row, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *list.LineError
			if !yield(row, err) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// eachRow reads a list to its end: use gets each row, and bad each line that cannot be used.
// It tells what else there is to say of the list.
func (p *program) eachRow(file string, use func(list.Row), bad func(*list.LineError)) error {
	input, err := p.openInput(file, list.Options{}, false)
	if err != nil {
		return err
	}
	defer input.close()
	for row, err := range rows(input.reader) {
		var line *list.LineError
		switch {
		case errors.As(err, &line):
			bad(line)
		case err != nil:
			return fmt.Errorf("%s: %w", file, err)
		default:
			use(row)
		}
	}
	tellList(p.stderr, input.reader)
	return nil
}

// lineReader reads the lines of a list as a batch takes them. As with a
// [bufio.Scanner], what ended the reading early is known afterwards.
type lineReader struct {
	list   *list.Reader
	onRow  func(list.Row)          // gets each row before its line; may be nil
	wrong  *enqueue.Contradictions // of the whole list, nil while they are not known
	onFail func()                  // is called when the list cannot be read on; may be nil
	err    error

	ahead  []enqueue.Line // read, and not yet given
	usable int            // lines read that can be used
	ended  bool           // the list was read to its end
}

// maxAhead is how many lines are read ahead. [list.NewReader] waits for 64 KiB of the list,
// which is about as much.
const maxAhead = 1000

// lookAhead reads up to 1,000 lines, by which a list is judged before anything is asked
// for, and reports false if it has no more and none can be used.
func (r *lineReader) lookAhead() bool {
	for line := range r.read {
		if r.ahead = append(r.ahead, line); len(r.ahead) == maxAhead {
			break
		}
	}
	if r.ended && r.wrong == nil {
		r.mark(enqueue.FindContradictions(slices.Values(r.ahead)))
	}
	return r.usable > 0 || !r.ended
}

// mark takes over which lines of the whole list contradict each other, also for those that
// were read ahead.
func (r *lineReader) mark(wrong *enqueue.Contradictions) {
	r.wrong = wrong
	for i, line := range r.ahead {
		r.ahead[i] = wrong.Mark(line)
		if line.Invalid == nil && r.ahead[i].Invalid != nil {
			r.usable--
		}
	}
}

// lines yields a line for each row, those that were read ahead first.
func (r *lineReader) lines(yield func(enqueue.Line) bool) {
	for len(r.ahead) > 0 {
		line := r.ahead[0]
		r.ahead = r.ahead[1:]
		if !yield(line) {
			return
		}
	}
	r.ahead = nil
	if r.err == nil && !r.ended {
		r.read(yield)
	}
}

// read yields a line for each row. One that cannot be used asks for nothing.
func (r *lineReader) read(yield func(enqueue.Line) bool) {
	for row, err := range rows(r.list) {
		line := enqueue.Line{Number: row.Line, ImpUID: row.ImpUID, PG: row.PG, ApplyNum: row.ApplyNum, Tier: row.Tier}
		var bad *list.LineError
		switch {
		case errors.As(err, &bad):
			row = bad.Row
			why := &list.LineError{Line: bad.Line, Text: bad.Text, Err: bad.Err} // not its columns, which may be 1 MiB
			line = enqueue.Line{Number: bad.Line, ImpUID: row.ImpUID, PG: row.PG, Invalid: why, Text: bad.Text}
		case err != nil:
			r.fail(err)
			return
		default:
			asked := tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG, ApplyNum: row.ApplyNum, Tier: row.Tier}
			if err := asked.ValidateNew(); err != nil { // in a long list it is to be found
				line.Invalid = fmt.Errorf("line %d: %s: %w", row.Line, row.ImpUID, err)
			}
		}
		if line = r.wrong.Mark(line); line.Invalid == nil {
			r.usable++
		}
		if r.onRow != nil {
			r.onRow(row)
		}
		if !yield(line) {
			return
		}
	}
	r.ended = true
}

func (r *lineReader) fail(err error) {
	r.err = err
	if r.onFail != nil {
		r.onFail()
	}
}

// shownBadLines is how many unusable lines are shown one by one, and how many
// that repeat another.
const shownBadLines = 100

// lineCounts counts the lines of a list by what came, or would come, of asking for them.
// Its zero value is ready to use.
type lineCounts struct {
	// say shows one line of text for each of the first lines that cannot be used or repeat
	// another; nil for not at all.
	say func(format string, args ...any)

	lines int
	kinds map[outcome.Kind]int
}

// count counts a line, and shows one that is not simply queued.
func (c *lineCounts) count(result enqueue.LineResult) {
	if c.kinds == nil {
		c.kinds = make(map[outcome.Kind]int)
	}
	c.lines++
	c.kinds[result.Kind]++
	if c.say == nil || c.kinds[result.Kind] > shownBadLines {
		return
	}
	switch {
	case result.Kind == outcome.KindInvalid:
		c.say("revoker: %v", result.Invalid)
	case result.Kind == outcome.KindRepeated && result.First > 0:
		c.say("revoker: line %d: %s repeats line %d", result.Number, result.ImpUID, result.First)
	case result.Kind == outcome.KindRepeated:
		c.say("revoker: line %d: %s repeats another line", result.Number, result.ImpUID)
	}
}

// tellHidden says how many lines were not shown one by one.
func (c *lineCounts) tellHidden() {
	for _, hidden := range []struct {
		kind      outcome.Kind
		one, many string
	}{
		{outcome.KindInvalid, "more line that cannot be used", "more lines that cannot be used"},
		{outcome.KindRepeated, "more line that repeats another", "more lines that repeat another"},
	} {
		if n := c.kinds[hidden.kind] - shownBadLines; n > 0 && c.say != nil {
			c.say("… and %s", count(n, hidden.one, hidden.many))
		}
	}
}

func (c *lineCounts) invalid() int { return c.kinds[outcome.KindInvalid] }

// sum says how many lines there are of each kind.
func (c *lineCounts) sum() string {
	return fmt.Sprintf("%d queued, %d duplicate, %d invalid", c.kinds[outcome.KindQueued],
		c.kinds[outcome.KindElsewhere]+c.kinds[outcome.KindRepeated], c.invalid())
}
