package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"runtime/metrics"
	"slices"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// rows yields a list's rows until its end. A line that cannot be used comes as a [*list.LineError],
// and the next line follows. Any other error is the last that comes: the rest of the list cannot be
// read.
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

// eachRow reads a list to its end for demo and simulate, which make no batch of it: use gets each
// row, and bad each line that cannot be used. In the end it says what is odd about the list, such as
// columns that look wrong. The error names the file.
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

// lineReader reads the lines of a list as a batch takes them: [enqueue.Batch.Ask] and
// [enqueue.Batch.Compare] take a sequence of lines, which has no place for an error. As with a
// [bufio.Scanner], the caller looks at err afterwards; without that, a list that breaks off is taken
// for one that has ended.
type lineReader struct {
	list   *list.Reader
	onRow  func(list.Row)          // gets each row before its line; may be nil
	wrong  *enqueue.Contradictions // of the whole list; nil while they are not known, which marks no line
	onFail func()                  // is called once the rest of the list cannot be read; may be nil
	err    error

	ahead  []enqueue.Line // read ahead, and not yet yielded
	usable int            // lines read that can be used, repeated ones included
	rows   int            // read, those that cannot be used included
	ended  bool           // the list was read to its end
}

// maxAhead is how many lines are read ahead. [list.NewReader] waits for the first 64 KiB of the list,
// which is about as much at 65 bytes a line, so that reading ahead makes no pipe slower. bulk's help
// and REFERENCE name the number.
const maxAhead = 1000

// lookAhead reads up to 1,000 lines, by which bulk judges a list before it requests anything. It
// returns false if the list has no more lines and none can be used: then no batch is made of it.
func (r *lineReader) lookAhead() bool {
	for line := range r.read {
		if r.ahead = append(r.ahead, line); len(r.ahead) == maxAhead {
			break
		}
	}
	// A list that ends here is known whole, also one that comes by a pipe. Of a longer one, lines
	// further down may contradict those that were read.
	if r.ended && r.wrong == nil {
		r.mark(enqueue.FindContradictions(slices.Values(r.ahead)))
	}
	// Further down a longer list may have lines that can be used.
	return r.usable > 0 || !r.ended
}

// mark takes over which lines of the whole list contradict each other. The lines that were read ahead
// counted as usable before that was known, so it marks those too and corrects the count.
func (r *lineReader) mark(wrong *enqueue.Contradictions) {
	r.wrong = wrong
	for i, line := range r.ahead {
		r.ahead[i] = wrong.Mark(line)
		if line.Invalid == nil && r.ahead[i].Invalid != nil {
			r.usable--
		}
	}
}

// lines yields a line for each row, those that were read ahead first. It is the sequence that a batch
// takes, and can be ranged over once.
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

// read yields a line for each row. A line that cannot be used is yielded too, with the reason in
// Invalid: the batch counts it too, since the row of every line is its place in the list.
func (r *lineReader) read(yield func(enqueue.Line) bool) {
	// The inner call runs now and returns the former value, which the deferred one restores.
	defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent()))
	for row, err := range rows(r.list) {
		if r.rows++; r.rows%garbageEvery == 0 {
			debug.SetGCPercent(garbagePercent())
		}
		line := enqueue.Line{Number: row.Line, ImpUID: row.ImpUID, PG: row.PG, ApplyNum: row.ApplyNum, Tier: row.Tier}
		var bad *list.LineError
		switch {
		case errors.As(err, &bad):
			row = bad.Row
			// A batch keeps many lines at a time. The error leaves out the row's columns, which
			// may have 1 MiB.
			why := &list.LineError{Line: bad.Line, Text: bad.Text, Err: bad.Err}
			line = enqueue.Line{Number: bad.Line, ImpUID: row.ImpUID, PG: row.PG, Invalid: why, Text: bad.Text}
		case err != nil:
			r.fail(err)
			return
		default:
			// The batch would refuse such a line too. Here its error gets the number by which a
			// person finds the line in a long list, and the line does not count as usable.
			asked := tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG, ApplyNum: row.ApplyNum, Tier: row.Tier}
			if err := asked.ValidateNew(); err != nil {
				line.Invalid = fmt.Errorf("line %d: %s: %w", row.Line, row.ImpUID, err)
			}
		}
		if line = r.wrong.Mark(line); line.Invalid == nil {
			r.usable++
		}
		// Before the line: a report pairs the rows that it got with the results of their lines.
		if r.onRow != nil {
			r.onRow(row)
		}
		if !yield(line) {
			return
		}
	}
	r.ended = true
}

const (
	// garbageSize is how many bytes of garbage a command that reads a list lets pile up before it is collected. With
	// a share of what is in use instead, which is Go's own measure, a long list takes too much memory, or the reading
	// of a short one is collecting for half of its time. With a million lines bulk stays below 100 MB, as
	// bench/README.md measures.
	garbageSize = 4 << 20
	// garbageEvery is after how many lines it is looked how much is in use, which changes with the lines read.
	garbageEvery = 1 << 15
)

// garbagePercent returns [garbageSize] as a share of what is in use, in percent, as [debug.SetGCPercent] takes it.
func garbagePercent() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}} // since garbage was last collected
	metrics.Read(live)
	return int(100 * garbageSize / max(live[0].Value.Uint64(), garbageSize/4))
}

// fail keeps why the rest of the list cannot be read. bulk stops its requests then, as at Ctrl-C:
// otherwise the batch would take the lines so far for the complete list, and refuse the mended list
// as another one.
func (r *lineReader) fail(err error) {
	r.err = err
	if r.onFail != nil {
		r.onFail()
	}
}

// shownBadLines is how many lines that cannot be used are shown one by one, and how many that repeat
// another. [lineCounts.tellHidden] counts the rest: a list whose column is wrong may have a million.
const shownBadLines = 100

// lineCounts counts the lines of a list by the result of requesting them, or by what it would be. Its
// zero value is ready to use. bulk fills it with results, and --dry-run with previews, so that both sum
// up in the same words.
type lineCounts struct {
	// say shows one line of text for each of the first lines that cannot be used or repeat
	// another; nil for not at all.
	say func(format string, args ...any)

	lines int
	kinds map[outcome.Kind]int
}

// count counts a line, and shows one that cannot be used or repeats another. Lines that were
// requested elsewhere before are counted and not shown: of a list that was given under another name
// before, all are such lines.
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
		// An earlier run of bulk found it. The batch in Redis has a byte for a line's kind, and
		// none for which line it repeats.
		c.say("revoker: line %d: %s repeats another line", result.Number, result.ImpUID)
	}
}

// tellHidden says how many lines [lineCounts.count] did not show. The kinds are a slice and no map, so
// that the two lines come in the same order each time.
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

// sum says how many lines there are of each kind: "5000 queued, 9 duplicate, 3 invalid". Duplicates
// are lines that repeat another and lines that were requested elsewhere before.
func (c *lineCounts) sum() string {
	return fmt.Sprintf("%d queued, %d duplicate, %d invalid", c.kinds[outcome.KindQueued],
		c.kinds[outcome.KindElsewhere]+c.kinds[outcome.KindRepeated], c.invalid())
}
