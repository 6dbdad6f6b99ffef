package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestCodeKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	const root = "../.."
	files, err := readFiles(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	circles, err := fileCircles(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := judge(files, circles); err != nil {
		t.Error(err)
	}
}

const goSource = "// Package p is one.\npackage p\n\n/* a\nb */\nvar X = `raw\n\n// not a comment\n` // of its own\n\n" +
	"// of both\nconst (\n\ta = 1\n\tb = 2 // its own\n)\n\n" +
	"// M has a comment.\nfunc (t *T[K]) M() {\n}\n\nfunc (t *T[K]) N() {}\n\nfunc (u u) N() {}\n"

func TestFilesAreMeasuredByTheirTokens(t *testing.T) {
	t.Parallel()
	files, err := readFiles(fstest.MapFS{
		"p/p.go":          {Data: []byte(goSource)},
		"p/p_test.go":     {Data: []byte("not Go")},
		"p/testdata/x.go": {Data: []byte("not Go")},
		"s.lua":           {Data: []byte("-- a comment\nlocal a = '--' -- and another\n\nreturn a\n" + strings.Repeat("-", 130))},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []file{
		{
			dir: "p", name: "p.go", code: 12, comments: 5, longestLine: 21, exported: 3,
			functions:    []function{{"p/p.go M", 2}, {"p/p.go N", 1}, {"p/p.go N", 1}},
			undocumented: []string{"p/p.go a", "p/p.go N"},
		},
		{dir: ".", name: "s.lua", code: 2, comments: 2, long: []int{5}, longestLine: 130},
	}
	if diff := cmp.Diff(want, files, cmp.AllowUnexported(file{}, function{})); diff != "" {
		t.Error(diff)
	}
}

func TestCircleIsOfFilesThatNeedEachOther(t *testing.T) {
	t.Parallel()
	needs := map[string]map[string]bool{
		"a": {"a": true, "b": true}, "b": {"c": true}, "c": {"b": true, "d": true}, "d": {"b": true}, "e": {"a": true},
	}
	if diff := cmp.Diff([]string{"b", "c", "d"}, largestCircle(needs)); diff != "" {
		t.Error(diff)
	}
}

// TestFilesNeedWhatTheyDoNotSpell has a file that reaches a field of another by what iterates
// over it alone.
func TestFilesNeedWhatTheyDoNotSpell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module m\n\ngo 1.26\n",
		"p/held.go": "package p\n\ntype held struct{ n int }\n\nvar total = sum()\n",
		"p/all.go":  "package p\n\nimport \"iter\"\n\nfunc all() iter.Seq[held] { return nil }\n",
		"p/sum.go":  "package p\n\nfunc sum() (n int) {\n\tfor h := range all() {\n\t\tn += h.n\n\t}\n\treturn n\n}\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := fileCircles(dir)
	want := map[string][]string{"p": {"all.go", "held.go", "sum.go"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestLimitsNameWhatPassesThem(t *testing.T) {
	t.Parallel()
	files := []file{{
		dir: "p", name: "p.go", long: []int{3}, functions: []function{{"p/p.go F", 61}, {"p/p.go G", 60}},
		undocumented: []string{"p/p.go N"},
	}}
	const want = `p/p.go:3 has more than 120 characters
p/p.go F has 61 lines, want at most 60
p/p.go N has no comment of its own
p has a circle of 5 files, want at most 4: [a b c d e]`
	got := judge(files, map[string][]string{"p": {"a", "b", "c", "d", "e"}, "q": {"a", "b", "c", "d"}})
	if diff := cmp.Diff(want, got.Error()); diff != "" {
		t.Error(diff)
	}
}
