package main

import (
	"fmt"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

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
