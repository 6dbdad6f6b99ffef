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

// judge returns an error for each limit that is passed.
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

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
