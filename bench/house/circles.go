package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// listed is what `go list -json` says of a package, as far as it is needed: the names of
// the fields are those of go list's own output (see `go help list`).
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	// Module is nil for a package of the standard library, and Main is true for this
	// project's own module alone: bench/river is a module of its own and is not listed.
	Module *struct {
		Path string
		Main bool
	}
}

// generic are the packages of others that have to be read, too. Through them a file of this project
// can need another one that it does not spell: a function that ranges over
// slices.Sorted(maps.Keys(m)), or that compares with cmp.Compare, uses fields and methods of a type
// that is declared elsewhere. Without them the type checker does not know what such an expression
// is, and the need is not seen.
var generic = []string{"cmp", "iter", "maps", "slices", "sync", "sync/atomic"}

// fileCircles returns the largest circle of files of each package of the module at root, by
// the package's folder: each of these files needs each other one, directly or through
// others. A file needs another if it uses a name, a method or a field that is declared
// there.
//
// Nothing is compiled. The packages of this module and those in [generic] are read from
// their source, and all other imports are left unknown: to compile them, or to read them
// too, would take a minute, and a test makes this check at every run.
func fileCircles(root string) (map[string][]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Module", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	// unsafe has no source: go/types provides it.
	set, known := token.NewFileSet(), importer{"unsafe": types.Unsafe}
	circles := make(map[string][]string)
	// With -deps, go list names each package after all that it imports. So the importer
	// already has what a package imports, and one pass over the list is enough.
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return circles, nil
		} else if err != nil {
			return nil, err
		}
		ours := p.Module != nil && p.Module.Main
		if !ours && !slices.Contains(generic, p.ImportPath) {
			continue
		}
		needs, err := p.needs(set, known)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		// A package of the standard library is read for its types alone: nothing is said of
		// its files.
		if ours {
			circles[strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")] = largestCircle(needs)
		}
	}
}

// importer has the packages that were type-checked so far, by their import path. It stands
// in for an importer of go/importer, which would need compiled packages.
type importer map[string]*types.Package

// Import returns a package that is known. An error is usual and stops nothing: for a
// package that is not looked into, the checker reports it and continues, and names of that
// package stay unresolved.
func (i importer) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not looked into", path)
}

// needs returns which files of a package each of them needs, by their names without a
// folder, and makes the package known to the importer for the packages that follow.
func (p listed) needs(set *token.FileSet, known importer) (map[string]map[string]bool, error) {
	var files []*ast.File
	needs := make(map[string]map[string]bool)
	for _, name := range p.GoFiles {
		// Objects are resolved by go/types below; the parser's own resolution is deprecated
		// and would be lost time.
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files, needs[name] = append(files, f), make(map[string]bool)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	// Errors are expected, since most imports are unknown, and none ends the check: without
	// this function the checker would stop at the first one. What it could resolve is in
	// info nevertheless.
	config := types.Config{Importer: known, Error: func(error) {}}
	ours, _ := config.Check(p.ImportPath, set, files, info)
	known[p.ImportPath] = ours
	fileOf := func(pos token.Pos) string { return filepath.Base(set.Position(pos).Filename) }
	// Only names of this package count: a circle of packages is refused by the compiler
	// already.
	for use, object := range info.Uses {
		if object.Pkg() == ours && object.Pos().IsValid() {
			needs[fileOf(use.Pos())][fileOf(object.Pos())] = true
		}
	}
	return needs, nil
}

// largestCircle returns the largest set of files each of which needs each other, in the
// order of their names, or one file where there is no circle. With needs a → b → c → b it
// returns b and c: a needs both, but neither needs a. A package has some dozen files at
// most, so that trying every pair costs nothing.
func largestCircle(needs map[string]map[string]bool) (largest []string) {
	for _, name := range sorted(needs) {
		var circle []string
		// A file is in the circle of name if each reaches the other one.
		reached := reach(needs, name)
		for other := range needs {
			if other == name || reached[other] && reach(needs, other)[name] {
				circle = append(circle, other)
			}
		}
		if len(circle) > len(largest) {
			largest = circle
		}
	}
	slices.Sort(largest)
	return largest
}

// reach returns the files that a file needs, directly or through others. The file itself is
// among them only if it is part of a circle.
func reach(needs map[string]map[string]bool, from string) map[string]bool {
	reached := make(map[string]bool)
	var visit func(string)
	visit = func(name string) {
		for next := range needs[name] {
			if !reached[next] {
				reached[next] = true
				visit(next)
			}
		}
	}
	visit(from)
	return reached
}
