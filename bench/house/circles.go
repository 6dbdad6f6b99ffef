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

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir string
	GoFiles         []string
	Module          *struct {
		Path string
		Main bool
	}
}

// generic are the packages of others through which a name of ours reaches a file that does
// not spell it: what iterates over T, holds T or compares T has fields and methods of T.
var generic = []string{"cmp", "iter", "maps", "slices", "sync", "sync/atomic"}

// fileCircles returns the largest circle of files of each package of the module at root,
// by the package's folder: each of these files needs each other, directly or by others. A
// file needs another if it uses a name, a method or a field that is declared there. All is
// read from its source, and but for [generic] nothing is read that others have written: to
// compile or to read that would take a minute.
func fileCircles(root string) (map[string][]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Module", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	set, known := token.NewFileSet(), importer{"unsafe": types.Unsafe}
	circles := make(map[string][]string)
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; { // what is imported comes before
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
		if ours {
			circles[strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")] = largestCircle(needs)
		}
	}
}

// importer has the packages that are known.
type importer map[string]*types.Package

// Import returns a package that is known.
func (i importer) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not looked into", path)
}

// needs returns which files of a package each of them needs, and makes the package known.
func (p listed) needs(set *token.FileSet, known importer) (map[string]map[string]bool, error) {
	var files []*ast.File
	needs := make(map[string]map[string]bool)
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files, needs[name] = append(files, f), make(map[string]bool)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: known, Error: func(error) {}} // of what is not known
	ours, _ := config.Check(p.ImportPath, set, files, info)
	known[p.ImportPath] = ours
	fileOf := func(pos token.Pos) string { return filepath.Base(set.Position(pos).Filename) }
	for use, object := range info.Uses {
		if object.Pkg() == ours && object.Pos().IsValid() {
			needs[fileOf(use.Pos())][fileOf(object.Pos())] = true
		}
	}
	return needs, nil
}

// largestCircle returns the largest set of files each of which needs each other, in the
// order of their names, or one file where there is no circle.
func largestCircle(needs map[string]map[string]bool) (largest []string) {
	for _, name := range sorted(needs) {
		var circle []string
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

// reach returns what a file needs, directly or by others.
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
