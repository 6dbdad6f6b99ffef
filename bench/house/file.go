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

// file is a source file of Go or Lua that is neither a test nor test data, and what was
// measured of it.
type file struct {
	// dir has no slash at its end, and is "." at the root of the module, as the report
	// names packages.
	dir, name   string
	code        int   // lines with a token
	comments    int   // lines with nothing but a comment
	long        []int // lines of more than [maxLine] characters
	longestLine int
	functions   []function
	exported    int
	// undocumented are the exported names and the constants that lack a comment, each with
	// its file, as it is printed.
	undocumented []string
}

func (f file) path() string { return path.Join(f.dir, f.name) }
func (f file) lua() bool    { return path.Ext(f.name) == ".lua" }

// function is a function declaration and how many lines it takes, from func to its closing
// brace. Comments within it count, and its doc comment does not.
type function struct {
	name  string
	lines int
}

// readFiles measures the sources under a directory, and leaves out tests and testdata: the
// limits and the share of comments are about the code that others read and call.
func readFiles(root fs.FS) (all []file, err error) {
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		// Hidden directories are those of git and editors. The root itself is named ".",
		// and must not be skipped.
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

// measure counts the lines of a file: those on which something is left once all comments
// are blanked are code, other lines that are not empty are comments, and empty ones count
// as neither. A line with a trailing comment is therefore code. Of a Go file it takes
// functions and names from its syntax, too.
func measure(name string, text []byte) (f file, err error) {
	f.dir, f.name = path.Split(name)
	f.dir = path.Clean(f.dir)
	// parse blanks comments in place, so that it needs a copy: the lines of text are
	// compared with those of code.
	code := slices.Clone(text)
	if f.lua() {
		code = luaComment.ReplaceAll(code, nil)
	} else if err := f.parse(name, code); err != nil {
		return f, err
	}
	rest := bytes.Split(code, []byte("\n"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		// Characters and not bytes count, since comments hold Korean words: one of these is
		// three bytes in UTF-8.
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

// luaComment is a line of Lua that is nothing but a comment. A comment behind code stays,
// since its line counts as code anyway; block comments, `--[[ … ]]`, are not recognised,
// and no script here has one.
var luaComment = regexp.MustCompile(`(?m)^[ \t]*--.*$`)

// parse takes the functions and the exported names of a Go file, and overwrites its
// comments with blanks. Line ends stay, so that every line keeps its number.
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
			// Error and Unwrap need no comment: the interfaces of package errors say what
			// they do.
			case d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "Unwrap"):
			// Methods of a type that is not exported are left out: go doc shows none of
			// them.
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
// counts for each of its names, unless they are constants: each of those has a value, and
// so a reason, of its own.
func (f *file) specs(d *ast.GenDecl) {
	of := d.Doc != nil && (d.Tok != token.CONST || len(d.Specs) == 1)
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			f.export(of || s.Doc != nil || s.Comment != nil, s.Name)
		case *ast.ValueSpec:
			documented := of || s.Doc != nil || s.Comment != nil
			f.export(documented, s.Names...)
			// Constants that are not exported need a comment as well. Names after the first
			// one share its line, and so its comment.
			if name := s.Names[0]; d.Tok == token.CONST && !documented && !name.IsExported() {
				f.undocumented = append(f.undocumented, f.path()+" "+name.Name)
			}
		}
	}
}

// export counts the exported ones among names, and keeps those that have no comment.
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

// receiver returns the name of a method's type, without the star and the type parameters:
// of the receiver `*cache[K, V]` it is cache.
func receiver(expr ast.Expr) (name string) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && name == "" {
			// Inspect visits from left to right, so that the first name is the type's and
			// the next ones are those of its type parameters.
			name = ident.Name
		}
		return true
	})
	return name
}
