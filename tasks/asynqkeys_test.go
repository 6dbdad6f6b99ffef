package tasks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// private is what Asynq does not promise: its keys and their ends, the fields of its tasks, and
// the texts of its errors and log lines.
var private = regexp.MustCompile(`asynq:(\{|\*|queues|servers|workers)|^t:|pending_since|unique_key|could not decode|` +
	`Retry exhausted|asynq\.ServerInfo|\}:(pending|active|scheduled|retry|archived|completed|paused|lease|t:|unique:)`)

// knows says which packages may know it: the one that others ask, and its tests' own.
func knows(dir string) bool { return strings.HasPrefix(dir, "tasks/asynqkeys") }

// What this project says of a version of Asynq or Asynqmon is what go.mod requires: after an upgrade each place is to be
// compared again.
func TestTextsNameTheVersionsOfGoMod(t *testing.T) {
	t.Parallel()
	required, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`Asynq(mon)?(?:의)? (\d+\.\d+(?:\.\d+)?)`)
	for _, name := range []string{
		"asynqkeys/queue.go", "../cmd/internal/monitor/delete.go", "../README.md", "../README.ko.md",
	} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := said.FindAllStringSubmatch(string(text), -1)
		if found == nil {
			t.Errorf("%s names no version", name)
		}
		for _, f := range found {
			if !strings.Contains(string(required), "github.com/hibiken/asynq"+f[1]+" v"+f[2]) {
				t.Errorf("%s says %q, and go.mod requires another: compare what it says, and name that", name, f[0])
			}
		}
	}
}

// An upgrade of Asynq touches one package, besides what uses Asynq's public API.
func TestOnePackageKnowsWhatAsynqDoesNotPromise(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(path string, file fs.DirEntry, err error) error {
		name, _ := filepath.Rel("..", path)
		if err != nil || file.IsDir() || knows(filepath.Dir(name)) || strings.HasSuffix(name, "_test.go") {
			return err
		}
		var found []string
		switch filepath.Ext(name) {
		case ".go":
			found, err = privateInGo(path)
		case ".lua":
			found, err = privateInLua(path)
		}
		for _, what := range found {
			t.Errorf("%s says %s, which Asynq does not promise; tasks/asynqkeys should", name, what)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// privateInGo returns what is private to Asynq in the texts of a file, and its uses of
// asynqkeys.Key, which is for tests.
func privateInGo(path string) (found []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && private.MatchString(text) {
				found = append(found, n.Value)
			}
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "asynqkeys" && n.Sel.Name == "Key" {
				found = append(found, "asynqkeys.Key")
			}
		}
		return true
	})
	return found, nil
}

// privateInLua returns the lines of a script that say it, comments aside.
func privateInLua(path string) (found []string, err error) {
	text, err := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		code, _, _ := strings.Cut(line, "--")
		if private.MatchString(code) {
			found = append(found, strings.TrimSpace(code))
		}
	}
	return found, err
}
