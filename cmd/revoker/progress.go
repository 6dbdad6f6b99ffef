package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"receiptrevoker/cmd/internal/config"
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
		p.bar = p.newBar(total)
	}
	return p
}

// newBar returns a bar, or where there is no room for one a spinner.
func (p *progress) newBar(total int) *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // else a goroutine draws the bar again after its end
		progressbar.OptionClearOnFinish(),
	}
	if p.narrow() {
		total = -1
	} else {
		options = append(options, progressbar.OptionShowCount())
	}
	return progressbar.NewOptions(total, options...)
}

// resize begins a bar anew where the terminal has another width by now: the one before would
// write, and erase, lines that do not fit.
func (p *progress) resize(total int) {
	if now := newScreen(p.out); now.columns != p.columns {
		p.screen = now
		p.erase()
		p.bar = p.newBar(total)
	}
}

// narrow reports whether the terminal has room for the text alone.
func (p *progress) narrow() bool { return p.columns < barColumns }

// show shows that done of total steps are done; text says more.
func (p *progress) show(done, total int, text string) {
	if p.bar != nil {
		p.resize(total)
		room := p.columns - barRoom(total)
		if p.narrow() {
			room = p.columns - spinnerRoom
		} else if p.bar.GetMax() != total {
			p.bar.ChangeMax(total)
		}
		_ = p.bar.Set(done) // fails only past the total
		p.bar.Describe(fit(plain(text), room))
		return
	}
	if time.Since(p.shown) >= plainEvery {
		p.shown = time.Now()
		fmt.Fprintf(p.out, "%d of %d: %s\n", done, total, text)
	}
}

const (
	// barColumns is how wide a terminal is where a bar has room beside the counts of a list
	// of a million.
	barColumns = 72
	// interrupt is what a terminal shows of Ctrl-C, where the bar has left the cursor.
	interrupt = "^C"
	// spinnerRoom is how many columns are taken where there is no bar.
	spinnerRoom = len("|   ") + len(interrupt)
)

// barRoom returns how many columns a bar and its figures take at least: a line that is
// wider than the terminal cannot be overwritten.
func barRoom(total int) int {
	const around, shortest = len(" 100% || (/) ") + len(interrupt), 4
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

// end takes the bar away, and what the terminal has shown behind it of a key.
func (p *progress) end() {
	if p.bar != nil {
		p.resize(p.bar.GetMax())
		_ = p.bar.Clear()
		p.erase()
	}
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
		text := c.what
		c.resize(-1)
		if c.narrow() {
			text = fmt.Sprintf("%d %s", c.count, c.what)
		}
		c.bar.Describe(text)
		_ = c.bar.Set(c.count)
	}
}
