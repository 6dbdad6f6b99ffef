package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// missing are the programs without which tests are skipped: the name of the package to
// install with apt, and a word that the message of such a test has. redistest and the tests
// of the web site choose these messages; a message without the word is not counted.
var missing = map[string]string{
	"redis-server": "redis-server",
	"chromium":     "chromium",
	"libreoffice":  "libreoffice-calc",
}

// event is one line of `go test -json`. The fields are those of test2json that are used
// here; see `go doc cmd/test2json`. Test is empty for an event of the package as a whole.
type event struct{ Action, Package, Test, Output string }

// test names a test: names such as TestMain exist in many packages.
type test struct{ of, name string }

// report prints the events of a run as `go test` without -json prints them: the output of a
// test only if it fails, and of a package always.
type report struct {
	out io.Writer
	// said is the output so far of each test that has not ended. It is printed or dropped
	// at the test's end.
	said    map[test]string
	skipped map[string]int // by the program that they lack
}

// read prints the events of a whole run, until the stream ends. Its error says that an
// event could not be parsed or printed.
func (r *report) read(events io.Reader) error {
	r.said, r.skipped = make(map[test]string), make(map[string]int)
	for decoder := json.NewDecoder(events); ; {
		var e event
		if err := decoder.Decode(&e); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the events of go test: %w", err)
		}
		if err := r.take(e); err != nil {
			return err
		}
	}
}

// take deals with one event. The order of the cases matters: an event without a test is the
// package's.
func (r *report) take(e event) error {
	key := test{e.Package, e.Test}
	switch {
	// A package that fails as a whole, by a panic or a timeout, ends without an event for
	// the tests that were running. What they printed is the reason, and must not be lost.
	case e.Test == "" && e.Action == "fail":
		return r.printUnended(e.Package)
	// go test without -json prints no line PASS for a package that passed, but only its
	// line with ok.
	case e.Test == "" && e.Output != "PASS\n":
		return r.print(e.Output)
	case e.Action == "output":
		r.said[key] += e.Output
	case e.Action == "skip":
		r.countSkipped(r.said[key])
		delete(r.said, key)
	case e.Action == "pass":
		delete(r.said, key)
	case e.Action == "fail":
		said := r.said[key]
		delete(r.said, key)
		return r.print(said)
	}
	return nil
}

// printUnended prints the output of the tests of a package that never ended, because the
// package did, as in a panic.
func (r *report) printUnended(of string) error {
	for key, said := range r.said {
		if key.of != of {
			continue
		}
		delete(r.said, key)
		if err := r.print(said); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) print(text string) error {
	_, err := io.WriteString(r.out, text)
	return err
}

// countSkipped counts a skipped test by the program that its message names. One skipped for
// another reason, such as a mode that was not asked for, counts nowhere.
func (r *report) countSkipped(said string) {
	for program, word := range missing {
		if strings.Contains(said, word) {
			r.skipped[program]++
		}
	}
}

// tellSkipped tells of each program that tests lack, and prints nothing where they lack
// none. The command for apt is that of Debian and Ubuntu, where the package is called as
// the program is.
func (r *report) tellSkipped() {
	for _, program := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(r.out, "%d tests were skipped for lack of %s: apt install %[2]s\n", r.skipped[program], program)
	}
}
