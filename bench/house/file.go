package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// file is a source file of Go or Lua that is neither a test nor its data.
type file struct {
	dir, name    string
	code         int   // lines with a token
	comments     int   // lines with nothing but a comment
	long         []int // lines of more than [maxLine] characters
	longestLine  int
	functions    []function
	exported     int
	undocumented []string // of the exported names and the constants
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

// measure measures a file by what is left of its lines without comments, and one of Go by its
// syntax too.
func measure(name string, text []byte) (f file, err error) {
	f.dir, f.name = path.Split(name)
	f.dir = path.Clean(f.dir)
	code := slices.Clone(text)
	if f.lua() {
		code = luaComment.ReplaceAll(code, nil)
	} else if err := f.parse(name, code); err != nil {
		return f, err
	}
	rest := bytes.Split(code, []byte("\n"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		width := utf8.RuneCount(line)
		f.longestLine = max(f.longestLine, width)
		if width > maxLine {
			f.long = append(f.long, i+1)
		}
		switch {
		case len(bytes.TrimSpace(rest[i])) > 0:
			f.code++
		case len(bytes.TrimSpace(line)) > 0:
			f.comments++
		}
	}
	return f, nil
}

// luaComment is a line of Lua that is nothing but a comment.
var luaComment = regexp.MustCompile(`(?m)^[ \t]*--.*$`)

// parse takes the functions and exported names of a file of Go, and makes its comments blank.
func (f *file) parse(name string, text []byte) error {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, group := range tree.Comments {
		for i := set.Position(group.Pos()).Offset; i < set.Position(group.End()).Offset; i++ {
			if text[i] != '\n' {
				text[i] = ' '
			}
		}
	}
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			lines := set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1
			f.functions = append(f.functions, function{name: f.path() + " " + d.Name.Name, lines: lines})
			switch {
			case d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "Unwrap"): // package errors says what they do
			case d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type)):
				f.export(d.Doc != nil, d.Name)
			}
		case *ast.GenDecl:
			f.specs(d)
		}
	}
	return nil
}

// specs takes the exported names and the constants of a declaration. A comment on a group
// counts for each of its names, unless they are constants: each of those has a reason of its own.
func (f *file) specs(d *ast.GenDecl) {
	of := d.Doc != nil && (d.Tok != token.CONST || len(d.Specs) == 1)
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			f.export(of || s.Doc != nil || s.Comment != nil, s.Name)
		case *ast.ValueSpec:
			documented := of || s.Doc != nil || s.Comment != nil
			f.export(documented, s.Names...)
			if name := s.Names[0]; d.Tok == token.CONST && !documented && !name.IsExported() {
				f.undocumented = append(f.undocumented, f.path()+" "+name.Name)
			}
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
func receiver(expr ast.Expr) (name string) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && name == "" {
			name = ident.Name // the first, before those of its type parameters
		}
		return true
	})
	return name
}
