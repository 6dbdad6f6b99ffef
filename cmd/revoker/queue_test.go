package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestPauseAndResumeSayWhetherTheyDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t).URL(), iamporttest.Config{})
	for _, test := range []struct {
		code int
		args string
	}{
		{exitDone, "resume --pg kcp"}, // which is not paused
		{exitDone, "pause --pg kcp --reason " + strings.Repeat("점", 200)},
		{exitDone, "pause receipts-kcp"}, // which is paused
		{exitUsage, "pause --pg kcp --reason " + strings.Repeat("점", 201)},
		{exitUsage, "pause --pg kcp --by \x1b[2J"},
		{exitUsage, "pause --pg kcp --by \xff"},
		{exitUsage, "pause --pg toss"},
		{exitUsage, "pause --pg kcp,"},
		{exitUsage, "pause receipts-kcp receipts-kpc"},
		{exitUsage, "pause acme:receipts-kcp"},
		{exitUsage, "resume --pg toss"},
		{exitUsage, "resume receipts-kpc"},
		{exitUsage, "list --pg toss"},
		{exitUsage, "pause"},
		{exitUsage, "pause --all receipts"},
	} {
		w.expect(t, test.code, append([]string{"queue"}, strings.Split(test.args, " ")...)...)
	}
	if got := w.expect(t, exitDone, "queue", "list", "--window", "0"); strings.Count(got, "person [1]\n") != 2 {
		t.Errorf("paused is not what was asked for:\n%s", got)
	}
}

// until runs revoker with the arguments after the first until its standard
// output matches the first.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(`(?m)` + args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_ = ts.Exec("revoker", args[1:]...) // what is unfinished exits 3
		got := ts.ReadFile("stdout")
		if want.MatchString(got) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%q does not match %s:\n%s", args[1:], args[0], got)
		}
	}
}
