package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	luaparse "github.com/yuin/gopher-lua/parse"
)

// file is a source file of Go or Lua that is neither a test nor its data.
type file struct {
	dir, name    string
	code         int // lines with a token
	comments     int // lines with nothing but a comment
	long         int // lines of more than [maxLine] characters
	longestLine  int
	functions    []function
	exported     int
	undocumented []string // of the exported names
}

func (f file) path() string { return path.Join(f.dir, f.name) }
func (f file) lua() bool    { return path.Ext(f.name) == ".lua" }

// function is a function declaration and how many lines it takes.
type function struct {
	name  string
	lines int
}

// readFiles measures the sources under a directory.
func readFiles(root fs.FS) (all []file, err error) {
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (base == "testdata" || base != "." && base[0] == '.'):
			return fs.SkipDir
		case entry.IsDir() || strings.HasSuffix(name, "_test.go") || path.Ext(name) != ".go" && path.Ext(name) != ".lua":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := measure(name, text)
		all = append(all, f)
		return err
	})
	return all, err
}

// measure measures a file by its tokens, and one of Go by its syntax too.
func measure(name string, text []byte) (f file, err error) {
	f.dir, f.name = path.Split(name)
	f.dir = path.Clean(f.dir)
	tokens := goTokens
	if f.lua() {
		tokens = luaTokens
	}
	code, err := tokens(name, text)
	if err != nil {
		return f, err
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		width := utf8.RuneCount(line)
		f.longestLine = max(f.longestLine, width)
		if width > maxLine {
			f.long++
		}
		switch blank := len(bytes.TrimSpace(line)) == 0; {
		case blank:
		case code[i+1]:
			f.code++
		default:
			f.comments++
		}
	}
	if f.lua() {
		return f, nil
	}
	return f, f.parse(name, text)
}

// goTokens returns the lines with a token, counted from 1.
func goTokens(name string, text []byte) (lines map[int]bool, err error) {
	lines = make(map[int]bool)
	set := token.NewFileSet()
	at := set.AddFile(name, -1, len(text))
	var s scanner.Scanner
	s.Init(at, text, func(pos token.Position, msg string) { err = fmt.Errorf("%s: %s", pos, msg) }, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return lines, err
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue // the scanner's own, at the end of a line
		}
		for i := range 1 + strings.Count(literal, "\n") {
			lines[at.Line(pos)+i] = true
		}
	}
}

// luaTokens is goTokens for Lua.
func luaTokens(name string, text []byte) (map[int]bool, error) {
	lines := make(map[int]bool)
	s := luaparse.NewScanner(bytes.NewReader(text), name)
	for {
		tok, err := s.Scan(new(luaparse.Lexer))
		if err != nil || tok.Type == luaparse.EOF {
			return lines, err
		}
		lines[tok.Pos.Line] = true
	}
}

// parse takes the functions and exported names of a file of Go.
func (f *file) parse(name string, text []byte) error {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			lines := set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1
			f.functions = append(f.functions, function{name: f.path() + " " + d.Name.Name, lines: lines})
			if d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type)) {
				f.export(d.Doc != nil, d.Name)
			}
		case *ast.GenDecl:
			f.specs(d)
		}
	}
	return nil
}

// specs takes the exported names of a declaration. A comment on a group counts for each
// of its names.
func (f *file) specs(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			f.export(d.Doc != nil || s.Doc != nil || s.Comment != nil, s.Name)
		case *ast.ValueSpec:
			f.export(d.Doc != nil || s.Doc != nil || s.Comment != nil, s.Names...)
		}
	}
}

func (f *file) export(documented bool, names ...*ast.Ident) {
	for _, name := range names {
		if !name.IsExported() {
			continue
		}
		f.exported++
		if !documented {
			f.undocumented = append(f.undocumented, f.path()+" "+name.Name)
		}
	}
}

// receiver returns the name of a method's type.
func receiver(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
