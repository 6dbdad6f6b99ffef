package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The limits, which `make lint` enforces through `go run ./bench/house check`.
const (
	// maxLine is in characters. A tab counts as one, so that a line may be wider than this
	// on a screen.
	maxLine = 120
	// maxFunction is in lines, comments within the function included: one screen.
	maxFunction = 60
	// maxCircle is in files of one package. Files in a circle can only be read and changed
	// together.
	maxCircle = 4
)

// judge returns an error that lists every limit that is passed, with file and line where
// there is one, or nil. It does not stop at the first, so that one run shows all there is
// to mend.
func judge(files []file, circles map[string][]string) error {
	var problems []error
	complain := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, f := range files {
		for _, line := range f.long {
			complain("%s:%d has more than %d characters", f.path(), line, maxLine)
		}
		for _, function := range f.functions {
			if function.lines > maxFunction {
				complain("%s has %d lines, want at most %d", function.name, function.lines, maxFunction)
			}
		}
		for _, name := range f.undocumented {
			complain("%s has no comment of its own", name)
		}
	}
	for _, dir := range sorted(circles) {
		if n := len(circles[dir]); n > maxCircle {
			complain("%s has a circle of %d files, want at most %d: %s", dir, n, maxCircle, circles[dir])
		}
	}
	return errors.Join(problems...)
}

// sorted returns the keys of a map in order, so that two runs print the same.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
