package main

import (
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
)

// On a terminal that is made narrower, nothing is left of the bar, and no line is too wide.
func TestProgressOnATerminalThatIsMadeNarrower(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string]uint16{"with room for a bar": barColumns, "with room for the text": fewestColumns} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := openTerminal(t)
			p := newProgress(x.tty, 1_000_000)
			shown := func(text string) func() bool {
				return func() bool {
					p.show(500_000, 1_000_000, text+", 100/s, 2h left, and more than fits in eighty columns beside a bar")
					return strings.Contains(x.text(), text)
				}
			}
			redistest.Eventually(t, 10*time.Second, "the bar is shown", shown("1 revoked"))
			x.narrow(t, columns)
			redistest.Eventually(t, 10*time.Second, "it is shown again", shown("2 revoked"))
			p.end()
			x.fits(t, name)
			if text := strings.TrimSpace(x.settled(t)); strings.Contains(text, "revoked") {
				t.Errorf("left is\n%s", text)
			}
		})
	}
}
