package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/iamport/iamporttest"
)

// byUser is what is run of each command by its users of Redis. Those that serve, and the
// doctor, are run by TestRightsOfTheRunbookAreEnough.
var byUser = map[string][]string{
	"enqueue": {"enqueue", "imp_900000000001", "--pg", "kcp"},
	"bulk":    {"bulk", "LIST", "--batch", "list-a", "--yes"},
	"status":  {"status", "imp_000000000001", "--json"}, "outcomes": {"outcomes", "--since", "24h"},
	"batch list": {"batch", "list"}, "batch show": {"batch", "show", "list-a"}, "batch report": {"batch", "report", "list-a", "LIST"},
	"cancel": {"cancel", "imp_900000000001"}, "batch cancel": {"batch", "cancel", "list-a", "--yes"},
	"dead list": {"dead", "list"}, "dead retry": {"dead", "retry", "--reason", "refused"},
	"dead discard": {"dead", "discard", "--reason", "refused", "--yes"}, "dead export": {"dead", "export", "-"},
	"dead settle": {"dead", "settle", "imp_000000000001", "--revoked", "--reason", "seen", "--yes"},
	"queue list":  {"queue", "list", "--window", "0"}, "queue pause": {"queue", "pause", "--all"}, "queue resume": {"queue", "resume", "--all"},
}

var (
	ofTable  = regexp.MustCompile("(?m)^\\| (`[a-z -]+`(?:, `[a-z -]+`)*) \\| (.*`revoker-.*) \\|$")
	inQuotes = regexp.MustCompile("`([a-z -]+)`")
)

// usersOf reads the runbook's table of commands: the users of each.
func usersOf(t *testing.T) map[string][]string {
	t.Helper()
	users := make(map[string][]string)
	runbook, err := os.ReadFile("../../deploy/RUNBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range ofTable.FindAllStringSubmatch(string(runbook), -1) {
		for _, command := range inQuotes.FindAllStringSubmatch(row[1], -1) {
			for _, user := range inQuotes.FindAllStringSubmatch(row[2], -1) {
				users[command[1]] = append(users[command[1]], user[1])
			}
		}
	}
	return users
}

// Each command that the runbook's table gives to a user of Redis may be run as that user, and
// no command is missing there.
func TestCommandsMayBeRunByTheUsersOfTheTable(t *testing.T) {
	t.Parallel()
	users := usersOf(t)
	g := startGuarded(t)
	w := newWorld(t, "", iamporttest.Config{})
	list := write(t, w.list(30))
	for _, name := range leaves((&program{}).root(), "") {
		if slices.Contains([]string{"demo", "simulate", "version", "help", "monitor", "work", "doctor"}, name) {
			continue
		}
		group, _, _ := strings.Cut(name, " ")
		args, known := byUser[name]
		of := append(users[name], users[group]...)
		if !known || len(of) == 0 {
			t.Errorf("%s: give it users in the table of deploy/RUNBOOK.md, and arguments in byUser of this file: %q", name, of)
		}
		for _, user := range of {
			_, stdout, stderr := g.as(w, user).run(t.Context(), replace(args, "LIST", list)...)
			if refused.MatchString(stdout + stderr) {
				t.Errorf("%s may not %s: %s", user, name, stderr)
			}
		}
	}
	for _, denied := range g.denied(t) {
		t.Error(denied)
	}
	if missing := slices.Collect(maps.Keys(users)); len(missing) < 10 {
		t.Errorf("the table has only %q", missing)
	}
}

// leaves returns the commands that have none below them.
func leaves(of *cobra.Command, prefix string) (names []string) {
	for _, cmd := range of.Commands() {
		if name := prefix + cmd.Name(); cmd.HasSubCommands() {
			names = append(names, leaves(cmd, name+" ")...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

func replace(words []string, old, with string) []string {
	words = slices.Clone(words)
	for i, word := range words {
		if word == old {
			words[i] = with
		}
	}
	return words
}
