package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mattn/go-runewidth"
)

// What a list holds beside what is expected is shown, and never more than fits: neither
// on the screen, nor in memory.
func TestDryRunShowsOddListsWithinTheScreen(t *testing.T) {
	t.Parallel()
	var gateways strings.Builder
	gateways.WriteString("imp_uid,pg\n")
	for i := range 2000 {
		fmt.Fprintf(&gateways, "imp_%d,%s%d\n", i, strings.Repeat("가", 30), i)
	}
	for name, test := range map[string]struct{ list, want string }{
		"a column for each gateway's name": {gateways.String(), `\n  others +1980 +1980 +0\n`},
		"names that a terminal would obey": {
			"imp_uid,\"pg\"\nimp_1,\"\x1b[2J\"\n", `\n  not known: "\\x1b\[2J" +1 +1 +0\n`,
		},
		"long values": {
			"imp_uid,pg,apply_num\n" + strings.Repeat("i", 32) + ",k" + strings.Repeat("x", 90) + "," + strings.Repeat("9", 40) + "\n",
			`\n +2  i{32}  "kx+….* 9+…\n`,
		},
		"a long name of a column": {
			"imp_uid,\"PG사\",\"" + strings.Repeat("긴 이름 ", 40) + "\"\nimp_1,kcp,x\n", `\n  imp_uid +column "imp_uid"\n`,
		},
		"nothing that can be used": {"imp_uid\nimp 1\nimp 2\n", `\n  new +0  would be asked for\n(?s:.*)\n  invalid +2\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEmbeddedWorld(t)
			w.stdin = strings.NewReader(test.list)
			_, stdout, stderr := w.run(t.Context(), "bulk", "-", "--dry-run")
			if !regexp.MustCompile(test.want).MatchString(stdout) {
				t.Errorf("got\n%s\n%s\nwant %s", stdout, stderr, test.want)
			}
			for line := range strings.Lines(stdout) {
				if width := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); width > 80 {
					t.Errorf("%d columns: %s", width, line)
				}
			}
		})
	}
}

// A list that cannot be read to its end is not taken for whole.
func TestDryRunOfAListThatBreaksOffFails(t *testing.T) {
	t.Parallel()
	w := newEmbeddedWorld(t)
	w.stdin = io.MultiReader(strings.NewReader(w.list(900)), iotest.ErrReader(errors.New("the disk is broken")))
	code, stdout, stderr := w.run(t.Context(), "bulk", "-", "--dry-run")
	if want := "lines                 900  and more, the list was not read to its end\n"; !strings.Contains(stdout, want) {
		t.Errorf("got\n%s\nwant %s", stdout, want)
	}
	if code != exitFailed || !strings.HasSuffix(stderr, "the disk is broken\n") || strings.Contains(stderr, "Would be") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// What is asked on a terminal is no yes unless a person types it, and a Ctrl-C ends it.
func TestQuestion(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"y\n": true, "Yes \r\n": true, "y": true, "n\n": false, "\n": false, "": false, "yn\n": false} {
		var shown buffer
		p := program{stdin: strings.NewReader(answer), stderr: &shown}
		if got, err := p.askYes(t.Context(), "Do it? "); got != want || err != nil || shown.String() != "Do it? " {
			t.Errorf("%q: got %t, %v after %q, want %t", answer, got, err, shown.String(), want)
		}
	}
	person, hand := io.Pipe()
	defer hand.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := program{stdin: person, stderr: io.Discard}
	if got, err := p.askYes(ctx, "Do it? "); got || err == nil {
		t.Errorf("after a Ctrl-C: got %t, %v", got, err)
	}
}
