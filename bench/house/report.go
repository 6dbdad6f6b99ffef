package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// sum adds up the lines of some files. Go and Lua are counted apart: a line of a script
// costs more to read, and to test, than a line of Go.
type sum struct{ files, goCode, luaCode, comments int }

func (s *sum) add(f file) {
	s.files++
	s.comments += f.comments
	if f.lua() {
		s.luaCode += f.code
	} else {
		s.goCode += f.code
	}
}

// density returns the share of comments among the lines that are not empty, in percent,
// rounded down.
func (s *sum) density() int { return 100 * s.comments / max(1, s.comments+s.goCode+s.luaCode) }

// report writes the lines of code by package, and then what is longest. The directory is a
// package's name, so that scripts in Lua count to the package that embeds them.
func report(w io.Writer, files []file) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(s *sum, name string) {
		fmt.Fprintf(table, "%d\t%d\t%d\t%d %%\t  %s\n", s.goCode, s.luaCode, s.files, s.density(), name)
	}
	fmt.Fprintln(table, "Go\tLua\tfiles\tcomments\t  package")
	packages, total := make(map[string]*sum), new(sum)
	for _, f := range files {
		if packages[f.dir] == nil {
			packages[f.dir] = new(sum)
		}
		packages[f.dir].add(f)
		total.add(f)
	}
	for _, dir := range sorted(packages) {
		row(packages[dir], dir)
	}
	row(total, "total")
	if err := table.Flush(); err != nil {
		return err
	}
	return extremes(w, files)
}

// extremes writes what is longest, and which exported names and constants have no comment.
func extremes(w io.Writer, files []file) error {
	var functions []function
	var undocumented []string
	long, exported := 0, 0
	for _, f := range files {
		functions = append(functions, f.functions...)
		undocumented = append(undocumented, f.undocumented...)
		long += len(f.long)
		exported += f.exported
	}
	line := slices.MaxFunc(files, func(a, b file) int { return cmp.Compare(a.longestLine, b.longestLine) })
	// The longest file is the one with most code: a file with more comments is no worse to
	// read.
	biggest := slices.MaxFunc(files, func(a, b file) int { return cmp.Compare(a.code, b.code) })
	longest := slices.MaxFunc(functions, func(a, b function) int { return cmp.Compare(a.lines, b.lines) })
	_, err := fmt.Fprintf(w, `
longest line      %d characters, %s; %d have more than %d
longest function  %d lines, %s
longest file      %d lines of code, %s
exported names    %d; of these and of constants, %d have no comment
`, line.longestLine, line.path(), long, maxLine, longest.lines, longest.name, biggest.code, biggest.path(),
		exported, len(undocumented))
	for _, name := range undocumented {
		_, err = fmt.Fprintf(w, "  %s\n", name)
	}
	return err
}
