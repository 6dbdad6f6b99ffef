package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/sys/unix"

	"receiptrevoker/bench/redistest"
)

// terminal is a pseudo-terminal of 80 columns, or as many as are said, and what a person sees
// on it.
type terminal struct {
	tty     *os.File // for the program
	outside *os.File
	columns int

	mu      sync.Mutex
	lines   [][]rune // a wide letter is followed by a 0
	column  int
	wrapped []string // lines that did not fit
	obeyed  []rune   // control characters, other than those that end a line and begin it anew
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	return openNarrow(t, usualColumns)
}

func openNarrow(t *testing.T, columns uint16) *terminal {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("this machine has no pseudo-terminals: %v", err)
	}
	fd := int(outside.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{outside: outside, columns: int(columns), lines: [][]rune{nil}}
	x.tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		x.read(outside)
	}()
	t.Cleanup(func() {
		_ = x.tty.Close() // which ends the reading
		<-read
		_ = outside.Close()
	})
	return x
}

// narrow makes the terminal narrower, which cuts what does not fit.
func (x *terminal) narrow(t *testing.T, columns uint16) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := unix.IoctlSetWinsize(int(x.outside.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	x.columns = int(columns)
	for i, line := range x.lines {
		x.lines[i] = line[:min(len(line), x.columns)]
	}
	x.column = min(x.column, x.columns)
}

func (x *terminal) read(outside *os.File) {
	var rest []byte
	for chunk := make([]byte, 4096); ; {
		n, err := outside.Read(chunk)
		rest = append(rest, chunk[:n]...)
		whole := strings.ToValidUTF8(string(rest), "\x00") // a letter may come in two parts
		cut := len(rest)
		for cut > 0 && cut > len(rest)-4 && strings.HasSuffix(whole, "\x00") {
			cut--
			whole = strings.ToValidUTF8(string(rest[:cut]), "\x00")
		}
		if !strings.HasSuffix(whole, "\x00") {
			x.show(whole)
			rest = rest[cut:]
		}
		if err != nil {
			return
		}
	}
}

// show does with a text what a terminal does.
func (x *terminal) show(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range text {
		last := len(x.lines) - 1
		width := runewidth.RuneWidth(r)
		switch {
		case r == '\n':
			x.lines, x.column = append(x.lines, nil), 0
		case r == '\r':
			x.column = 0
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			x.obeyed = append(x.obeyed, r)
		case x.column+width > x.columns:
			x.wrapped = append(x.wrapped, string(x.lines[last]))
			x.lines, x.column = append(x.lines, []rune{r}), width
		default:
			for len(x.lines[last]) < x.column+width {
				x.lines[last] = append(x.lines[last], ' ')
			}
			x.lines[last][x.column] = r
			if width == 2 {
				x.lines[last][x.column+1] = 0
			}
			x.column += width
		}
	}
}

// text returns what stands on the terminal.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var text strings.Builder
	for _, line := range x.lines {
		text.WriteString(strings.TrimRight(strings.ReplaceAll(string(line), "\x00", ""), " ") + "\n")
	}
	return text.String()
}

// settled waits until all that was written has been shown.
func (x *terminal) settled(t *testing.T) string {
	t.Helper()
	const end = "· end of the test ·"
	fmt.Fprint(x.tty, "\n"+end)
	redistest.Eventually(t, 10*time.Second, "the terminal has shown everything", func() bool {
		return strings.Contains(x.text(), end)
	})
	text, _, _ := strings.Cut(x.text(), end)
	return text
}

// fits checks that no line was too wide, and that nothing was obeyed.
func (x *terminal) fits(t *testing.T, what string) {
	t.Helper()
	text := x.settled(t)
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.wrapped) > 0 {
		t.Errorf("%s: %d lines do not fit, such as\n%s\nof\n%s", what, len(x.wrapped), x.wrapped[0], text)
	}
	if len(x.obeyed) > 0 {
		t.Errorf("%s: the terminal obeyed %q of\n%s", what, slices.Compact(x.obeyed), text)
	}
}

// on carries a command out on a terminal.
func (w *world) on(ctx context.Context, x *terminal, args ...string) (code int) {
	p := program{
		stdin: w.stdin, stdout: x.tty, stderr: x.tty,
		getenv: func(name string) string { return w.environment[name] },
	}
	return p.run(ctx, args)
}
