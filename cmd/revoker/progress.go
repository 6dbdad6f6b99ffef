package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"receiptrevoker/cmd/internal/config"
)

// plainEvery is how often a line is written where there is no terminal, as in the log of a job that
// runs bulk --wait: 12 lines a minute show that it lives.
const plainEvery = 5 * time.Second

// progress shows how far something has come: a bar on a terminal, and where there is none a plain line
// every five seconds. One goroutine uses it. What else is written meanwhile goes through say, or it
// would stand in the middle of the bar.
type progress struct {
	screen
	bar    *progressbar.ProgressBar // nil where there is no terminal
	shown  time.Time                // when the last plain line was written, at first the beginning
	warned time.Time                // when the last error was shown
}

// newProgress returns the progress of total steps, -1 for an unknown number. It shows nothing yet: a
// command that ends within five seconds writes no plain line.
func newProgress(out io.Writer, total int) *progress {
	p := &progress{screen: newScreen(out), shown: time.Now()}
	if config.Terminal(out) {
		p.bar = p.newBar(total)
	}
	return p
}

// newBar returns a bar, or on a narrow terminal a spinner, which is what progressbar draws for a total
// of -1. The rate and the time left come with the text, from Redis: those of the library would count
// from the start of this command, and a batch may have begun yesterday.
func (p *progress) newBar(total int) *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(100 * time.Millisecond),
		// Otherwise a goroutine of progressbar draws a bar of unknown length every 100 ms, also after
		// its end, and reads the bar's state without its lock.
		progressbar.OptionSetSpinnerChangeInterval(0),
		progressbar.OptionClearOnFinish(),
	}
	if p.narrow() {
		total = -1
	} else {
		options = append(options, progressbar.OptionShowCount())
	}
	return progressbar.NewOptions(total, options...)
}

// resize begins a bar anew where the terminal has another width by now. The bar before would write
// lines that are too wide, and of each line that wraps a part is left that nothing erases.
func (p *progress) resize(total int) {
	if now := newScreen(p.out); now.columns != p.columns {
		p.screen = now
		p.erase()
		p.bar = p.newBar(total)
	}
}

// narrow reports whether the terminal has room for the text alone: how many are revoked, dead and held
// says more than a bar.
func (p *progress) narrow() bool { return p.columns < barColumns }

// show shows that done of total steps are done; text says more, and is cut at the width of the
// terminal. It may be called as often as the caller likes: the bar is drawn ten times a second at
// most, and plain lines are written every five seconds.
func (p *progress) show(done, total int, text string) {
	if p.bar != nil {
		p.resize(total)
		room := p.columns - barRoom(total)
		if p.narrow() {
			room = p.columns - spinnerRoom
		} else if p.bar.GetMax() != total {
			// A batch grows while bulk still reads its list.
			p.bar.ChangeMax(total)
		}
		// Set fails for a total of 0 and beyond the total, and draws nothing then.
		_ = p.bar.Set(done)
		p.bar.Describe(fit(text, room))
		return
	}
	if time.Since(p.shown) >= plainEvery {
		p.shown = time.Now()
		_ = p.line(fmt.Sprintf("%d of %d: %s", done, total, text), hanging)
	}
}

const (
	// barColumns is how wide a terminal must be for a bar beside the counts of a list of a million,
	// "(1000000/1000000)". An ordinary terminal has 80.
	barColumns = 72
	// interrupt is what a terminal shows of Ctrl-C where the bar has left the cursor, at the end of
	// its line: without room for it the line would wrap.
	interrupt = "^C"
	// spinnerRoom is how many columns the spinner takes from the text.
	spinnerRoom = len("|   ") + len(interrupt)
)

// barRoom returns how many columns a bar and its figures take at least: 4 for the bar, and around it
// what progressbar writes, as in " 100% |████| (1000000/1000000) ". For a total of a million that is 33,
// with Ctrl-C's two. The text gets the rest: a line that is wider than the terminal cannot be
// overwritten.
func barRoom(total int) int {
	const around, shortest = len(" 100% || (/) ") + len(interrupt), 4
	return around + shortest + 2*len(strconv.Itoa(total))
}

// warn shows an error that does not end the waiting, such as a Redis that is away, at most once in 10 s:
// the caller asks again several times a second.
func (p *progress) warn(err error) {
	if time.Since(p.warned) < 10*time.Second {
		return
	}
	p.warned = time.Now()
	p.say("revoker: still waiting: %v", err)
}

// say takes the bar away and writes a line in its place. The next show draws the bar below.
func (p *progress) say(format string, args ...any) {
	p.end()
	p.screen.say(format, args...)
}

// end takes the bar away, and what the terminal has shown behind it of a key such as Ctrl-C. It may be
// called several times, and show may follow.
func (p *progress) end() {
	if p.bar != nil {
		p.resize(p.bar.GetMax())
		_ = p.bar.Clear()
		p.erase()
	}
}

// counter shows how many steps were done while their number is not known, as while a list is read.
// Where there is no terminal it shows nothing: the command says in the end how many lines there were.
type counter struct {
	*progress
	what  string
	count int
}

// newCounter returns a counter at 0. what says what is counted, as in "lines looked at".
func newCounter(out io.Writer, what string) *counter {
	return &counter{progress: newProgress(out, -1), what: what}
}

// countEvery is how many steps there are to one look at the width of the terminal and the clock. Both
// cost more than a step, of which there are a million in a second.
const countEvery = 1000

// add counts a step. On a narrow terminal the spinner has no figure, so the text has it.
func (c *counter) add() {
	if c.count++; c.bar != nil && c.count%countEvery == 0 {
		text := c.what
		c.resize(-1)
		if c.narrow() {
			text = fmt.Sprintf("%d %s", c.count, c.what)
		}
		c.bar.Describe(text)
		_ = c.bar.Set(c.count)
	}
}
