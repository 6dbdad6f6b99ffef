package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// missing are the programs without which tests are skipped, and what such a test says.
var missing = map[string]string{
	"redis-server": "redis-server",
	"chromium":     "chromium",
}

// event is a line of `go test -json`.
type event struct{ Action, Package, Test, Output string }

type test struct{ of, name string }

// report prints what `go test` without -json would.
type report struct {
	out     io.Writer
	said    map[test]string // by tests that have not ended
	skipped map[string]int  // by the program that they lack
}

// read prints the events of a whole run.
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

func (r *report) take(e event) error {
	key := test{e.Package, e.Test}
	switch {
	case e.Test == "" && e.Action == "fail":
		return r.printUnended(e.Package)
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

// printUnended prints what the tests of a package said that ended with it, as in a panic.
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

func (r *report) countSkipped(said string) {
	for program, word := range missing {
		if strings.Contains(said, word) {
			r.skipped[program]++
		}
	}
}

// tellSkipped tells of each program that tests lack, and nothing where they lack none.
func (r *report) tellSkipped() {
	for _, program := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(r.out, "%d tests were skipped for lack of %s: apt install %[2]s\n", r.skipped[program], program)
	}
}
