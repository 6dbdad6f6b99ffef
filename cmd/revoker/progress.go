package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/outcome"
)

// plainEvery is how often a line is written where there is no terminal.
const plainEvery = 5 * time.Second

// progress shows how far a list has come: a bar on a terminal, a plain line
// now and then where there is none.
type progress struct {
	out           io.Writer
	bar           *progressbar.ProgressBar // nil where there is no terminal
	total         int
	revoked, dead int
	shown         time.Time
	warned        time.Time
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total, shown: time.Now()}
	if config.Terminal(out) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription("revoking"),
			progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("receipts"),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// add counts an outcome.
func (p *progress) add(o outcome.Outcome) {
	if o.Status == outcome.Dead {
		p.dead++
	} else {
		p.revoked++
	}
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%d revoked, %d dead", p.revoked, p.dead))
		_ = p.bar.Add(1) // fails only past the total
		return
	}
	if time.Since(p.shown) >= plainEvery {
		p.shown = time.Now()
		fmt.Fprintf(p.out, "%d of %d: %d revoked, %d dead\n", p.revoked+p.dead, p.total, p.revoked, p.dead)
	}
}

// warn shows an error that the waiting goes on after, at most every 10 s.
func (p *progress) warn(err error) {
	if time.Since(p.warned) < 10*time.Second {
		return
	}
	p.warned = time.Now()
	fmt.Fprintf(p.out, "revoker: still waiting: %v\n", err)
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
