package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/outcome"
)

// plainEvery is how often a line is written where there is no terminal.
const plainEvery = 5 * time.Second

// progress shows how far something has come: a bar on a terminal, a plain line
// now and then where there is none.
type progress struct {
	screen
	bar    *progressbar.ProgressBar // nil where there is no terminal
	shown  time.Time
	warned time.Time
}

// newProgress returns one of total steps, -1 for an unknown number.
func newProgress(out io.Writer, total int) *progress {
	p := &progress{screen: newScreen(out), shown: time.Now()}
	if config.Terminal(out) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0), // else a goroutine draws the bar again after its end
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// show shows that done of total steps are done; text says more.
func (p *progress) show(done, total int, text string) {
	if p.bar != nil {
		if p.bar.GetMax() != total {
			p.bar.ChangeMax(total)
		}
		_ = p.bar.Set(done) // fails only past the total
		p.bar.Describe(fit(plain(text), p.columns-barRoom(total)))
		return
	}
	if time.Since(p.shown) >= plainEvery {
		p.shown = time.Now()
		fmt.Fprintf(p.out, "%d of %d: %s\n", done, total, text)
	}
}

// barRoom returns how many columns a bar and its figures take at least: a line that is
// wider than the terminal cannot be overwritten.
func barRoom(total int) int {
	const around, shortest = len(" 100% || (/) "), 4
	return around + shortest + 2*len(strconv.Itoa(total))
}

// warn shows an error that the waiting goes on after, at most every 10 s.
func (p *progress) warn(err error) {
	if time.Since(p.warned) < 10*time.Second {
		return
	}
	p.warned = time.Now()
	p.say("revoker: still waiting: %v", err)
}

// say writes a line, for which the bar makes way.
func (p *progress) say(format string, args ...any) {
	p.end()
	p.screen.say(format, args...)
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// tally shows outcomes that come one by one.
type tally struct {
	*progress
	total, revoked, dead int
}

func newTally(out io.Writer, total int) *tally {
	return &tally{progress: newProgress(out, total), total: total}
}

func (t *tally) add(o outcome.Outcome) {
	if o.Status == outcome.Dead {
		t.dead++
	} else {
		t.revoked++
	}
	t.show(t.revoked+t.dead, t.total, fmt.Sprintf("%d revoked, %d dead", t.revoked, t.dead))
}

// counter shows how many there have been, of nobody knows how many. Where there
// is no terminal it shows nothing.
type counter struct {
	*progress
	what  string
	count int
}

func newCounter(out io.Writer, what string) *counter {
	return &counter{progress: newProgress(out, -1), what: what}
}

// countEvery is how many steps there are to one look at the clock.
const countEvery = 1000

func (c *counter) add() {
	if c.count++; c.bar != nil && c.count%countEvery == 0 {
		c.bar.Describe(c.what)
		_ = c.bar.Set(c.count)
	}
}
