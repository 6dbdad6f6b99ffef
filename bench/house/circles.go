package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct {
		Path string
		Main bool
	}
}

// fileCircles returns the largest circle of files of each package of the module at root,
// by the package's folder: each of these files needs each other, directly or by others. A
// file needs another if it uses a name, a method or a field that is declared there.
func fileCircles(root string) (map[string][]string, error) {
	packages, err := list(root)
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	set := token.NewFileSet()
	imports := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	circles := make(map[string][]string)
	for _, p := range packages {
		if p.Module == nil || !p.Module.Main {
			continue
		}
		needs, err := p.needs(set, imports)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		circles[strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")] = largestCircle(needs)
	}
	return circles, nil
}

// list returns the packages of the module and all that they import, compiled.
func list(root string) (all []listed, err error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for decoder := json.NewDecoder(out); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, cmd.Wait()
		} else if err != nil {
			return nil, errors.Join(err, cmd.Wait())
		}
		all = append(all, p)
	}
}

// needs returns which files of a package each of them needs.
func (p listed) needs(set *token.FileSet, imports types.Importer) (map[string]map[string]bool, error) {
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: imports}
	ours, err := config.Check(p.ImportPath, set, files, info)
	if err != nil {
		return nil, err
	}
	fileOf := func(pos token.Pos) string { return filepath.Base(set.Position(pos).Filename) }
	needs := make(map[string]map[string]bool)
	for _, name := range p.GoFiles {
		needs[name] = make(map[string]bool)
	}
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
