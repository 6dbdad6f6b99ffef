package main

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
)

// Help fits a terminal of 80 columns, that of every command.
func TestHelpFitsATerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := program{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		out.Reset()
		args := append(strings.Fields(cmd.CommandPath())[1:], "-h")
		if code := p.run(t.Context(), args); code != exitDone {
			t.Errorf("%v: exit code %d", args, code)
		}
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSuffix(line, "\n"); runewidth.StringWidth(line) > usageWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), runewidth.StringWidth(line), line)
			}
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(p.root())
}
