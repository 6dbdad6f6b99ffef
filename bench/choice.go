package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
)

// choice is which parts of a measurement are made: those that are named, or all
// if none is.
type choice []string

func (c choice) has(name string) bool { return len(c) == 0 || slices.Contains(c, name) }

// flag defines a flag that names some of the parts, separated by commas.
func (c *choice) flag(f *flag.FlagSet, name string, parts []string, usage string) {
	f.Func(name, usage+": some of `"+strings.Join(parts, ",")+"` (default all)", func(text string) error {
		*c = nil
		for _, part := range strings.Split(text, ",") {
			if !slices.Contains(parts, part) {
				return fmt.Errorf("%q is not one of %s", part, strings.Join(parts, ", "))
			}
			*c = append(*c, part)
		}
		return nil
	})
}
