package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The limits.
const (
	maxLine     = 120 // characters, a tab counts as one
	maxFunction = 60  // lines
	maxCircle   = 4   // files
)

// exception is what a package may come to that passes a limit today: its largest circle
// of files, and how many of its lines are too long.
type exception struct{ circle, long int }

// judge returns an error for each limit that is passed and for each exception that is
// larger than needed: exceptions only shrink.
func judge(files []file, circles map[string][]string, allowed map[string]exception) error {
	var problems []error
	complain := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	long := make(map[string]int)
	for _, f := range files {
		long[f.dir] += f.long
		for _, function := range f.functions {
			if function.lines > maxFunction {
				complain("%s has %d lines, want at most %d", function.name, function.lines, maxFunction)
			}
		}
	}
	for _, dir := range sorted(long) {
		if n := long[dir]; n > allowed[dir].long {
			complain("%s has %d lines of more than %d characters, want at most %d", dir, n, maxLine, allowed[dir].long)
		}
		if n := len(circles[dir]); n > max(maxCircle, allowed[dir].circle) {
			complain("%s has a circle of %d files, want at most %d: %s",
				dir, n, max(maxCircle, allowed[dir].circle), circles[dir])
		}
	}
	for _, dir := range sorted(allowed) {
		needed := exception{long: long[dir]}
		if n := len(circles[dir]); n > maxCircle {
			needed.circle = n
		}
		if a := allowed[dir]; needed.circle < a.circle || needed.long < a.long {
			complain("the exception of %s is %+v: lower it to %+v", dir, a, needed)
		}
	}
	return errors.Join(problems...)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
