package outcome_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"receiptrevoker/tasks/outcome"
)

// Every reason is one of terminal outcomes or of retrying ones: by these lists the web site has words for it, batches
// count it, and commands know it.
func TestEveryReasonIsListed(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "outcome.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := append(outcome.TerminalReasons(), outcome.RetryingReasons()...)
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		constant, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, named := constant.Type.(*ast.Ident); named && kind.Name == "Reason" {
			found++
			text, _ := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if !slices.Contains(listed, outcome.Reason(text)) {
				t.Errorf("%s is neither in TerminalReasons nor in RetryingReasons: add it to one", constant.Names[0])
			}
		}
		return true
	})
	if found != len(listed) {
		t.Errorf("found %d constants, and %d reasons are listed", found, len(listed))
	}
}
